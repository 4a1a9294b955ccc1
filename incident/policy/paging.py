"""A page: when one may go out, what it says, and whether it is still true (runbook §1, §2.1)."""

from collections.abc import Set
from dataclasses import replace
from datetime import datetime

from incident.model.effects import Page
from incident.model.escalation import EVERYONE, Call, Calling
from incident.model.incident import Due, Incident, Phase
from incident.model.messages import SOMEONE
from incident.model.severity import Severity
from incident.policy import approvals
from incident.policy.draft import Draft
from incident.policy.texts import command, headline

HURTING = (Phase.TRIAGE, Phase.MITIGATE)
OVER = (Phase.POSTMORTEM, Phase.CLOSED)
MOST_BESIDE = 10
"""Pages that people asked for and that stand side by side."""


def pages_now(draft: Draft) -> bool:
    """Does the page policy of this severity page at this instant? (runbook §1)"""
    return draft.policy.pages_at(draft.incident.severity, draft.now)


def page(
    draft: Draft,
    call: Call,
    targets: tuple[str, ...],
    why: str,
    *,
    rung: int = 0,
    anew: bool = False,
    asker: tuple[str, ...] = (),
) -> Draft:
    """One more page; one that has just asked for all of them is enough, unless it must be `anew`.

    `asker`: who asks for others, and so is awake.
    """
    spared = _spared(draft, call, asker)
    for last in () if anew else _just_asked(draft, call):
        if covers(last.targets, targets) and set(last.spared) <= set(spared):
            beside = _beside(draft, call, targets, last.number)
            return _speaks_for(draft, call, replace(last, why=why, before=beside))
    number = draft.incident.pages + 1
    calling = Calling(
        number=number,
        at=draft.now,
        rung=rung,
        targets=targets,
        why=why,
        spared=spared,
        before=_beside(draft, call, targets, number),
    )
    draft = draft.set(pages=number, paged_at=draft.now, calls={**draft.incident.calls, call: calling})
    return draft.do(_effect(draft, calling, why))


