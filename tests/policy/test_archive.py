"""How a long story stays small enough to carry, and what happens when the disk does not take it."""

from datetime import timedelta

from pydantic import TypeAdapter

from incident.model.effects import RecordKind, WriteRecord
from incident.model.incident import Due, Incident, Phase
from incident.model.messages import Note, Postmortem
from incident.model.outcomes import Recorded, RecordFailed
from incident.policy import view
from incident.policy.archive import KEPT_LINES, MOST_LINES
from tests.policy.story import Story, resolved

INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)


def parts(story: Story) -> list[WriteRecord]:
    return [effect for effect in story.all(WriteRecord) if effect.reason is RecordKind.PART]


def notes(story: Story, count: int, size: int = 10) -> Story:
    for number in range(count):
        story.says(Note(text=f"{number:06d}".ljust(size, "."), by="ana"))
    return story


class Full(Story):
    """A disk that takes nothing."""

    def _answer(self, effect):
        if isinstance(effect, WriteRecord):
            return RecordFailed(reason=effect.reason, why="No space left on device")
        return super()._answer(effect)


def test_a_short_story_stays_whole() -> None:
    """Nothing leaves while it is easily carried."""
    story = notes(Story(), 100)

    assert parts(story) == []


def test_every_line_of_a_long_story_is_either_here_or_on_disk() -> None:
    """Old lines leave once they are written; none is lost, none is there twice."""
    story = notes(Story(), 3 * MOST_LINES)

    kept = [*(e for part in parts(story) for e in part.incident.timeline), *story.incident.timeline]
    assert [e.what for e in kept if e.what.endswith("....")] == [f"{n:06d}...." for n in range(3 * MOST_LINES)]


def test_lines_stay_until_the_disk_has_taken_them() -> None:
    """A part on its way is not yet a part on disk."""
    story = Story()
    story._answer = lambda effect: None  # nothing comes back
    notes(story, MOST_LINES + 50)

    assert (len(parts(story)), story.incident.archived) == (1, 0)
    assert len(story.incident.timeline) > MOST_LINES

    story.takes(Recorded(reason=RecordKind.PART, path="parts/1.md"))
    assert KEPT_LINES <= len(story.incident.timeline) < MOST_LINES


def test_long_lines_leave_sooner_than_short_ones() -> None:
    """It is the size that counts: payloads end at 2 MiB."""
    story = notes(Story(), 300, size=4000)

    assert len(INCIDENT.dump_json(story.incident)) < 500_000


def test_a_full_disk_costs_old_lines_never_the_incident() -> None:
    """When nothing can be written for long, the oldest lines are given up, and the timeline says so."""
    story = notes(Full(), 5 * MOST_LINES, size=400)

    assert len(INCIDENT.dump_json(story.incident)) < 1_000_000
    assert any("given up" in line for line in story.lines)


def test_what_left_stands_as_one_line_of_the_timeline() -> None:
    """Whoever reads the query knows where the rest is."""
    story = notes(Story(), 2 * MOST_LINES)

    first = view.timeline(story.incident)[0]
    assert first["what"] == f"{story.incident.archived} earlier lines are in the record on disk"


def test_the_reasons_of_a_decision_are_its_own_although_old_lines_left_with_it() -> None:
    """`because` is what this event wrote, not what happened to be at the end."""
    story = notes(Story(), MOST_LINES - 1)

    assert story.says(Note(text="the last straw", by="ana")).lines[-1] == "the last straw"


def test_a_closed_incident_whose_record_fails_stays_until_it_is_written() -> None:
    """The record is what remains of an incident: it is tried again, and a person is asked for."""
    story = resolved(policy=Story().policy)
    story.__class__ = Full
    story.says(Postmortem(url="https://wiki.example.org/1", by="ana"))

    assert (story.phase, story.incident.closed_recorded, story.incident.needs_human) == (Phase.CLOSED, False, True)
    assert story.due_in(Due.RECORD) == timedelta(minutes=5)
    assert story.post_minutes("its record cannot be written") == [story._minutes(story.now)]

    story.__class__ = Story
    story.after(minutes=5)
    assert (story.incident.closed_recorded, story.incident.needs_human) == (True, False)


def test_a_disk_that_stays_full_is_told_once_in_the_thread() -> None:
    """The timeline counts the attempts; people are told the first time."""
    story = resolved()
    story.__class__ = Full
    story.says(Postmortem(url="https://wiki.example.org/1", by="ana")).after(hours=1)

    assert len(story.post_minutes("its record cannot be written")) == 1
