"""The fence: a Schedule kept paused while a step is re-driven, with its leases written in the Schedule's own note.

The reconcile cron may re-drive sagas by itself, and two at once are how a second deployment is minted (runbook §3.1).
So it is paused meanwhile, and un-paused again whatever happens to us. All that is needed for that stands in the note:
who holds it, and until when. Anybody who reads the note, a sweeper or a person, knows when it may be lifted, even when
nothing of ours runs any more. A pause that was somebody else's stays, with their note as it was.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote

OPENING = "Paused by the incident orchestrator while one failed step is re-driven."
LIFT = "It may be un-paused after the last of these:"
WAS_PAUSED, RAN = "It was paused before, with the note:", "It ran before, with the note:"
LEASE = re.compile(
    r"^- (?P<holder>\S+) for (?P<incident>\S+) until (?P<until>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """One re-drive's hold on the Schedule. `until` is aware UTC, in whole seconds."""

    holder: str
    incident: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A Schedule's state: is it paused, and the note beside it."""

    paused: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Fence:
    """What a note of ours says, and the state that stood before it: that one comes back."""

    leases: tuple[Lease, ...]
    before: Pause


def read(state: Pause) -> Fence | None:
    """The fence that stands; None: whatever this state is, it is not ours."""
    if not state.paused or not state.note.startswith(OPENING):
        return None
    ours, paused, before = _split(state.note)
    leases = filter(None, map(_lease, LEASE.finditer(ours)))
    return Fence(leases=tuple(leases), before=Pause(paused=paused, note=before))


def _lease(line: re.Match[str]) -> Lease | None:
    """None: somebody has written there, and it is no instant any more."""
    try:
        until = datetime.strptime(line["until"], "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return Lease(holder=unquote(line["holder"]), incident=unquote(line["incident"]), until=until)


def _split(note: str) -> tuple[str, bool, str]:
    """Our lines; whether it was paused before us; the note of then."""
    for marker, paused in ((WAS_PAUSED, True), (RAN, False)):
        ours, found, before = note.partition(f"\n{marker}\n")
        if found and LEASE.match(ours.rsplit("\n", 1)[-1]):
            return ours, paused, before
    return note, False, ""


def held(state: Pause, lease: Lease) -> Pause:
    """The state with this lease in it; a holder's newer lease replaces its older one."""
    fence = read(state) or Fence(leases=(), before=state)
    others = tuple(known for known in fence.leases if known.holder != lease.holder)
    return _as_pause(replace(fence, leases=(*others, replace(lease, until=lease.until.replace(microsecond=0)))))


def released(state: Pause, holder: str) -> Pause:
    """The state without this holder's lease; with the last one the fence is gone. Not ours: as it was."""
    fence = read(state)
    if fence is None:
        return state
    return _as_pause(replace(fence, leases=tuple(known for known in fence.leases if known.holder != holder)))


def swept(state: Pause, now: datetime) -> Pause:
    """The state without the leases that have ended: their holders are dead, or late."""
    fence = read(state)
    if fence is None:
        return state
    return _as_pause(replace(fence, leases=tuple(known for known in fence.leases if known.until > now)))


def holds(state: Pause, holder: str) -> bool:
    """Does this holder's lease stand?"""
    fence = read(state)
    return fence is not None and any(lease.holder == holder for lease in fence.leases)


def _as_pause(fence: Fence) -> Pause:
    if not fence.leases:
        return fence.before
    lines = [OPENING, LIFT, *(_line(lease) for lease in fence.leases)]
    if fence.before.paused or fence.before.note:
        lines += [WAS_PAUSED if fence.before.paused else RAN, fence.before.note]
    return Pause(paused=True, note="\n".join(lines))


def _line(lease: Lease) -> str:
    """Names in one word each: a step or an incident may be called anything."""
    holder, incident = (quote(name, safe="-_.:/+@") for name in (lease.holder, lease.incident))
    return f"- {holder} for {incident} until {lease.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
