"""Which of our people somebody is, by the names other systems know them by (`incidents.toml`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integrations.on_duty import Members
from oncall.schedule import Person, Schedule


@dataclass(frozen=True)
class People:
    schedule: Schedule
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Rotation that has a source → whom it last named as taking turns."""

    def hear(self, members: Mapping[str, Members]) -> None:
        """What sources say of their rotations. One that is silent takes nobody's place away."""
        known = {name: found.people for name, found in members.items() if not found.unknown}
        self.members.update({name: people for name, people in known.items() if name in self.schedule.sourced})

    def knows(self, person: str) -> bool:
        """Is there somebody of this key?"""
        return person in self.schedule.people

    def by_slack(self, user_id: str) -> str:
        """Key of the person with this Slack user id; empty: nobody we know."""
        return self._with(lambda person: person.slack == user_id) if user_id else ""

    def by_pagerduty(self, user_id: str) -> str:
        """Key of the person with this PagerDuty user id; empty: nobody we know."""
        return self._with(lambda person: person.pagerduty == user_id) if user_id else ""

    def groups_of(self, person: str) -> tuple[str, ...]:
        """Rotations they belong to: whoever is in the rotation `finance` may speak for finance."""
        rotations = {name: known.members for name, known in self.schedule.rotations.items()} | self.members
        return tuple(sorted(name for name, members in rotations.items() if person in members))

    def _with(self, wanted: Callable[[Person], bool]) -> str:
        """Two people with the same name there are nobody: a guess would put words into somebody's mouth."""
        found = [key for key, person in self.schedule.people.items() if wanted(person)]
        return found[0] if len(found) == 1 else ""
