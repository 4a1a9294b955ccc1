"""Links that act: for one person, one incident, one action, for a while; anything else is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.action_links import MOST_TOKEN, Action, ActionLinks, BadLink, opened_of

NOW = datetime(2026, 6, 16, 3, 28, tzinfo=UTC)
DAY = timedelta(hours=24)
LINKS = ActionLinks("https://incidents.example.org/", "one secret of at least 32 characters")
OTHERS = ActionLinks("https://incidents.example.org/", "another secret of 32 characters or more")


def token(links: ActionLinks = LINKS, **more: str) -> str:
    told = {"person": "ana", "incident_id": "incident-A", "action": "ack"} | more
    return links.link(now=NOW, **told).rpartition("/")[2]


def read(text: str, at: datetime = NOW) -> Action:
    return LINKS.read(text, now=at, valid_for=DAY)


def why_not(text: str, at: datetime = NOW) -> str:
    with pytest.raises(BadLink) as bad:
        read(text, at)
    return bad.value.why


def test_a_link_leads_to_the_bridge() -> None:
    """The public address, and one path."""
    assert LINKS.link(person="ana", incident_id="i", action="ack", now=NOW).startswith(
        "https://incidents.example.org/act/"
    )


names = st.text(max_size=40)


@given(person=names, incident_id=names, action=names, proposal=names, opened=names)
def test_a_link_says_what_it_was_made_for(**told: str) -> None:
    """Whatever people call their incidents."""
    action = read(token(**told))
    assert {name: getattr(action, name) for name in told} == told


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        pytest.param(token(OTHERS), NOW, "forged", id="of another secret"),
        pytest.param("", NOW, "forged", id="nothing"),
        pytest.param("x" * (MOST_TOKEN + 1), NOW, "forged", id="endless"),
        pytest.param("schlüssel", NOW, "forged", id="outside ASCII"),
        pytest.param(token().rpartition(".")[0] + "t", NOW, "forged", id="without its signature"),
        pytest.param(token(), NOW + DAY + timedelta(seconds=1), "expired", id="a day later"),
        pytest.param(token(), NOW - timedelta(minutes=6), "early", id="from the future"),
    ],
)
def test_a_bad_link_is_refused(text: str, at: datetime, why: str) -> None:
    """Forged, damaged, too old, too new."""
    assert why_not(text, at) == why


@given(st.data())
def test_a_link_that_was_changed_is_refused_or_means_the_same(data: st.DataObject) -> None:
    """No change of one character makes it act for somebody else, on something else."""
    good = token()
    at = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    try:
        found = read(good[:at] + other + good[at + 1 :])
    except BadLink:
        return
    assert found == read(good)


def test_a_link_survives_proxies_and_mail_readers() -> None:
    """No dot first, no dash last."""
    ends = {(told[0], told[-1]) for told in (token(proposal=f"restart-{n}" * n) for n in range(50))}
    assert ends == {("t", "t")}


def test_parts_of_two_links_are_no_link() -> None:
    """One link's words under another one's signature."""
    words, _, _ = token(person="bo").partition(".")
    _, _, signature = token(person="ana").partition(".")
    assert why_not(f"{words}.{signature}") == "forged"


def test_a_signature_for_another_purpose_is_none_here() -> None:
    """The secret may sign other things one day."""
    from itsdangerous import URLSafeSerializer

    other = URLSafeSerializer("one secret of at least 32 characters", salt="session")
    assert why_not(f"t{other.dumps({'p': 'ana', 'i': 'incident-A', 'a': 'ack', 't': 1})!s}t") == "forged"


@pytest.mark.parametrize("field", ["person", "incident_id", "action", "proposal", "opened"])
def test_each_link_is_remembered_as_itself(field: str) -> None:
    """The mark of a used link is nobody else's."""
    assert read(token()).mark != read(token(**{field: "other"})).mark


@pytest.mark.parametrize(
    ("key", "opened"),
    [
        pytest.param("incident-A@20260616T032800.000000Z/page/1/ntfy", "20260616T032800.000000Z", id="a page's key"),
        pytest.param("incident-A@20260616T032800.000000Z", "20260616T032800.000000Z", id="the incident's"),
        pytest.param("line/2026", "", id="no incident's"),
    ],
)
def test_an_effect_s_key_tells_which_incident_of_the_id_it_is(key: str, opened: str) -> None:
    """The same alert may fire next week: its incident has the same id."""
    assert opened_of(key, "incident-A") == opened
