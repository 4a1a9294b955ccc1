"""`incidents oncall`, and doctor's line about it: settings only, so no engine is needed."""

import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.doctor import Verdict
from cli.examine_oncall import UNSET, examine_oncall
from cli.main import run
from cli.oncall import ALL, DOMAINS, NOTHING
from oncall.problems import problems
from oncall.schedule import Schedule
from tests.cli.conftest import Said
from tests.house.sources import blocks

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
PLAN = """
[oncall.people.ana]
name = "Ana Lima"
contacts = [{ channel = "sms", to = "4711" }]
[oncall.people.bo]
[oncall.rotations.default]
members = ["ana", "bo"]
starts = 2026-01-05
zone = "Europe/Berlin"
"""
REACHABLE = PLAN.replace("[oncall.people.bo]", "[oncall.people.bo]\ncontacts = [{ channel = 'ntfy' }]")
AT = ("--at", "2026-06-16T12:00")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are typed: no environment of ours, and whatever `incidents.toml` a test writes."""
    for name in [n for n in os.environ if n.startswith("INCIDENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str) -> Schedule:
    return Schedule.model_validate(tomllib.loads(text)["oncall"])


def says(capsys: pytest.CaptureFixture[str], folder: Path, plan: str, *arguments: str) -> Said:
    (folder / "incidents.toml").write_text(plan)
    code = run(["oncall", *arguments])
    printed = capsys.readouterr()
    return Said(code, printed.out, printed.err)


def test_it_tells_who_until_when_why_and_who_is_next(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In UTC, and on the rotation's own clock."""
    said = says(capsys, folder, PLAN, "--domain", "database", *AT)
    assert (said.code, said.err) == (0, "")
    assert [line.strip() for line in said.out.splitlines()[:3]] == [
        "database      bo until Mon 2026-06-22 07:00 UTC (09:00 Europe/Berlin)",
        "why: layer 1 of 1, shift 24 of rotation default",
        "next: ana (Ana Lima) until Mon 2026-06-29 07:00 UTC (09:00 Europe/Berlin)",
    ]


def test_it_tells_whom_an_unacknowledged_incident_is_carried_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rung by rung, with the people on it; addresses are masked."""
    plan = PLAN + '[oncall.owners]\ndatabase = ["ana"]\n'
    said = says(capsys, folder, plan, "--domain", "database", *AT)
    assert said.out.splitlines()[3:7] == [
        "SEV-1",
        "  1. on-call, 5 min: bo by ntfy, chat",
        "  2. on-call and owner, 1 h each, 4 times: bo by ntfy, chat; ana by sms 4…",
        "  3. everyone, 1 h each, until somebody acknowledges: ana by sms 4…; bo by ntfy, chat",
    ]
    assert "4711" not in said.out


def test_every_owned_domain_is_told_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The runbook's five, with the shape of `oncall --json`; nobody's channels."""
    said = says(capsys, folder, PLAN, "--json", *AT)
    rows = json.loads(said.out)
    assert [row["domain"] for row in rows] == DOMAINS == ["backups", "database", "edge", "ledger", "provisioning"]
    assert rows[0].keys() == {
        *("domain", "person", "name", "since", "until", "zone", "why", "layer", "source", "shift", "override", "next")
    }
    assert (rows[0]["person"], rows[0]["next"]["name"], "4711" in said.out) == ("bo", "Ana Lima", False)


def test_a_domain_without_anybody_is_a_no(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and what is wrong with the plan, all together."""
    said = says(capsys, folder, PLAN.replace("default", "databse"), "--domain", "database", *AT)
    assert (said.code, "why: no rotation is set for database" in said.out) == (1, True)
    assert "! rotation databse is used by no layer and is no domain\n  → name it in a layer" in said.err
    assert said.err.endswith("nobody is on call for database\n")


def test_nothing_set_is_a_no_with_an_example(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which is sound itself."""
    said = says(capsys, folder, "", *AT)
    example = written(NOTHING.partition("\n\n")[2])
    assert (said.code, said.out, said.err.strip()) == (1, "", NOTHING.strip())
    assert (example.is_set, problems(example, ALL)) == (True, [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--at", "soon"),  # no time
        ("--at", "0001-01-01"),  # no time anybody plans with
        ("--domain", "kitchen"),  # no domain
        ("database",),  # an argument where an option is meant
    ],
)
def test_a_mistyped_question_is_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Exit code 2."""
    assert says(capsys, folder, PLAN, *arguments).code == 2


def test_it_may_be_set_by_the_environment(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON, whole."""
    told = {"people": {"kim": {}}, "rotations": {"edge": {"members": ["kim"], "starts": "2026-01-05"}}}
    monkeypatch.setenv("INCIDENTS_ONCALL", json.dumps(told))
    said = says(capsys, folder, "", "--domain", "edge", *AT)
    assert (said.code, said.out.split()[:4]) == (0, ["edge", "kim", "for", "the"])


def test_the_example_of_the_readme_is_a_sound_plan() -> None:
    """Somebody for every domain, for the two weeks doctor looks at; an override and a holiday in it."""
    (text,) = [block for block in blocks("toml") if "[[oncall.layers." in block]
    plan = written(text)
    line = examine_oncall(plan, NOW)
    assert (line.verdict, bool(plan.layers and plan.overrides and plan.holidays)) == (Verdict.UNKNOWN, True), line.seen


@pytest.mark.parametrize(
    ("plan", "verdict", "seen"),
    [
        ("[oncall]", Verdict.OK, UNSET),  # nothing needs one yet
        (REACHABLE, Verdict.OK, "every domain has somebody for the next 14 days"),
        (PLAN, Verdict.UNKNOWN, "without a contact of their own: bo"),
        (PLAN.replace("default", "edge"), Verdict.BAD, "backups: nobody for the next 14 days; database: nobody"),
        (PLAN.replace('"bo"]', '"bob"]'), Verdict.BAD, "rotation default names bob, whom nobody knows"),
        (
            PLAN + "[[oncall.layers.edge]]\nrotation = 'default'\nfrom = 08:00:00\nuntil = 20:00:00\n",
            Verdict.BAD,
            (
                "edge: nobody from Tue 2026-06-16 18:00 UTC (20:00 Europe/Berlin) "
                "to Wed 2026-06-17 06:00 UTC (08:00 Europe/Berlin) and 13 more"
            ),
        ),
    ],
)
def test_doctor_tells_gaps_and_problems(plan: str, verdict: Verdict, seen: str) -> None:
    """Of the next 14 days."""
    line = examine_oncall(written(plan), NOW)
    assert (line.verdict, seen in line.seen, bool(line.do)) == (verdict, True, verdict is not Verdict.OK)