def covers(targets: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Does a page for these ask for all of the others?"""
    return EVERYONE in targets or set(others) <= set(targets)


def _speaks_for(draft: Draft, call: Call, calling: Calling) -> Draft:
    """The last page is one of this call too; where it has reached nobody, both are tried again with one page."""
    draft = draft.set(calls={**draft.incident.calls, call: calling})
    if calling.number not in draft.incident.unheard:
        return draft
    soon = draft.now + draft.policy.retry_undelivered_page_after
    with_it = (at for what, at in draft.incident.due.items() if what in (Due.REPAGE, Due.RETRY) and at > draft.now)
    return try_again(draft, {call}, min((soon, *with_it)))


def try_again(draft: Draft, calls: Set[Call], at: datetime) -> Draft:
    """Each by its own clock: that the owner was not reached is no reason to climb the ladder (runbook §1)."""
    if Call.LADDER in calls:
        draft = draft.not_due(Due.ACK).due(Due.REPAGE, at)
    if calls - {Call.LADDER}:
        draft = draft.due(Due.RETRY, min(at, draft.incident.due.get(Due.RETRY, at)))
    return draft


def _spared(draft: Draft, call: Call, asker: tuple[str, ...]) -> tuple[str, ...]:
    """An escalation asks for somebody else than whoever has it (runbook §6); the ladder asks whether anybody has."""
    if call is Call.LADDER:
        return ()
    return tuple(dict.fromkeys(name for name in (draft.incident.acked_by, *asker) if name not in ("", SOMEONE)))


def newest_of_this_instant(draft: Draft) -> Calling | None:
    """The newest page, where it was asked for just now and will go out."""
    incident = draft.incident
    return next((c for c in _going_out(incident) if c.number == incident.pages and c.at == draft.now), None)


def _just_asked(draft: Draft, call: Call) -> tuple[Calling, ...]:
    """Of this very instant; or within the last minute, where the ladder and the call for the owner meet (design §6).

    After an outage both are overdue: one page tells it all.
    """
    others = {Call.LADDER: Call.OWNER, Call.OWNER: Call.LADDER}
    other = draft.incident.calls.get(others[call]) if call in others else None
    soon = draft.policy.same_page_within
    return tuple(c for c in _going_out(draft.incident) if c.at == draft.now or (c is other and draft.now - c.at < soon))


def _going_out(incident: Incident) -> tuple[Calling, ...]:
    """Without those that the second path has made needless."""
    return tuple(calling for calling in incident.calls.values() if calling.number > incident.covered)


def _beside(draft: Draft, call: Call, targets: tuple[str, ...], number: int) -> tuple[Calling, ...]:
    """What a person asked for is not overtaken by what the next one asks for, unless that is the same."""
    last = draft.incident.calls.get(call)
    if call is not Call.PERSON or last is None:
        return ()
    others = (c for c in (*last.before, replace(last, before=())) if c.targets != targets and c.number != number)
    return tuple(others)[-MOST_BESIDE:]


def standing(incident: Incident) -> tuple[tuple[Call, Calling], ...]:
    """Every page that was not overtaken by a newer one of its kind."""
    return tuple((call, c) for call, last in incident.calls.items() for c in (*last.before, last))


def once_more(draft: Draft, number: int, why: str) -> Draft:
    """The same page, which was never sent."""
    calling = next((c for _, c in standing(draft.incident) if c.number == number), None)
    return draft.do(_effect(draft, calling, why)) if calling else draft


def _effect(draft: Draft, calling: Calling, why: str) -> Page:
    incident, playbook = draft.incident, draft.playbook
    audience = in_words(draft, calling.targets)
    return Page(
        key=f"{incident.key}/page/{calling.number}",
        incident_id=incident.id,
        number=calling.number,
        rung=calling.rung,
        targets=calling.targets,
        domain=playbook.domain,
        severity=incident.severity,
        title=headline(incident),
        # A lock screen shows this: the runbook's own sentence, never what the alert carries (it may name customers).
        text="\n".join(
            (
                playbook.means,
                f"Why now: {why}.",
                f"Page {calling.number} of {incident.id}, for {audience}.",
                f"Ack: {command(incident, 'ack', by='you')}",
            )
        ),
        audience=audience,
        spared=calling.spared,
        urgent=incident.severity is Severity.SEV1,
        next_contact_after=draft.policy.next_contact_after,
        not_before=incident.opened_at,
        fresh_until=draft.now + draft.policy.page_fresh_for,
        plans=approvals.for_anybody(incident),
        because=why,
    )


def in_words(draft: Draft, targets: tuple[str, ...]) -> str:
    """`on-call and DB owner`, as people say it."""
    if EVERYONE in targets:
        return EVERYONE
    return " and ".join(draft.playbook.owner if t == "owner" else t.removeprefix("person:") for t in targets)


def calls_somebody_else(incident: Incident, number: int) -> bool:
    """Is this a page that an ack does not silence?"""
    return any(calling.number == number for call, calling in standing(incident) if call is not Call.LADDER)


def still_true(incident: Incident, number: int, now: datetime) -> bool:
    """Asked again just before a page goes out (design §6): who has acknowledged meanwhile is not woken."""
    return not overtaken(incident, number, now)


def overtaken(incident: Incident, number: int, now: datetime) -> str:
    """Why this page must not go out any more; empty: it may."""
    if incident.phase in OVER:
        return "it is resolved"
    if number <= incident.covered:
        return "the second path has paged for it"
    calls = [call for call, calling in standing(incident) if calling.number == number]
    reasons = [silenced(Draft(incident, now), call) for call in calls] or ["a newer page has taken its place"]
    return "" if "" in reasons else reasons[0]


def outdated(incident: Incident, number: int, severity: str, now: datetime) -> str:
    """Why this page must not go out as it is, with that severity on it; empty: it may."""
    return overtaken(incident, number, now) or (
        "" if severity == incident.severity else f"it is a {incident.severity} now"
    )


def asked_about(incident: Incident, key: str, severity: str, now: datetime) -> str:
    """The same, as a worker asks just before a message of it goes out."""
    ours, _, number = key.rpartition("/page/")
    if ours != incident.key or not number.isdecimal():
        return "it is no page of this incident"
    return outdated(incident, int(number), severity, now)


def silenced(draft: Draft, call: Call) -> str:
    """What silences a page of this kind now; empty: nothing does."""
    incident = draft.incident
    if call is Call.PERSON:
        return ""
    if call is Call.LADDER and incident.acked_by:
        return f"{incident.acked_by} has acknowledged"
    if call is Call.OWNER and incident.phase not in HURTING:
        return "the impact has stopped"
    return "" if pages_now(draft) else f"a {incident.severity} pages nobody at this hour"
