"""Our pages: generated parts are current, examples work, links lead somewhere."""

import configparser
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import SecretStr

from bridge.sources.alertmanager import parse
from incident.model.alert import incident_id
from incident.model.messages import MESSAGES
from incident.model.playbook import Playbook
from integrations.reach import Lacking, Reach, all_ways
from integrations.settings import ChatSettings, MailSettings, PagerSettings
from oncall.schedule import Schedule
from runbook.catalog import identity_labels_of
from tests.house.regenerate import BLOCKS, EXAMPLES, INCIDENT, README, fields, regenerated
from tests.house.sources import ROOT, blocks, pages, tracked, typed
from tests.house.test_catalogue import unsound
from worker.settings import PREFIX, Settings
from workflows.reading import SIGNALS, read_alert, read_message

DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
MOST_LINES = 45
REACH = Reach(
    PagerSettings(),
    ChatSettings(webhook_url=SecretStr("https://hooks.example.org/x"), bot_token=SecretStr("x"), channel="C0123456789"),
    MailSettings(host="mail.example.org", sender="incidents@example.org"),
)
"""Enough for every channel to be there."""


def test_the_generated_parts_of_the_readme_are_current() -> None:
    """Diagram, signals, lines and settings are what the code says: `python -m tests.house.regenerate` mends it."""
    assert regenerated(README.read_text()) == README.read_text()


def test_the_readme_has_every_generated_part() -> None:
    """A mark that was lost with its text would leave nothing to compare."""
    marks = set(re.findall(r"<!-- /(\w+) -->", README.read_text()))
    assert marks == set(BLOCKS)


def test_the_signals_table_lists_every_signal() -> None:
    """Every message people may send, and `alert`; nothing else."""
    table = README.read_text().split("<!-- signals -->")[1].split("<!-- /signals -->")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [*MESSAGES, "alert"]
    assert set(EXAMPLES) == set(SIGNALS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_understood(name: str) -> None:
    """What the table says to put into the Web UI's form is a payload of that signal."""
    given = [EXAMPLES[name]]
    understood = read_alert(given, "AppDBDown") if name == "alert" else read_message(name, given)
    assert understood


def test_every_setting_says_what_it_is_for() -> None:
    """Whoever sets it up reads the table, not the code."""
    assert [name for name, field in fields(Settings, PREFIX) if not field.description] == []


def settings_named(text: str) -> set[str]:
    return set(re.findall(r"\bINCIDENTS_[A-Z_]+[A-Z]", text))


def test_every_setting_our_pages_name_exists() -> None:
    """INCIDENTS_PYTHON belongs to make; all others to the settings model."""
    known = {name for name, _ in fields(Settings, PREFIX)} | {"INCIDENTS_PYTHON"}
    named = {name.removesuffix("_FILE") for page in pages() for name in settings_named(page.read_text())}
    groups = {name for name in named if any(k.startswith(f"{name}__") for k in known)}
    assert named - known - groups == set()


def links() -> Iterator[tuple[Path, str]]:
    for page in pages():
        yield from ((page, link) for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_links_lead_somewhere() -> None:
    """Every relative link is a file of ours, every anchor a heading in it."""
    lost = []
    for page, link in links():
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            lost.append(f"{page.name}: {link}")
    assert lost == []


def test_files_our_pages_name_exist() -> None:
    """A path in code quotes, with a folder of ours before it."""
    rooms = "|".join({path.relative_to(ROOT).parts[0] for path in tracked("*/*")})
    named = {found for page in pages() for found in re.findall(rf"`((?:{rooms})/[\w/.-]+)`", page.read_text())}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_decisions_have_a_number_each() -> None:
    """0001, 0002, …, none twice; the heading has the same number."""
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)
    assert [path.read_text().split(".", 1)[0] for path in DECISIONS] == [f"# {int(n)}" for n in numbers]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_one_page_with_four_parts(page: Path) -> None:
    """Context, decision, consequences, how it was checked."""
    parts = re.findall(r"^\*\*(.+?)\.\*\*", page.read_text(), re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "How it was checked"]
    assert len(page.read_text().splitlines()) <= MOST_LINES


def example(path: str) -> dict[str, Any]:
    """The names an example file of the README would define."""
    (code,) = [block for block in blocks("python") if block.startswith(f"# {path}\n")]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, path, "exec"), names)
    return names


def test_the_example_alert_would_be_found_and_sound() -> None:
    """It is named as its alert, and passes the test every entry passes."""
    playbook: Playbook = example("runbook/alerts/RDSStorageCritical.py")["PLAYBOOK"]
    assert (playbook.alert, list(unsound(playbook))) == ("RDSStorageCritical", [])


