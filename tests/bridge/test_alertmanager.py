"""Alertmanager's webhook, read: bodies a real one wrote, and whatever else may arrive."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.source import NotThisVendor
from bridge.sources.alertmanager import parse
from incident.model.alert import AlertStatus, incident_id
from tests.bridge.conftest import PAYLOADS, alert, body, recorded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
ALERTISH = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved", "other", None]) | JSON,
        "labels": st.dictionaries(st.sampled_from(["alertname", "instance", "severity"]) | st.text(), st.text() | JSON),
        "annotations": JSON,
        "startsAt": st.text(max_size=30) | st.datetimes().map(datetime.isoformat) | st.floats() | JSON,
        "endsAt": JSON,
        "generatorURL": JSON,
        "fingerprint": JSON,
    },
)


def one(**fields: Any) -> bytes:
    return json.dumps(body(alert("A") | fields)).encode()


def read_or_refuse(content: bytes) -> None:
    """Anything but NotThisVendor escapes from here."""
    with suppress(NotThisVendor):
        parse(content)


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.json")))
def test_everything_a_real_alertmanager_wrote_is_understood(name: str) -> None:
    """Not one alert of a recorded body is refused."""
    assert parse(recorded(name)).refused == ()


def test_a_recorded_alert_keeps_what_responders_read() -> None:
    """Name, labels, texts, link, instants in UTC; Alertmanager's zero end is no end."""
    (told,) = parse(recorded("firing")).alerts
    assert told.name == "AppDBDown"
    assert told.labels["instance"] == "https://app.tlsstress.art/api/ready"
    assert told.summary == "app.tlsstress.art cannot reach its database"
    assert told.runbook_url == "https://runbooks.tlsstress.art/RUNBOOK#61-db-unreachable"
    assert told.starts_at is not None
    assert told.starts_at.tzinfo is UTC
    assert told.ends_at is None


def test_a_repeat_has_the_key_of_what_it_repeats() -> None:
    """So an incident recognises it."""
    (first,), (again,) = parse(recorded("firing")).alerts, parse(recorded("repeat")).alerts
    assert again.dedup_key == first.dedup_key


def test_a_cleared_alert_has_the_subject_of_the_one_that_fired() -> None:
    """So an incident knows what cleared."""
    (fired,), (cleared,) = parse(recorded("firing")).alerts, parse(recorded("resolved")).alerts
    assert (cleared.status, cleared.subject) == (AlertStatus.RESOLVED, fired.subject)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"alerts=1", "not JSON", id="a form"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="bytes"),
        pytest.param(b"[" * 200_000, "not JSON", id="nested beyond reason"),
        pytest.param(b'{"alerts": ["\\ud800"]}', "not JSON", id="half a surrogate pair"),
        pytest.param(b"[]", "no list", id="a list"),
        pytest.param(b'{"alerts": {}}', "no list", id="alerts is no list"),
        pytest.param(b'{"alerts": []}', "empty", id="no alerts"),
    ],
)  # fmt: skip
def test_what_is_no_notification_is_refused_with_the_reason(content: bytes, why: str) -> None:
    """And with what was expected instead."""
    with pytest.raises(NotThisVendor, match=why) as refused:
        parse(content)
    assert "Alertmanager webhook" in refused.value.expected


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"labels": {}}, id="no name"),
        pytest.param({"labels": {"alertname": "  "}}, id="a blank name"),
        pytest.param({"labels": {"alertname": "A", "instance": 7}}, id="a label that is no text"),
        pytest.param({"status": "smouldering"}, id="an unknown status"),
        pytest.param({"startsAt": "yesterday"}, id="no instant"),
        pytest.param({"startsAt": "9999-12-31T23:59:59-10:00"}, id="after the last day of the calendar"),
        pytest.param({"startsAt": "0001-01-01T00:00:00+10:00"}, id="before the first day of the calendar"),
    ],
)
def test_one_bad_alert_is_refused_alone(fields: dict[str, Any]) -> None:
    """The good one beside it is taken, and the bad one is named by its position."""
    parsed = parse(json.dumps(body(alert("Good"), alert("Bad") | fields)).encode())
    assert [a.name for a in parsed.alerts] == ["Good"]
    assert [r.index for r in parsed.refused] == [1]


def test_a_link_that_is_no_web_address_is_dropped() -> None:
    """It ends up in chat and Web UI: `javascript:` has no business there."""
    (told,) = parse(one(generatorURL="javascript:alert(1)")).alerts
    assert told.link == ""


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """It reads, or says NotThisVendor."""
    read_or_refuse(content)


@given(JSON)
def test_no_json_breaks_the_reader(content: Any) -> None:
    """It reads, or says NotThisVendor."""
    read_or_refuse(json.dumps(content).encode())


@given(st.lists(ALERTISH | JSON, max_size=4))
def test_nothing_alert_like_breaks_the_reader(alerts: list[Any]) -> None:
    """Every entry is either taken or refused; none is lost."""
    try:
        parsed = parse(json.dumps(body(*alerts)).encode())
    except NotThisVendor:  # half a surrogate pair, or no alert at all
        return
    assert len(parsed.alerts) + len(parsed.refused) == len(alerts)


@given(st.text(min_size=1), st.dictionaries(st.text(), st.text()))
def test_ids_are_typable_stable_and_short(name: str, labels: dict[str, str]) -> None:
    """Letters, digits, dots and dashes, at most 255 of them, the same whatever the order of labels."""
    backwards = dict(reversed(labels.items()))
    told = incident_id(name, labels, None)
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,255}", told)
    assert told == incident_id(name, backwards, None)
