"""What the saga took back after its failure, and what of it matters (engine.md §5, third row of the table).

A run that goes on after a compensation builds on what is no longer there. Only a compensation that cleaned up after the
failed step itself takes nothing away.
"""

from saga.outcome import knowledge_of
from saga.run import Kind, Outcome, SagaRun, StepRun
from saga.words import SagaKnowledge


def compensations_after(run: SagaRun, target: StepRun, knowledge: SagaKnowledge) -> list[StepRun]:
    """What took something back since the target was decided; an unknown step after its failure is taken for one."""
    failed_at = target.closed_id or target.scheduled_id
    return [
        step
        for step in run.steps
        if step.deciding_task > target.deciding_task
        and (step.type in knowledge.compensations or (step.scheduled_id > failed_at and _unknown(step, knowledge)))
    ]


def taken_away(run: SagaRun, target: StepRun, knowledge: SagaKnowledge) -> list[StepRun]:
    """The compensations that did more than clean up after the target."""
    found = compensations_after(run, target, knowledge)
    return [step for step in found if not _undoes_only(step, target, knowledge)]


def _unknown(step: StepRun, knowledge: SagaKnowledge) -> bool:
    return step.kind not in {Kind.MESSAGE, Kind.DRAW} and knowledge_of(step, knowledge) is None


def _undoes_only(compensation: StepRun, target: StepRun, knowledge: SagaKnowledge) -> bool:
    undone = [step.activity for step in knowledge.steps if step.undone_by == compensation.type]
    undone += [child.workflow_type for child in knowledge.children if child.undone_by == compensation.type]
    return undone == [target.type] and compensation.outcome is Outcome.DONE
