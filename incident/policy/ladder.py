"""Climbing: from rung to rung until somebody acknowledges, and at the end everyone (runbook §1, §2, §6)."""

from datetime import timedelta

from incident.model.escalation import EVERYONE, Call, Ladder
from incident.model.incident import Due
from incident.model.response_policy import PageWhen
from incident.model.timeline import Kind
from incident.model.zones import next_at
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.paging import in_words, page, pages_now

OWNER = "owner"


def of(draft: Draft) -> Ladder:
    """The ladder of this domain and severity."""
    return draft.policy.ladder(draft.playbook.domain, draft.incident.severity)


def start(draft: Draft, why: str, *, anew: bool = False) -> Draft:
    """The first page, on the first rung; `anew`: whatever other page has just gone out."""
    return _page(draft.set(rung=1, repeats=0), why, anew=anew)


def next_rung(draft: Draft, why: str, title: str) -> Draft:
    """One rung up, at the top the same again, at the end everyone; a SEV-2 whose night is over waits for the next one.

    Whatever the hour, the channel is woken and told.
    """
    draft, news = _up(draft)
    if not pages_now(draft):
        draft = wait_for_night(draft.tell(Kind.PAGE, news or "not paging again by day", because=why))
    else:
        draft = draft.tell(Kind.PAGE, ", ".join(filter(None, ("paging again", news))), because=why)
        draft = _page(draft.not_due(Due.ACK).due(Due.REPAGE, draft.now + wait(draft)), why)
    asks = f"{news[0].upper()}{news[1:]}. Who takes it?" if news else ""
    return cadence.post(draft, title, asks, commands=cadence.wanted(draft), broadcast=True)


def fall_through(draft: Draft, why: str) -> Draft:
    """Nobody is on this rung: the next one at once, and after the last one everyone."""
    draft, news = _up(draft, again=False)
    draft = draft.tell(Kind.PAGE, ", ".join(filter(None, ("paging at once", news))), because=why)
    return _page(draft.not_due(Due.ACK).due(Due.REPAGE, draft.now + wait(draft)), why, anew=True)


def targets(draft: Draft) -> tuple[str, ...]:
    """Who is on the rung it stands on."""
    rungs, rung = of(draft).rungs, draft.incident.rung
    return rungs[max(rung, 1) - 1].targets if rung <= len(rungs) else (EVERYONE,)


def wait(draft: Draft) -> timedelta:
    """How long this rung may stay silent."""
    rungs, rung = of(draft).rungs, draft.incident.rung
    own = rungs[max(rung, 1) - 1].wait if rung <= len(rungs) else None
    return own or (draft.policy.ack_within if rung <= 1 else draft.policy.repage_every)


def wait_for_night(draft: Draft) -> Draft:
    """By day somebody reads the channel; when the night falls it is a page (runbook §1)."""
    if draft.policy.rule(draft.incident.severity).page is not PageWhen.OVERNIGHT:
        return draft
    night = draft.policy.overnight
    return draft.due(Due.NIGHT, next_at(draft.now, night.zone, night.starts))


def has_widened(draft: Draft) -> Draft:
    """The owner is called: from here on the ladder never asks fewer people."""
    rungs = of(draft).rungs
    wider = next((n for n, rung in enumerate(rungs, 1) if OWNER in rung.targets), len(rungs))
    return draft.set(widened=True, rung=max(draft.incident.rung, wider))


def _up(draft: Draft, *, again: bool = True) -> tuple[Draft, str]:
    """One step, and what is new about it: `widened to shop owner`; empty: nothing.

    `again`: may the last rung be repeated? Where nobody is, that would never end.
    """
    incident, ladder = draft.incident, of(draft)
    top = len(ladder.rungs)
    before = targets(draft) if incident.rung else ()
    if incident.rung < top:
        draft = draft.set(rung=incident.rung + 1, repeats=0)
    elif again and incident.rung == top and (ladder.repeat is None or incident.repeats < ladder.repeat):
        draft = draft.set(repeats=incident.repeats + 1)
    else:
        draft = draft.set(rung=top + 1)
    return _widened(draft, before)


def _widened(draft: Draft, before: tuple[str, ...]) -> tuple[Draft, str]:
    now = targets(draft)
    if EVERYONE in now and EVERYONE not in before:
        return draft.set(widened=True), "everyone is paged: this is the end of the ladder"
    fresh = tuple(target for target in now if target not in before)
    if draft.incident.widened:
        fresh = tuple(target for target in fresh if target != OWNER)
    if OWNER in now:
        draft = draft.set(widened=True)
    return draft, f"widened to {in_words(draft, fresh)}" if fresh and before else ""


def _page(draft: Draft, why: str, *, anew: bool = False) -> Draft:
    return page(draft, Call.LADDER, targets(draft), why, rung=draft.incident.rung, anew=anew)
