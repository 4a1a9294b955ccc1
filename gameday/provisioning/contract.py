"""What the platform's parts say to each other: names, inputs, search attributes.

Loaded by workflow code, so it imports nothing but words. It is somebody else's code as far as the product goes: plain
dataclasses in Temporal's default JSON, and no word of ours in them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy, SearchAttributeKey

NAMESPACE = "provisioning"
TASK_QUEUE = "provisioning"
WORKFLOW_TYPE = "ProvisionTenant"
REGION_TYPE = "ProvisionRegion"
CRON_TYPE = "ReconcileProvisioning"
SCHEDULE_ID = "reconcile-provisioning"

JOB = SearchAttributeKey.for_keyword("ProvisioningJob")
CUSTOMER = SearchAttributeKey.for_keyword("ProvisioningCustomer")
NEEDS_HUMAN = SearchAttributeKey.for_bool("NeedsHuman")
SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (JOB, CUSTOMER, NEEDS_HUMAN)

STEPS = ("reserve_deployment", "set_quota", "create_database", "create_dns", "activate_billing", "send_welcome")
"""Activity types, in the order a sequential saga runs them."""
UNDO = {
    "reserve_deployment": "release_deployment",
    "create_database": "drop_database",
    "create_dns": "remove_dns",
    "activate_billing": "cancel_billing",
}
"""What takes a step back. Not the quota: what was paid stays paid. Not the mail: it has been read."""
NOTE = "note"
"""An activity that touches nothing: it makes histories long."""

HEADERS = {
    "job": "x-provisioning-job",
    "plan": "x-provisioning-plan",
    "run": "x-provisioning-run",
    "attempt": "x-provisioning-attempt",
    "key": "idempotency-key",
}
"""What a step tells the providers about itself, by its name in the ledger."""


@dataclass(frozen=True)
class Patience:
    """How long a step is tried before the saga gives it up. Seconds."""

    attempts: int = 3
    attempt_s: float = 2.0
    first_wait_s: float = 0.2
    longest_wait_s: float = 60.0
    total_s: float = 60.0
    """All attempts and waits of one step."""
    heartbeat_s: float | None = None
    """`create_database` sends heartbeats, and is given up when none came for so long. None: it sends none."""

    @property
    def policy(self) -> RetryPolicy:
        return RetryPolicy(
            initial_interval=timedelta(seconds=self.first_wait_s),
            maximum_interval=timedelta(seconds=max(self.first_wait_s, self.longest_wait_s)),
            maximum_attempts=self.attempts,
        )


@dataclass(frozen=True)
class Resume:
    """Where an earlier run of the same job got to."""

    step: str
    """Run this one, and what is after it."""
    results: dict[str, str] = field(default_factory=dict)
    """Of the steps that are done, which are not run again."""


@dataclass(frozen=True)
class Order:
    """The saga's input: what was bought, and in which shape it is provisioned."""

    job: str
    customer: str
    plan: str
    paid_gb: int | None = None
    """None: the caller did not say, and the quota is provisioned without an amount, which sets it to 0."""
    shape: str = "sequential"
    keyed: bool = False
    """Every call carries an `Idempotency-Key` that is the same for all runs of the job."""
    resume_from: Resume | None = None
    patience: Patience = Patience()
    resumable: bool = False
    """Honours `resume_from`; shape `resume_from` always does. A saga that was not written for it ignores it."""
    amount: str = "input"
    """Where `set_quota` gets the amount: `input`, or `handover`: the checkout tells it to the first run alone."""
    regions: tuple[str, ...] = ("eu", "us")
    """Shape `children`: one child workflow each."""
    notes: int = 0
    """Shape `long`: how many `note` activities stand between `set_quota` and `create_database`. Three events each."""
    naps: int = 0
    """Shape `long`: how many timers stand there. Two events each, and much faster to make than notes."""
    carried: dict[str, str] = field(default_factory=dict)
    """Results from before it continued as new. Not for callers."""


@dataclass(frozen=True)
class RegionOrder:
    """Input of the child workflow for one region."""

    order: Order
    region: str
    deployment: str


@dataclass(frozen=True)
class StepInput:
    """Input of every step. What a step does not need is empty."""

    job: str
    customer: str
    plan: str
    key: str = ""
    paid_gb: int | None = None
    handover: bool = False
    deployment: str = ""
    region: str = ""
    heartbeat_s: float | None = None


@dataclass(frozen=True)
class CronInput:
    """How the naive cron re-drives."""

    how: str = "restart"
    """`restart`: a new run of the same id, from what visibility knows: job, customer, plan. `reset`: to the first
    workflow task."""
    patience: Patience = Patience()


def workflow_id(job: str) -> str:
    return f"provision-{job}"


def step_input(order: Order, name: str, deployment: str = "", region: str = "") -> StepInput:
    """Billing enforces keys, and always gets one; the others only where the saga was written with keys."""
    key = "/".join(part for part in (order.job, name, region) if part)
    return StepInput(
        job=order.job,
        customer=order.customer,
        plan=order.plan,
        key=key if order.keyed or name == "activate_billing" else "",
        paid_gb=order.paid_gb if order.amount == "input" else None,
        handover=order.amount == "handover",
        deployment=deployment,
        region=region,
        heartbeat_s=order.patience.heartbeat_s if name == "create_database" else None,
    )
