"""The words people read: instants, durations, commands (design §5)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from incident.model.incident import Incident
from incident.model.severity import Severity
from incident.policy import texts
from tests.policy.story import NOON, finding, shop_alert


def incident(workflow_id: str) -> Incident:
    return Incident(id=workflow_id, opened_at=NOON, alert=shop_alert(), severity=Severity.SEV1)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 6, 16, 3, 28, 5, tzinfo=UTC), "03:28:05 UTC"),
        (datetime(2026, 6, 16, 5, 28, 5, tzinfo=timezone(timedelta(hours=2))), "03:28:05 UTC"),  # another zone's clock
        (datetime(2026, 6, 16, 0, 0, tzinfo=timezone(timedelta(hours=2))), "22:00:00 UTC"),  # the day before, in UTC
    ],
)
def test_everybody_on_a_call_reads_the_same_clock(instant, expected):
    """Timeline (UTC) (runbook §8)."""
    assert texts.clock(instant) == expected


def test_what_is_days_away_has_its_date():
    """Within 5 business days needs a weekday (runbook §2.4)."""
    assert texts.day_clock(datetime(2026, 7, 1, 3, 28, tzinfo=UTC)) == "Wed 2026-07-01 03:28 UTC"


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=2500), "2.5 s"),  # a drill's durations are short
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(minutes=90), "1.5 h"),
        (timedelta(hours=33), "33 h"),  # the 33 hours of 2026-06-16 (runbook §3.2)
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_a_duration_is_told_in_its_largest_fitting_unit(duration, expected):
    """People compare `5 min` with the runbook's 5 minutes (runbook §2)."""
    assert texts.words(duration) == expected


@pytest.mark.parametrize(
    ("workflow_id", "expected"),
    [
        ("incident-ShopDown-app.shop", "SEV-1 ShopDown app.shop"),
        ("incident-ShopDown", "SEV-1 ShopDown"),  # no scope
        ("incident-drill", "SEV-1 ShopDown incident-drill"),  # an id a person made up
    ],
)
def test_a_headline_says_which_incident_in_one_breath(workflow_id, expected):
    """A page's title begins with severity and alert name (design §5)."""
    assert texts.headline(incident(workflow_id)) == expected


def test_a_command_can_be_pasted_into_a_shell():
    """People steer it with what they already have (design §1)."""
    assert texts.command(incident("incident-X"), "note", text="it's down", by="ana") == (
        "temporal workflow signal -w incident-X --name note "
        """--input '{"text": "it'"'"'s down", "by": "ana"}'"""
    )


def test_a_command_without_payload_has_no_input():
    """`ack` needs nothing (design §5)."""
    assert texts.command(incident("incident-X"), "ack") == "temporal workflow signal -w incident-X --name ack"


def test_an_id_that_a_shell_would_split_is_quoted():
    """A hand-made id may hold anything (design §5)."""
    assert "-w 'incident a;b'" in texts.command(incident("incident a;b"), "ack")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [("ok", "✓ probe: probe ok"), ("bad", "✗ probe: probe bad"), ("unknown", "? probe: probe unknown")],
)
def test_a_finding_is_one_line_with_its_mark(seen, expected):
    """Unknown has a mark of its own: it is never ok (runbook §2.3)."""
    assert texts.finding_line(finding("probe", seen, NOON)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n  b", "a b"),  # one line
        ("abcdefghij", "abcdefghij"),  # exactly as long as allowed
        ("abcdefghijk", "abcdefghi…"),  # one character more
    ],
)
def test_a_short_text_is_one_line_of_at_most_so_many_characters(text, expected):
    """Summaries in the Web UI are short (temporal-guide §2)."""
    assert texts.short(text, limit=10) == expected
