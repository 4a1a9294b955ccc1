"""PagerDuty's webhooks: signed, taken once, only what people did, and an ack there is an ack here."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from bridge.doors.pagerduty import is_signed
from incident.model.alarm import second_path_alarm
from integrations.clock import utc_now
from tests.bridge.doors.conftest import PAGERDUTY, Street


def event(incident: str, kind: str = "incident.acknowledged", **more: Any) -> dict[str, Any]:
    """In the form of PagerDuty's page "Webhooks: Overview"."""
    person = {
        "id": "PANA",
        "type": "user_reference",
        "summary": "Ana Lima",
        "html_url": "https://acme.pd.test/users/PANA",
    }
    data = {"id": "PT4KHLK", "type": "incident", "status": "acknowledged", "incident_key": incident, "number": 12}
    told = {
        "id": "01DEN4HPBQAAAG05V5QQYBRZMF",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-06-16T03:28:00.000Z",
        "agent": person,
        "client": None,
        "data": data,
    }
    return {"event": told | more}


def signature(body: bytes, secret: str = PAGERDUTY) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def posts(street: Street, told: Any, header: str | None = None) -> httpx.Response:
    body = json.dumps(told).encode()
    headers = {"x-pagerduty-signature": signature(body) if header is None else header}
    return await street.http.post("/pagerduty/webhook", content=body, headers=headers)


async def key_of(street: Street, incident: str) -> str:
    return f"{incident}@{await street.instant(incident)}"


async def test_an_ack_there_is_an_ack_here(street: Street) -> None:
    """By the incident's key, as the person PagerDuty knows."""
    incident = await street.opened()
    answer = await posts(street, event(await key_of(street, incident)))
    status = await street.status(incident)
    assert (answer.status_code, status["acked_by"], status["acked_how"]) == (200, "ana", "verified by pagerduty")


async def test_an_ack_of_what_the_second_path_rang_is_an_ack_of_its_incident(street: Street) -> None:
    """It rang under a name of the bridge's own, which leads to the incident by its id."""
    incident = await street.opened()
    answer = await posts(street, event(second_path_alarm(incident, utc_now())))
    status = await street.status(incident)
    assert (answer.status_code, status["acked_by"], status["acked_how"]) == (200, "ana", "verified by pagerduty")


async def test_resolved_there_is_a_wish_here(street: Street) -> None:
    """The runbook's criteria still have to hold."""
    incident = await street.opened()
    answer = await posts(street, event(await key_of(street, incident), "incident.resolved"))
    assert answer.text.startswith("remembered")


async def test_a_note_there_is_on_the_timeline_here(street: Street) -> None:
    """Its incident stands inside it."""
    incident = await street.opened()
    note = {"id": "N1", "type": "incident_note", "content": "pool rebuilt", "incident": {"incident_key": incident}}
    await posts(street, event("", "incident.annotated", data=note))
    assert [line["who"] for line in await street.lines(incident) if line["what"] == "pool rebuilt"] == [
        "ana, verified by pagerduty"
    ]


async def test_an_event_that_is_sent_again_is_taken_once(street: Street) -> None:
    """PagerDuty sends until it is answered: one line, the same answer."""
    incident = await street.opened()
    told = event(await key_of(street, incident))
    answers = [await posts(street, told) for _ in range(3)]
    lines = [line for line in await street.lines(incident) if line["by"] == "ana"]
    assert ({answer.text for answer in answers}, len(lines)) == ({f"yes: {incident} is yours\n"}, 1)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(None, id="nobody: our own Events API call"),
        pytest.param({"id": "PINT", "type": "events_api_v2_inbound_integration_reference"}, id="an integration"),
        pytest.param({"id": "PSVC", "type": "service_reference"}, id="a service"),
    ],
)
async def test_what_no_person_did_says_nothing(street: Street, agent: Any) -> None:
    """Our own ack comes back: it must not go round in circles."""
    incident = await street.opened()
    answer = await posts(street, event(await key_of(street, incident), agent=agent))
    assert (answer.status_code, answer.text) == (200, "no person did that\n")
    assert (await street.status(incident))["acked_by"] == ""


async def test_somebody_we_do_not_know_is_a_claim(street: Street) -> None:
    """PagerDuty knows them, we do not."""
    incident = await street.opened()
    agent = {"id": "PEVE", "type": "user_reference", "summary": "ana"}
    await posts(street, event(await key_of(street, incident), agent=agent))
    status = await street.status(incident)
    assert (status["acked_by"], status["acked_how"]) == ("ana (PEVE in PagerDuty)", "claimed by pagerduty")


@pytest.mark.parametrize("kind", ["incident.triggered", "incident.escalated", "pagey.ping", "service.updated", ""])
async def test_other_events_are_their_own_business(street: Street, kind: str) -> None:
    """200, so that PagerDuty does not send them again."""
    assert (await posts(street, event("incident-A", kind))).status_code == 200


@pytest.mark.parametrize("incident", ["incident-nowhere", "", "somebody-elses-key"])
async def test_an_incident_that_is_not_ours_is_no_reason_to_send_again(street: Street, incident: str) -> None:
    """A service may have other senders."""
    assert (await posts(street, event(incident))).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="none"),
        pytest.param("v1=", id="empty"),
        pytest.param("v1=" + "0" * 64, id="another"),
        pytest.param("v0=" + "0" * 64, id="another version"),
        pytest.param("v1=é", id="no text"),
    ],
)
async def test_what_pagerduty_did_not_sign_is_turned_away(street: Street, header: str, capsys: Any) -> None:
    """401, logged, and nothing is said."""
    incident = await street.opened()
    capsys.readouterr()
    body = json.dumps(event(await key_of(street, incident))).encode()
    answer = await street.http.post(
        "/pagerduty/webhook", content=body, headers={"x-pagerduty-signature": header.encode()}
    )
    assert (answer.status_code, (await street.status(incident))["acked_by"]) == (401, "")
    assert "turned away" in "".join(capsys.readouterr())


def test_one_of_several_signatures_is_enough() -> None:
    """While the secret is being changed."""
    body = b'{"event": {}}'
    assert is_signed(PAGERDUTY, body, f"{signature(body, 'the old one')},{signature(body)}")


@pytest.mark.parametrize("told", [[], {}, {"event": 3}, "x", {"event": {}}, {"event": {"agent": 1, "data": 2}}])
async def test_garbage_is_never_a_server_error(street: Street, told: Any) -> None:
    """Signed, and yet nothing anybody knows."""
    assert (await posts(street, told)).status_code in (200, 400)
