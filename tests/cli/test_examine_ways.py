"""The doctor on the ways to reach people: what is counted on must be usable here."""

from typing import Any

import httpx
import pytest

from cli.doctor import Verdict
from cli.examine_ways import examine_ways
from worker.settings import Settings

NTFY = {"pager": {"ntfy_url": "https://ntfy.example.org/oncall"}}


def looked(**settings: Any) -> tuple[Verdict, str]:
    line = examine_ways(Settings(**settings), httpx.AsyncClient())
    return line.verdict, line.seen


def contact(channel: str, to: str = "hush") -> dict[str, Any]:
    return {"oncall": {"people": {"ana": {"contacts": [{"channel": channel, "to": to}]}}}}


def test_without_any_way_nobody_can_be_reached() -> None:
    """The first thing to mend."""
    assert looked() == (Verdict.BAD, "nobody can be reached")


def test_the_teams_topic_is_enough() -> None:
    """A start."""
    assert looked(**NTFY) == (Verdict.OK, "by ntfy (no message was sent)")


def test_a_persons_own_way_is_enough() -> None:
    """PagerDuty by their own service, without one of the team's."""
    assert looked(**contact("pagerduty")) == (Verdict.OK, "by pagerduty (no message was sent)")


@pytest.mark.parametrize(
    ("channel", "said"),
    [("mail", "mail lacks INCIDENTS_MAIL__HOST"), ("slack", "slack lacks INCIDENTS_CHAT__BOT_TOKEN")],
)
def test_a_contact_that_cannot_be_used_names_the_setting(channel: str, said: str) -> None:
    """Better now than at 3 a.m."""
    assert looked(**NTFY, **contact(channel)) == (Verdict.BAD, said)


def test_a_channel_nobody_knows_is_named() -> None:
    """A slip of the pen."""
    verdict, said = looked(**NTFY, **contact("pidgeon"))

    assert verdict is Verdict.BAD
    assert said == "pidgeon is none of apprise, chat, mail, ntfy, pagerduty, slack"


def test_addresses_are_never_told() -> None:
    """They are secrets."""
    assert "hush" not in str(looked(**NTFY, **contact("mail")))
