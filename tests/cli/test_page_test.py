"""`incidents doctor --page-test NAME`: every way is really tried, and what came of each is shown."""

import os
from pathlib import Path

import pytest

from cli.doctor import Verdict
from cli.main import run
from cli.page_test import try_ways
from integrations.errors import Refused
from integrations.ports import Channels, Receipt
from oncall.schedule import Schedule
from tests.fakes import FakePager

PEOPLE = Schedule.model_validate(
    {
        "people": {
            "ana": {
                "contacts": [
                    {"channel": "ntfy", "to": "topic-of-ana", "severities": ["SEV-1"]},
                    {"channel": "mail", "to": "ana@example.org"},
                    {"channel": "pigeon", "to": "loft-4711"},
                ]
            },
            "bo": {},
        }
    }
)


async def test_each_contact_is_tried_whatever_its_severities_and_hours() -> None:
    """One that is never used until the night of a SEV-1 is the one to test."""
    ntfy, mail = FakePager(), FakePager(fails=lambda _: Refused("550 no such user"))
    lines = await try_ways(Channels(pagers={"ntfy": ntfy, "mail": mail}), PEOPLE, "ana", "http://ui")

    assert [(line.what, line.verdict) for line in lines] == [
        ("ntfy t…na", Verdict.OK),
        ("mail a…rg", Verdict.BAD),
        ("pigeon l…11", Verdict.BAD),
    ]
    assert (ntfy.sent[0].to, lines[1].seen) == ("topic-of-ana", "refused: 550 no such user")


async def test_who_has_no_contact_is_tested_by_the_team_s_channels() -> None:
    """As a page would reach them."""
    lines = await try_ways(Channels(pagers={"ntfy": FakePager(), "chat": FakePager()}), PEOPLE, "bo", "http://ui")

    assert [(line.what, line.verdict) for line in lines] == [("ntfy", Verdict.OK), ("chat", Verdict.OK)]


async def test_the_page_says_that_nothing_is_wrong() -> None:
    """Whoever it wakes goes back to sleep."""
    pager = FakePager()
    await try_ways(Channels(pagers={"ntfy": pager}), PEOPLE, "bo", "http://ui")

    assert ("TEST" in pager.pages[0].title, "Nothing is wrong" in pager.pages[0].text) == (True, True)


async def test_a_provider_that_keeps_incidents_has_one_open_now() -> None:
    """Nobody resolves it but whoever runs the test."""

    class Keeper(FakePager):
        async def acknowledged(self, alarm: str, *, to: str) -> Receipt:
            raise AssertionError

        async def resolved(self, alarm: str, *, to: str) -> Receipt:
            raise AssertionError

    (line,) = await try_ways(Channels(pagers={"ntfy": Keeper()}, team=("ntfy",)), PEOPLE, "bo", "http://ui")
    assert (line.verdict, line.seen.endswith("open there until somebody resolves it there")) == (Verdict.OK, True)


def test_who_is_nobody_is_a_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and who there is."""
    for name in [n for n in os.environ if n.startswith("INCIDENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incidents.toml").write_text("[oncall.people.ana]\n")

    assert run(["doctor", "--page-test", "zoe"]) == 1
    assert "there is no zoe in [oncall.people]; there is ana" in capsys.readouterr().err
