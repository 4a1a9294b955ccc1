"""A link in a page: a GET shows, a POST acts, and whatever is not ours does neither."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.action_links import ActionLinks
from integrations.clock import utc_now
from tests.bridge.doors.conftest import Street

BROWSER = {"accept": "text/html,application/xhtml+xml"}
PHONE = {"accept": "*/*"}


async def test_a_tap_acknowledges(street: Street) -> None:
    """From the phone to `acked_by`, and we know who it was."""
    incident = await street.opened()
    answer = await street.http.post(await street.link(incident), headers=PHONE)
    status = await street.status(incident)
    assert (answer.status_code, answer.text) == (200, f"yes: {incident} is yours\n")
    assert (status["acked_by"], status["acked_how"]) == ("ana", "verified by link")


async def test_the_timeline_names_the_person_and_the_door(street: Street) -> None:
    """`ana, verified by link`."""
    incident = await street.opened()
    await street.http.post(await street.link(incident))
    (line,) = [line for line in await street.lines(incident) if line["what"] == "ana acknowledged"]
    assert line["who"] == "ana, verified by link"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_changes_nothing(street: Street, method: str) -> None:
    """Mail scanners open every link: not one event is written."""
    incident = await street.opened()
    link = await street.link(incident)
    await street.http.request(method, link)
    assert not (await street.status(incident))["acked_by"]


async def test_the_page_shows_the_incident_and_one_button(street: Street) -> None:
    """Headline, phase, who has it; nothing else to press."""
    incident = await street.opened()
    page = await street.http.get(await street.link(incident), headers=BROWSER)
    assert (page.status_code, page.text.count("<button")) == (200, 1)
    assert all(word in page.text for word in ((await street.status(incident))["headline"], "triage", "nobody yet"))


async def test_the_page_says_who_acts(street: Street) -> None:
    """Somebody we know by name; a link to a whole topic names nobody."""
    incident = await street.opened()
    pages = [await street.http.get(await street.link(incident, person=who)) for who in ("ana", "on-call")]
    assert "You act as ana." in pages[0].text
    assert "This link names nobody" in pages[1].text


async def test_a_plan_that_is_decided_has_nothing_to_press(street: Street) -> None:
    """Or one that never was."""
    link = await street.link(await street.opened(), "approve", proposal="restart-9")
    page = await street.http.get(link)
    assert (page.status_code, page.text.count("<button")) == (410, 0)
    assert "restart-9 is not open any more" in page.text


async def test_the_page_says_who_has_it_already(street: Street) -> None:
    """Two people at 3 a.m. learn of each other before they press."""
    incident = await street.opened()
    await street.http.post(await street.link(incident, person="bo"))
    assert "bo has it already" in (await street.http.get(await street.link(incident))).text


async def test_a_page_is_never_kept_shared_or_scripted(street: Street) -> None:
    """The address is a capability: no cache, no referrer, no frame, no script."""
    page = await street.http.get(await street.link(await street.opened()))
    headers = page.headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "<script" not in page.text


async def test_a_browser_is_answered_with_a_page(street: Street) -> None:
    """Yes, in words."""
    incident = await street.opened()
    page = await street.http.post(await street.link(incident), headers=BROWSER)
    assert f"yes: {incident} is yours" in page.text
    assert page.headers["content-type"].startswith("text/html")


async def test_a_link_to_a_whole_topic_is_a_claim(street: Street) -> None:
    """Nobody is named `on-call`: whoever has the topic may have tapped."""
    incident = await street.opened()
    await street.http.post(await street.link(incident, person="on-call"))
    assert (await street.status(incident))["acked_how"] == "claimed by link"


async def bad_links(street: Street, incident: str) -> dict[str, tuple[str, int]]:
    good = await street.link(incident)
    other = ActionLinks("http://bridge", "another secret of thirty-two characters")
    forged = other.link(person="ana", incident_id=incident, action="ack", now=utc_now()).removeprefix("http://bridge")
    return {
        "forged": (forged, 403),
        "damaged": (good[:-3] + "xyz", 403),
        "expired": (await street.link(incident, now=utc_now() - timedelta(hours=25)), 410),
        "of an earlier incident": (await street.link(incident, opened="20250101T000000.000000Z"), 409),
        "of an unknown word": (await street.link(incident, "dance"), 409),
        "of another plan": (await street.link(incident, "approve", proposal="restart-9"), 409),
    }


KINDS = ["forged", "damaged", "expired", "of an earlier incident", "of an unknown word", "of another plan"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_link_does_nothing(street: Street, kind: str) -> None:
    """A clear answer, and the incident is as it was."""
    incident = await street.opened()
    link, status = (await bad_links(street, incident))[kind]
    answer = await street.http.post(link)
    assert (answer.status_code, (await street.status(incident))["acked_by"]) == (status, "")


@pytest.mark.parametrize("kind", ["forged", "expired"])
async def test_a_bad_link_is_logged_without_its_token(street: Street, kind: str, capsys: Any) -> None:
    """Whoever looks learns that somebody tries, and gets nothing to try with."""
    link, _ = (await bad_links(street, await street.opened()))[kind]
    capsys.readouterr()
    await street.http.post(link)
    logged = "".join(capsys.readouterr())
    assert "turned away" in logged
    assert link.rpartition("/")[2] not in logged


async def test_guessing_is_slowed(street: Street) -> None:
    """After so many bad links in a minute there is no answer to learn from."""
    answers = [(await street.http.get(f"/act/guess{n}")).status_code for n in range(125)]
    assert (answers[0], answers[-1]) == (403, 429)


async def test_one_link_tapped_very_often_has_to_wait(street: Street) -> None:
    """A script gone wild is not a person."""
    link = await street.link("incident-nowhere", opened="x")
    answers = [(await street.http.post(link)).status_code for _ in range(31)]
    assert answers[-1] == 429


async def test_a_closed_incident_has_nothing_to_press(street: Street) -> None:
    """410, and why."""
    page = await street.http.get(await street.link("incident-nowhere", opened="x"), headers=BROWSER)
    assert (page.status_code, page.text.count("<button")) == (410, 0)
