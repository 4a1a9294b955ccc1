"""What an organisation tells us about its provisioning saga: data only, written in the runbook (issue 4 §1).

Nothing here is read from the engine. What the engine says is a `SagaRun`; these words say what it means: which step may
be repeated and why, how to see whether it happened, and what the saga itself offers when it is stuck. A step that is
not described here is never safe.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from incident.model.playbook import Approval


class Where(StrEnum):
    """Where a saga keeps a fact about itself."""

    INPUT = "input"
    MEMO = "memo"
    SEARCH_ATTRIBUTE = "search_attribute"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One fact's address. `path` goes into JSON: `order.customer`; empty: the value itself."""

    where: Where
    name: str = ""
    """Key of the memo or search attribute. For the input: which argument, `0` when empty."""
    path: str = ""


class Repeat(StrEnum):
    """May the step run twice? The answer is about the provider, not about the code that calls it."""

    KEYED = "keyed"
    """The provider enforces a key made of business identity (job and step). Never of a run id, `workflow.uuid4()` or
    a side effect: a reset draws those anew (temporal-guide §6.3, guard 1)."""
    HARMLESS = "harmless"
    """It sets what is already set, or only looks."""
    UNSAFE = "unsafe"


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A question to the provider by business key. Which client asks it is the shell's business: `name` chooses."""

    name: str
    key: str
    """Template over the facts: `{customer}`, `{job}`, `{plan}`."""
    means: str = ""
    """What a hit says, in plain words: "a deployment carries this customer's key"."""
    result: str = ""
    """Path in the answer to what the step would have returned; empty: the answer itself."""
    agrees: tuple[tuple[str, str], ...] = ()
    """Pairs of a path in the answer and the fact it has to equal: `("paid_gb", "paid")`. Where it does not, something
    stands there that this step did not make, and nobody can tell from here what happened."""


@dataclass(frozen=True, kw_only=True)
class StepKnowledge:
    """What is known about one activity type of the saga (issue 4 §1)."""

    activity: str
    name: str
    """In plain words: "create the tenant's database"."""
    repeat: Repeat = Repeat.UNSAFE
    why: str = ""
    """Why repeating is safe, or what a repetition would do."""
    reconcile: Lookup | None = None
    """Did it happen?"""
    verify: Lookup | None = None
    """Did it work?"""
    undone_by: str = ""
    """Activity type that takes it back."""
    did_nothing: tuple[str, ...] = ()
    """Application failure types that prove the provider did nothing (`Rejected`, `InvalidPlan`)."""
    may_have_done: tuple[str, ...] = ()
    """Application failure types after which even a keyed step counts as "perhaps done" (`AnswerLost`)."""
    needs: tuple[str, ...] = ()
    """Facts without which running it does harm: a quota without what was paid is set to 0 (runbook §3.1)."""
    needs_result: bool = True
    """Later steps need what it returned: it cannot be called done without that."""


@dataclass(frozen=True, kw_only=True)
class ChildKnowledge:
    """A child workflow of the saga. Running it again runs every step inside it again."""

    workflow_type: str
    name: str
    rerun_safe: bool = False
    why: str = ""
    reconcile: Lookup | None = None
    verify: Lookup | None = None
    undone_by: str = ""


class Via(StrEnum):
    UPDATE = "update"
    SIGNAL = "signal"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What the saga can be told. Templates: `{step}` `{job}` `{customer}` `{plan}`, and `{result}` as JSON."""

    via: Via
    name: str
    payload: dict[str, str] | str = ""
    """One JSON object, or one bare value. Empty: no argument."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """The saga says something of itself: `NeedsHuman` equals `true`."""

    source: Source
    equals: str


@dataclass(frozen=True, kw_only=True)
class RetryOffer:
    """The saga parks instead of failing and can be told what to do: the safest move (temporal-guide §6.2 (0))."""

    retry: Message
    skip: Message | None = None
    """"It did happen, here is its result: go on.\""""
    parked: Sign | None = None
    """None: it is parked when it runs, its last step failed, and nothing is under way."""


class ResumeShape(StrEnum):
    FIRST_STEP = "first_step"
    """The field holds the type of the first step to run; everything before it in `order` is skipped."""
    DONE_RESULTS = "done_results"
    """The field holds an object, done step → its result; those are skipped, whatever their order."""


@dataclass(frozen=True, kw_only=True)
class ResumeFrom:
    """The saga can be started anew in the middle. `order` is the order of its steps and children; empty: as listed."""

    input_field: str
    shape: ResumeShape = ResumeShape.FIRST_STEP
    order: tuple[str, ...] = ()
    results_field: str = ""
    """For `FIRST_STEP`: the field that carries the results of what is skipped; empty: the saga needs none."""
    only_where: "Sign | None" = None
    """Not every version of a saga can: only a run that says so may be started anew in the middle. None: all can."""


@dataclass(frozen=True, kw_only=True)
class WorldLookups:
    """What is asked of the providers after a re-drive, by customer. What cannot be asked is never called verified."""

    deployments: Lookup | None = None
    """All of the customer's deployments: there must be exactly one."""
    quota: Lookup | None = None
    tenant: Lookup | None = None
    """Answers 200 when the tenant works."""


@dataclass(frozen=True, kw_only=True)
class StuckRules:
    """When a running job counts as stuck (runbook §3.1)."""

    without_progress: timedelta = timedelta(minutes=15)
    attempts: int = 8


@dataclass(frozen=True, kw_only=True)
class SagaKnowledge:
    """Everything the runbook says about one saga."""

    workflow_type: str
    steps: tuple[StepKnowledge, ...]
    """In the order in which the saga runs them; what undoes a step may be listed anywhere."""
    children: tuple[ChildKnowledge, ...] = ()
    customer: Source | None = None
    job: Source | None = None
    plan: Source | None = None
    paid: Source | None = None
    """What was paid for: the quota must equal it in the end."""
    world: WorldLookups = WorldLookups()
    offer: RetryOffer | None = None
    resume_from: ResumeFrom | None = None
    cron_redrives: bool = True
    """`reconcile-provisioning` drives stuck jobs by itself: it must be paused while we work."""
    stuck: StuckRules = StuckRules()
    sla: timedelta = timedelta(hours=1)
    """How long provisioning may take before the customer is told."""
    jobs_at_once: int = 2
    attempts_per_step: int = 2
    """Re-drives of one step; then it is handed over."""
    approval: Approval = Approval.APPROVAL
    """`automatic` is honoured only for a keyed step when nothing else runs; it never lowers what a case demands."""

    def step(self, activity: str) -> StepKnowledge | None:
        """None: unknown, and so never safe."""
        return next((step for step in self.steps if step.activity == activity), None)

    def child(self, workflow_type: str) -> ChildKnowledge | None:
        return next((child for child in self.children if child.workflow_type == workflow_type), None)

    @property
    def compensations(self) -> frozenset[str]:
        """Types that take something back."""
        undoers = [*(step.undone_by for step in self.steps), *(child.undone_by for child in self.children)]
        return frozenset(filter(None, undoers))

    @property
    def sources(self) -> dict[str, Source]:
        """Every fact worth reading, by the name it gets in `SagaRun.facts`."""
        parked = self.offer.parked if self.offer else None
        named = {"customer": self.customer, "job": self.job, "plan": self.plan, "paid": self.paid}
        named[PARKED] = parked.source if parked else None
        can = self.resume_from.only_where if self.resume_from else None
        named[RESUMABLE] = can.source if can else None
        return {name: source for name, source in named.items() if source}


PARKED, RESUMABLE = "parked", "resumable"
"""Names under which those signs stand in `SagaRun.facts`."""
