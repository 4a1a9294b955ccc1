"""What is written to disk and when, and how a long story stays small enough for the engine to carry.

An incident travels whole: as input of a new run, into its record, as the answer of a query. Payloads end at 2 MiB
(temporal-guide §4), and people, or a script gone wild, may say more than that. So the oldest lines leave for the disk
once there are many, and only once they are there. The record puts all of them together again.
"""

from dataclasses import replace
from itertools import accumulate

from incident.model.effects import RecordKind, WriteRecord
from incident.model.incident import Due, Incident, Phase
from incident.model.outcomes import Recorded, RecordFailed
from incident.model.timeline import Entry, Kind
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.postmortem import earlier_row, markdown, rows

MOST_LINES, MOST_CHARS = 800, 200_000
"""Beyond either, lines leave: 200,000 characters are at most 0.8 MB, and a record holds them twice."""
KEPT_LINES, KEPT_CHARS = 200, 50_000
"""What stays at least readable in the engine."""
PATIENCE = 2
"""So many times the most: the disk has refused for long, and an incident that goes on is worth more than its oldest
lines."""


def record(draft: Draft, reason: RecordKind) -> Draft:
    """Archive the incident as it is now."""
    numbered = draft.set(records=draft.incident.records + 1)
    incident = numbered.incident
    return numbered.do(
        WriteRecord(
            key=f"{incident.key}/record/{incident.records}",
            number=incident.records,
            reason=reason,
            incident=incident,
            markdown=markdown(incident, draft.now),
            earlier_row=earlier_row(incident),
        )
    )


def slim(draft: Draft, before: Incident) -> Draft:
    """After every event: send the oldest lines to disk where there are too many. Most events write no line at all."""
    incident = draft.incident
    if incident.timeline is before.timeline and incident.archiving == before.archiving:
        return draft
    if not _too_long(incident.timeline, 1):
        return draft
    if _too_long(incident.timeline, PATIENCE):
        return _give_up(draft)
    if incident.archiving:
        return draft
    leaving = len(incident.timeline) - _how_many_stay(incident.timeline)
    numbered = draft.set(records=incident.records + 1, archiving=leaving)
    part = replace(numbered.incident, timeline=incident.timeline[:leaving])
    return numbered.do(
        WriteRecord(
            key=f"{incident.key}/record/{part.records}",
            number=part.records,
            reason=RecordKind.PART,
            incident=part,
            markdown=rows(part.timeline),
        )
    )


def recorded(draft: Draft, event: Recorded | RecordFailed) -> Draft:
    """What came of writing."""
    if isinstance(event, RecordFailed):
        return _not_recorded(draft, event)
    match event.reason:
        case RecordKind.DRAFT:
            return draft.tell(Kind.RECORD, "postmortem draft written", because=event.path)
        case RecordKind.CLOSED if draft.incident.phase is Phase.CLOSED:
            return draft.set(closed_recorded=True).not_due(Due.RECORD)
        case RecordKind.PART:
            return _left(draft, draft.incident.archiving)
        case _:
            return draft


def again(draft: Draft) -> Draft:
    """The disk refused a while ago: try again."""
    if draft.incident.phase is Phase.CLOSED:
        return record(draft, RecordKind.CLOSED)
    return draft.set(archiving=0)  # `slim` then sends what is too much by now


def _not_recorded(draft: Draft, event: RecordFailed) -> Draft:
    """Told once while it lasts, in the thread too; what must not stay unwritten is tried again."""
    if event.reason is RecordKind.PART or draft.incident.phase is Phase.CLOSED:
        draft = draft.due(Due.RECORD, draft.now + draft.policy.retry_record_every)
    told = [entry for entry in draft.incident.timeline if entry.kind is Kind.RECORD]
    if told and told[-1].because == event.why:
        return draft
    draft = draft.tell(Kind.RECORD, "the record could not be written", because=event.why)
    return cadence.post(draft, "its record cannot be written", event.why)


def _left(draft: Draft, lines: int) -> Draft:
    incident = draft.incident
    return draft.set(timeline=incident.timeline[lines:], archived=incident.archived + lines, archiving=0)


def _give_up(draft: Draft) -> Draft:
    lines = len(draft.incident.timeline) - _how_many_stay(draft.incident.timeline)
    what = f"{lines} old lines were given up to go on"
    return _left(draft, lines).tell(Kind.RECORD, what, because="the disk has not taken them for long")


def _too_long(timeline: tuple[Entry, ...], times: int) -> bool:
    return len(timeline) > MOST_LINES * times or sum(map(_size, timeline)) > MOST_CHARS * times


def _how_many_stay(timeline: tuple[Entry, ...]) -> int:
    """The newest ones, as many as fit both limits."""
    sizes = accumulate(_size(entry) for entry in reversed(timeline))
    return min(KEPT_LINES, sum(1 for size in sizes if size <= KEPT_CHARS))


def _size(entry: Entry) -> int:
    return len(entry.what) + len(entry.because) + len(entry.by)
