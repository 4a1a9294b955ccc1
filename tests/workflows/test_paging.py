"""Who is reached, who is not, and what the incident makes of it: the shell's waits and failures around a page."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from incident.model.effects import Page, Post
from integrations.errors import IntegrationError, Refused, Unreachable
from tests.waiting import eventually
from tests.workflows.case import Case
from tests.workflows.conftest import Town
from tests.workflows.policies import blind, quick, seconds


class Broken:
    """Makes the fakes of a town fail for some incidents only; the others share them and must not notice."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.ntfy: dict[str, IntegrationError] = {}
        self.chat_pager: dict[str, IntegrationError] = {}
        self.chat: dict[str, IntegrationError] = {}
        town.house.pager.fails = self._of(self.ntfy)
        town.house.chat_pager.fails = self._of(self.chat_pager)
        town.house.chat.fails = self._of(self.chat)

    def away(self, incident_id: str) -> list[str]:
        """ntfy does not answer for this incident; the keys of what was tried."""
        tried: list[str] = []
        self.ntfy[incident_id] = Unreachable("ntfy: connection refused")
        plain = self.town.house.pager.fails

        def fails(asked: Page) -> IntegrationError | None:
            tried.extend([asked.key] if asked.incident_id == incident_id else [])
            return plain(asked)

        self.town.house.pager.fails = fails
        return tried

    @staticmethod
    def _of(broken: dict[str, IntegrationError]):
        def fails(asked: Page | Post) -> IntegrationError | None:
            return broken.get(asked.incident_id)

        return fails


@pytest.fixture
def broken(town: Town) -> Iterator[Broken]:
    broken = Broken(town)
    yield broken
    for port in (town.house.pager, town.house.chat_pager, town.house.chat):
        port.fails = lambda _: None


async def test_an_ack_silences_the_re_page(opened, town):
    """It is owned: nobody else is woken (runbook §2.1)."""
    policy = quick(ack_within=seconds(2), repage_every=seconds(0.5), repeat_interval=seconds(2.5))
    case = await opened(policy, blind())
    await case.said("page 1 delivered")
    await case.ask("ack", "ana")
    await case.tell("alert", case.cleared)
    await case.said("alert_clear holds")  # by then it would have paged again

    assert [p.number for p in town.house.pager.of(case.id)] == [1]


async def test_nobody_acknowledging_pages_again_and_again(opened, town):
    """After ack_within, then at each repage_every (runbook §1)."""
    case = await opened(quick(ack_within=seconds(2), repage_every=seconds(1)), blind())
    await case.said("page 3 delivered")

    assert [p.number for p in town.house.pager.of(case.id)][:3] == [1, 2, 3]


async def test_the_second_page_also_reaches_the_owner(opened, town):
    """Not acknowledged: escalation widens to the domain owner (runbook §6)."""
    case = await opened(quick(ack_within=seconds(2)), blind(owner="DB on-call"))
    await case.said("page 2 delivered")

    assert [p.audience for p in town.house.pager.of(case.id)] == ["on-call", "on-call and DB on-call"]


async def test_a_pager_that_refuses_is_followed_by_the_next_channel(opened, town, broken, incident_id):
    """Ways are tried in order until one delivers, within one activity."""
    broken.ntfy[incident_id] = Refused("ntfy: 403")
    case = await opened(playbook=blind())
    await case.said("page 1 delivered by chat")

    assert [p.key.rpartition("/page/")[2] for p in town.house.chat_pager.of(case.id)] == ["1/on-call/chat"]


async def test_a_page_that_failed_is_on_the_timeline_with_its_reason(opened, broken, incident_id):
    """A page that cannot be delivered is another thing that happened."""
    broken.ntfy[incident_id] = Refused("ntfy: 403")
    case = await opened(playbook=blind())

    assert (await case.said("page 1 could not be delivered by ntfy"))["because"] == "ntfy: 403"


async def test_the_thread_opens_though_every_channel_refused_the_page(opened, broken, incident_id):
    """The page had its turn; the rest does not wait for it for ever."""
    broken.ntfy[incident_id] = broken.chat_pager[incident_id] = Refused("no")
    case = await opened(playbook=blind())

    assert await case.said("thread opened")


