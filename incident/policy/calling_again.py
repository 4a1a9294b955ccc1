"""A call for somebody else that reached nobody is made again, as long as it stands (runbook §6).

The ladder is no such call: it has a clock of its own, and climbs.
"""

from incident.model.escalation import EVERYONE, Call, Calling
from incident.policy.draft import Draft
from incident.policy.escalation import call_owner
from incident.policy.paging import covers, page, silenced, standing, try_again


def call_again(draft: Draft) -> Draft:
    """The oldest one, and all that one page speaks for; what is left has its turn a minute later: no burst."""
    calls = _unheard(draft)
    draft = _forget(draft, calls)
    one_page, left = draft.incident.pages + 1, list[tuple[Call, Calling]]()
    for call, calling in _widest_first([one for one in calls if not silenced(draft, one[0])]):
        tried = _repeat(draft, call, calling)
        if tried.incident.pages <= one_page:
            draft = tried
        else:
            left.append((call, calling))
    draft = draft.set(unheard=(*draft.incident.unheard, *(calling.number for _, calling in left)))
    return try_again(draft, {call for call, _ in left}, draft.now + draft.policy.same_page_within)


def _unheard(draft: Draft) -> list[tuple[Call, Calling]]:
    """Oldest first."""
    calls = [(call, c) for call, c in standing(draft.incident) if call is not Call.LADDER]
    return sorted((one for one in calls if one[1].number in draft.incident.unheard), key=lambda one: one[1].number)


def _forget(draft: Draft, calls: list[tuple[Call, Calling]]) -> Draft:
    """What nobody wants any more now will not come back when the hour, or the severity, is another one."""
    numbers = {calling.number for _, calling in calls}
    return draft.set(unheard=tuple(number for number in draft.incident.unheard if number not in numbers))


def _widest_first(calls: list[tuple[Call, Calling]]) -> list[tuple[Call, Calling]]:
    """First the one that speaks for the oldest and for most others: who is called for two reasons is woken once."""
    if not calls:
        return []
    speaking = [one for one in calls if covers(one[1].targets, calls[0][1].targets)]
    first = max(speaking, key=_width)
    return [first, *(one for one in calls if one is not first)]


def _width(one: tuple[Call, Calling]) -> tuple[bool, int, bool]:
    """The owner's call may ask for whoever is on call too."""
    call, calling = one
    return EVERYONE in calling.targets, len(calling.targets), call is Call.OWNER


def _repeat(draft: Draft, call: Call, calling: Calling) -> Draft:
    """For its own reason: nobody has read that yet."""
    if call is Call.OWNER:
        return call_owner(draft, calling.why)
    return page(draft, call, calling.targets, calling.why, asker=calling.spared)
