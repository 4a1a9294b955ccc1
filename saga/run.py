"""What a saga's run is, once read: plain values, no protobuf, nothing of a payload but a line of it.

`saga.history` and `saga.described` fill it in, `saga.diagnosis` judges it. It travels in workflow and activity results.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RunStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    TERMINATED = "terminated"
    CANCELED = "canceled"
    CONTINUED = "continued_as_new"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What a workflow task may decide that touches the world, and would touch it again if decided again."""

    ACTIVITY = "activity"
    LOCAL = "local activity"
    CHILD = "child workflow"
    NEXUS = "nexus operation"
    MESSAGE = "message to another workflow"
    DRAW = "side effect"
    """A value drawn by the saga's code (Go, Java): drawn anew after a reset, an idempotency key perhaps."""


class Outcome(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELED = "canceled"


class Timeout(StrEnum):
    START_TO_CLOSE = "start-to-close"
    SCHEDULE_TO_START = "schedule-to-start"
    SCHEDULE_TO_CLOSE = "schedule-to-close"
    HEARTBEAT = "heartbeat"


class Ended(StrEnum):
    """How one attempt ended, by its failure alone."""

    BY_CODE = "by code"
    """The step's own code raised: an application failure."""
    BY_TIME = "by time"
    """Nobody knows what became of it."""
    NEVER_BEGAN = "never began"
    BY_CANCEL = "by cancel"
    BY_RESET = "by reset"
    """It was under way when the run was reset (temporal-guide §6.1)."""
    OTHERWISE = "otherwise"


@dataclass(frozen=True, kw_only=True)
class RunRef:
    workflow_id: str
    run_id: str = ""
    workflow_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A failure in words. `inside` is the step that failed within a child workflow."""

    line: str
    ended: Ended = Ended.OTHERWISE
    type: str = ""
    timeout: Timeout | None = None
    inside: str = ""
    cause: "Failed | None" = None
    """A time-out between two attempts carries how the attempt before it ended (seen live on 1.29.1)."""


class PendingState(StrEnum):
    SCHEDULED = "scheduled"
    """In back-off, or in the task queue."""
    STARTED = "started"
    PAUSED = "paused"
    ENDING = "ending"
    """Asked to pause or to cancel, still running."""


@dataclass(frozen=True, kw_only=True)
class PendingStep:
    """An activity as DescribeWorkflowExecution shows it: what history does not say before it closes."""

    activity_id: str
    type: str
    state: PendingState
    attempt: int = 1
    most_attempts: int = 0
    """0: no limit."""
    next_attempt_at: datetime | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    failed: Failed | None = None
    paused_by: str = ""


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """One thing the saga decided to do. `scheduled_id` names it within the run."""

    scheduled_id: int
    deciding_task: int
    """Id of the WorkflowTaskCompleted event that decided it: the reset point "before this step" (guide §6.1)."""
    kind: Kind
    type: str
    activity_id: str = ""
    """For a child: its workflow id."""
    child_run_id: str = ""
    scheduled_at: datetime | None = None
    closed_at: datetime | None = None
    closed_id: int = 0
    """0: no event closes it."""
    started_id: int = 0
    attempts: int = 0
    """0: history does not say (a running attempt is not in it)."""
    most_attempts: int = 0
    outcome: Outcome = Outcome.OPEN
    failed: Failed | None = None
    before: Failed | None = None
    """How the attempt before the last one ended: the only earlier attempt history keeps."""
    result: str = ""
    """Its result in one line."""
    result_whole: bool = True
    """False: the line is not all of it; fetch event `closed_id` for that."""
    input_digest: str = ""
    """Tells two executions of one type apart."""
    retries: bool = False
    """A local activity that will be tried again after its back-off."""
    pending: PendingStep | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """Two executions with the same one are the same step tried twice. A marker does not tell its input."""
        return self.kind, self.type, self.input_digest or str(self.scheduled_id)


@dataclass(frozen=True, kw_only=True)
class Reset:
    """The run was made by a reset: everything before `event_id` was copied from `base_run`."""

    event_id: int
    base_run: str
    new_run: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Received:
    """A signal or update the saga was sent."""

    event_id: int
    name: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PendingTask:
    """A workflow task that is not done. More than one attempt: the saga's own code fails or is away."""

    attempt: int
    started: bool = False
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the run closed, as its last event says."""

    failed: Failed | None = None
    blamed_id: int = 0
    """Scheduled id of the step whose failure ended the saga; 0: the failure names none."""
    blamed_type: str = ""
    by: str = ""
    """Who terminated or cancelled it, and why."""
    next_run: str = ""
    """Run that the engine itself started after it: continued as new, or the saga's own retry policy."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """What DescribeWorkflowExecution adds to the history."""

    workflow_id: str
    run_id: str
    workflow_type: str
    status: RunStatus
    current_run_id: str
    """The newest run of this workflow id."""
    reset_run_id: str = ""
    """The run that a reset of this one made: somebody redrove it."""
    started_at: datetime | None = None
    closed_at: datetime | None = None
    history_length: int = 0
    cancel_requested: bool = False
    pending: tuple[PendingStep, ...] = ()
    pending_children: tuple[RunRef, ...] = ()
    workflow_task: PendingTask | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SagaRun:
    """One run of a saga: all that a diagnosis looks at."""

    described: Described
    steps: tuple[StepRun, ...] = ()
    """In the order in which they were decided."""
    resets: tuple[Reset, ...] = ()
    received: tuple[Received, ...] = ()
    timers_open: int = 0
    task_failed: str = ""
    """Why its own code cannot go on; empty: its last workflow task succeeded."""
    earlier: tuple[StepRun, ...] = ()
    """What the runs did that continued as this one, where somebody has read them (`carry_on`)."""
    workflow_tasks: tuple[int, ...] = ()
    """Ids of the completed workflow tasks that decided a step: the only reset points that exist."""
    ending: Ending | None = None
    continued_from: str = ""
    """Run that continued as this one: steps done there are not in this history."""
    first_run: str = ""
    last_event_id: int = 0
    progress_at: datetime | None = None
    """When a step was last done, or the run began (again)."""
    facts: dict[str, str] = field(default_factory=dict)
    unreadable: str = ""
    """Why this history must not be believed; empty: it is whole."""

    @property
    def ref(self) -> RunRef:
        """This run's name."""
        seen = self.described
        return RunRef(workflow_id=seen.workflow_id, run_id=seen.run_id, workflow_type=seen.workflow_type)
