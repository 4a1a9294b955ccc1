"""A plan together with what its sources have said: everything that works out who is on call takes it as it is."""

from collections.abc import Mapping

from pydantic import Field

from oncall.answer import Answer
from oncall.schedule import Schedule


class Answered(Schedule):
    """Made for one question at one instant, and not kept."""

    answers: dict[str, Answer] = Field(default_factory=dict)
    """Rotation → what its source said."""

    @staticmethod
    def of(schedule: Schedule, answers: Mapping[str, Answer]) -> "Answered":
        """The same plan, read before, so nothing is checked again."""
        return Answered.model_construct(**dict(schedule), answers=dict(answers))

    def answer(self, rotation: str) -> Answer:
        """Its source's; without one, that nobody has asked."""
        return self.answers.get(rotation) or super().answer(rotation)
