"""Who is in a rotation, for `incidents oncall --of ROTATION`."""

from collections.abc import Iterator
from datetime import datetime

from integrations.on_duty import Members
from oncall.schedule import Schedule
from oncall.who import on_rotation


def rotation_lines(schedule: Schedule, name: str, members: Members, at: datetime) -> Iterator[str]:
    """Who has it at `at`, and why not where nobody has; then everybody who takes turns."""
    found = on_rotation(schedule, name, at)
    answer = found.why.answer
    said = f" ({'; '.join(filter(None, (f'{answer.source} says so', answer.note)))})" if answer else ""
    reasons = "; ".join(found.why.passed)
    whom = schedule.called(found.person) + said if found.person else f"nobody ({reasons})"
    listed = ", ".join(schedule.called(person) for person in members.people) or "nobody we know"
    yield f"{'on call':<14}{whom}"
    yield f"{'members':<14}{listed}" + (f"; whoever else there is: {members.unknown}" if members.unknown else "")