def test_the_other_examples_offer_what_their_kind_must() -> None:
    """A check checks, a lever plans and applies, a source parses."""
    source = example("bridge/sources/plain.py")
    assert callable(example("activities/checks/login_page.py")["check"])
    assert {"plan", "apply"} <= example("activities/levers/clear_cache.py").keys()
    assert [a.name for a in source["parse"](b"DiskFull firing\nCpuHot resolved\n").alerts] == ["DiskFull", "CpuHot"]


def test_the_posted_example_opens_the_incident_our_lines_speak_of() -> None:
    """curl's body is a notification, and its alert's incident is the one in every other line."""
    (line,) = typed("curl")
    (alert,) = parse(line[line.index("--json") + 1].encode()).alerts
    assert incident_id(alert.name, alert.labels, identity_labels_of(alert.name)) == INCIDENT


def alertmanager_examples() -> list[str]:
    return [block for block in blocks("yaml") if "receivers:" in block]


def test_the_receiver_posts_to_the_bridge() -> None:
    """The example's address is the bridge's default, and its path a source of ours."""
    (text,) = alertmanager_examples()
    (hook,) = yaml.safe_load(text)["receivers"][0]["webhook_configs"]
    assert hook["url"] == f"http://127.0.0.1:{Settings().bridge.port}/alertmanager"


def test_alertmanager_accepts_the_receiver(tmp_path: Path) -> None:
    """Its own checker finds nothing wrong."""
    tool = shutil.which("amtool")
    if tool is None:
        pytest.skip("no amtool on this machine (Debian: apt-get install prometheus-alertmanager)")
    (tmp_path / "alertmanager.yml").write_text(alertmanager_examples()[0])
    answer = subprocess.run(
        [tool, "check-config", tmp_path / "alertmanager.yml"], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_the_tuning_in_our_pages_is_the_deployed_one() -> None:
    """Whoever brings a Temporal of his own copies what the compose topology runs with."""
    (tuning,) = [yaml.safe_load(block) for block in blocks("yaml") if "PollRPS" in block]
    assert tuning == yaml.safe_load((ROOT / "deploy/dynamic-config.yaml").read_text())


def units() -> list[configparser.ConfigParser]:
    found = []
    for block in (b for b in blocks("ini") if b.startswith("[Unit]")):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.read_string(block)
        found.append(unit)
    return found


def test_the_units_start_what_there_is() -> None:
    """Engine, worker and bridge, each by a command that exists."""
    started = [unit["Service"]["ExecStart"].removeprefix("/opt/incidents/bin/") for unit in units()]
    assert started == ["incidents engine", "incidents worker", "incidents bridge"]


def test_json_in_our_pages_is_json() -> None:
    """INCIDENTS_APPS is easily mistyped: what we show can be read by the model."""
    texts = [page.read_text() for page in pages()]
    shown = [json.loads(found) for text in texts for found in re.findall(r"INCIDENTS_APPS='?(\[.+\])'?$", text, re.M)]
    assert shown
    assert all(Settings(apps=apps).apps for apps in shown)


def on_call_channels() -> list[str]:
    """First column of the table in docs/on-call.md that says what each channel guarantees."""
    table = (ROOT / "docs/on-call.md").read_text().split("| channel | its receipt |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_whoever_is_on_call_reads_of_every_channel_there_is() -> None:
    """And of no other: a new pager needs its row."""
    assert sorted(on_call_channels()) == sorted(all_ways())


@pytest.mark.parametrize("channel", on_call_channels())
def test_a_channel_that_cannot_be_asked_says_that_it_may_repeat(channel: str) -> None:
    """What the table promises about repeats is what the pager knows of itself."""
    (row,) = re.findall(rf"^\| `{channel}` \|.*\| (.+?) \|$", (ROOT / "docs/on-call.md").read_text(), re.MULTILINE)
    pager = all_ways()[channel](REACH, httpx.AsyncClient())
    assert not isinstance(pager, Lacking)
    assert row.startswith("no:") is pager.remembers


def test_people_of_our_pages_can_be_read() -> None:
    """What we show of `incidents.toml` is taken as it stands."""
    shown = [tomllib.loads(block) for block in blocks("toml") if "[oncall." in block]
    assert shown
    assert [Schedule.model_validate(block["oncall"]) for block in shown]


def test_every_row_of_a_table_is_one_line() -> None:
    """Markdown ends a table where a row is broken."""
    broken = [
        line for page in pages() for line in page.read_text().splitlines() if line.startswith("| `") and line[-1] != "|"
    ]
    assert broken == []