async def test_nobody_reached_is_tried_again_soon(opened, town, broken, incident_id):
    """An hour would be too long: nobody knows yet."""
    broken.ntfy[incident_id] = broken.chat_pager[incident_id] = Refused("no")
    case = await opened(quick(retry_undelivered_page_after=seconds(0.3)), blind())
    await case.said("nobody could be paged")
    broken.ntfy.clear()

    assert await case.said("delivered by ntfy")


async def test_a_pager_that_is_away_is_tried_again_before_the_next_channel(opened, town, broken, incident_id):
    """Unreachable may pass: the same channel, the same key."""
    tried = broken.away(incident_id)
    case = await opened(quick(next_contact_after=seconds(30)), blind())
    await eventually(lambda: _times(tried, 2), "the page is tried again")
    broken.ntfy.clear()
    await case.said("page 1 delivered by ntfy")

    assert town.house.chat_pager.of(case.id) == []


async def test_a_sev1_tries_the_next_channel_beside_one_that_is_away(opened, broken, incident_id):
    """A person is reached while the first provider is still asked with patience."""
    broken.away(incident_id)
    case = await opened(quick(next_contact_after=seconds(0.1)), blind())

    assert await case.said("page 1 delivered by chat")


async def test_an_ack_during_a_failing_page_ends_the_search_for_a_channel(opened, town, broken, incident_id):
    """Somebody has it: no second channel wakes anybody."""
    tried = broken.away(incident_id)
    case = await opened(quick(next_contact_after=seconds(30)), blind())
    await eventually(lambda: _times(tried, 1), "page 1 is tried")
    await case.tell("ack", "ana")
    await case.said("page 1 could not be delivered by ntfy")

    assert town.house.chat_pager.of(case.id) == []


async def test_a_chat_that_refuses_stops_nothing(opened, broken, incident_id):
    """No incident stops because the chat is down."""
    broken.chat[incident_id] = Refused("chat: 404")
    case = await opened(quick(ack_within=seconds(2)), blind())
    await case.said("page 2 delivered")
    await case.tell("ack", "ana")

    assert await case.stands(acked_by="ana")


async def test_a_chat_that_refuses_is_said_once(opened, broken, incident_id):
    """An incident whose chat is down has better things to tell."""
    broken.chat[incident_id] = Refused("chat: 404")
    case = await opened(quick(ack_within=seconds(2), repage_every=seconds(2)), blind())
    await case.said("page 2 delivered")

    assert (await case.lines()).count("could not post in the thread") == 1


async def test_updates_are_posted_while_it_lasts(opened, town):
    """Each severity's cadence (runbook §1)."""
    rules = quick().rules
    rules |= {blind().severity: replace(rules[blind().severity], cadence=seconds(0.3))}
    case = await opened(quick(rules=rules), blind())

    async def updates() -> bool:
        return Counter(p.title.rsplit(": ", 1)[-1] for p in town.house.chat.of(case.id))["update"] >= 2

    assert await eventually(updates, "two updates are posted")


async def test_an_unmitigated_sev1_escalates_though_somebody_owns_it(opened, town):
    """Not mitigated in time: the owner is paged too (runbook §6)."""
    case = await opened(quick(escalate_unmitigated_after=seconds(2)), blind())
    await case.said("page 1 delivered")
    await case.tell("ack", "ana")
    await case.said("escalated to DB on-call")
    await case.said("page 2 delivered")

    assert town.house.pager.of(case.id)[1].audience == "on-call and DB on-call"


async def test_a_flood_of_acks_wakes_nobody_and_loses_none(opened):
    """The first one owns it, later ones are lines of the timeline (design §5)."""
    case: Case = await opened(playbook=blind())
    await case.said("page 1 delivered")
    for n in range(8):
        await case.tell("ack", f"person-{n}")
    await case.said("person-7 is on it too")

    assert sum("on it" in line or "acknowledged" in line for line in await case.lines()) == 8


async def _times(tried: list[str], most: int) -> bool:
    return len(tried) >= most
