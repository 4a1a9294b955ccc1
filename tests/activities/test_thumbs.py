"""A page carries what its person can do with one thumb, and nothing that somebody else could do in their name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from activities.thumbs import thumbs
from integrations.action_links import Action, ActionLinks
from oncall.audience import ON_CALL, Way
from tests.activities.test_paging import PAGE

LINKS = ActionLinks("https://incidents.example.org", "0123456789abcdef0123456789abcdef")
OWN, SHARED = Way(channel="ntfy", to=SecretStr("ana-7f3")), Way(channel="ntfy")
KEYED = replace(PAGE, key="incident-A@20260616T032800.000000Z/page/1")


def read(url: str) -> Action:
    """The link, as the bridge reads it."""
    now = datetime.now(UTC)  # noqa: TID251 - the link was made this second
    return LINKS.read(url.rpartition("/")[2], now=now, valid_for=timedelta(minutes=1))


def test_the_button_acks_this_incident_for_this_person() -> None:
    """And no later incident of the same alert."""
    (button,) = thumbs(LINKS, KEYED)("ana", OWN)
    action = read(button.url)

    assert (button.label, button.acts) == ("Ack", True)
    assert (action.action, action.person, action.incident) == ("ack", "ana", "incident-A@20260616T032800.000000Z")


def test_a_channel_of_the_whole_team_proves_nobody() -> None:
    """Whoever has the topic could press: it acts for the team, not for ana."""
    (button,) = thumbs(LINKS, KEYED)("ana", SHARED)

    assert read(button.url).person == ON_CALL


def test_a_plan_that_waits_can_be_decided_on_from_the_phone() -> None:
    """By opening its page: nobody says yes to what they have not read."""
    page = replace(KEYED, plans=("restart-1", "scale-2"))
    ack, *decide = thumbs(LINKS, page)("ana", OWN)

    assert [(button.label, button.acts) for button in decide] == [("Yes: restart-1", False), ("No: restart-1", False)]
    assert [(read(b.url).action, read(b.url).proposal) for b in decide] == [
        ("approve", "restart-1"),
        ("reject", "restart-1"),
    ]
    assert ack.acts


def test_there_is_no_button_where_no_phone_reaches_the_bridge() -> None:
    """INCIDENTS_BRIDGE__PUBLIC_URL is not set."""
    assert thumbs(None, PAGE)("ana", OWN) == ()
