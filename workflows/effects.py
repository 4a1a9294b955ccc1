"""The hinge: each effect becomes one activity, with its queue and its patience, and comes back as an outcome.

No outcome is ever an exception: an effect that fails is another thing that happened, for the decider to judge.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, assert_never

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    TimeoutType,
    WorkflowAlreadyStartedError,
)
from temporalio.exceptions import TimeoutError as NoAnswer

from activities.chatting import ChatActivities
from activities.looking import LookingActivities
from activities.mailing import MailingActivities
from activities.paging import PagingActivities
from activities.pulling import LeverActivities
from activities.records import RecordActivities
from activities.runbook import RunbookActivities
from activities.settling import SettlingActivities
from activities.status_page import StatusPageActivities
from incident.model.customers import Fate
from incident.model.effects import (
    ApplyLever,
    Brief,
    ConsultRunbook,
    Effect,
    Look,
    MailCustomers,
    Page,
    PlanLever,
    Post,
    SetStatusPage,
    Settle,
    ShowCard,
    WriteRecord,
)
from incident.model.lever import LeverOutcome, LeverReport
from incident.model.outcomes import (
    CardFailed,
    CustomersMailed,
    LeverApplied,
    LeverPlanFailed,
    LookFailed,
    Outcome,
    PageFailed,
    PostFailed,
    RecordFailed,
    SettleFailed,
    StatusPageNotSet,
)
from incident.policy.texts import short
from saga.asking import PLAN, RedriveAsk
from workflows.contract import BACKGROUND_QUEUE, PATIENT_QUEUE

UNTIL_IT_WORKS = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
A_FEW_TIMES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4)
STALE_AFTER = timedelta(seconds=60)
"""A page nobody took for so long may no longer be true: it comes back to be decided on anew (design §6)."""
SILENT_FOR = timedelta(seconds=60)
"""A worker that gave no sign of life for so long is dead: another one looks on. Each sign is a write to the engine's
disk, and hundreds of incidents may be looking at once: more often would slow everybody's pages."""
ITS_TURN = timedelta(seconds=110)
"""Of one page, all its people and their ways included; the activity itself gives up before (`activities/paging.py`)."""
NO_SIGN_OF_A_PAGE = timedelta(seconds=8)
"""A worker that fell silent with a page in its hands: another one asks the providers and goes on."""
SLOWEST_MAIL = timedelta(minutes=2)
"""One mail at a server that takes its time for each answer; each is a sign of life."""


async def carry_out(effect: Effect) -> Outcome:  # noqa: C901 - one row per effect: a table
    """Do it, and say what came of it."""
    match effect:
        case ConsultRunbook():
            return await _run(RunbookActivities.consult_runbook, effect, f"consult the runbook on {effect.alert.name}")
        case Page():
            return await _page(effect)
        case Settle():
            return await _settle(effect)
        case Post():
            return await _post(effect)
        case Brief():
            return await _brief(effect)
        case ShowCard():
            return await _show(effect)
        case Look():
            return await _look(effect)
        case ApplyLever() if effect.plan.procedure:
            return await _carry_out_procedure(effect)
        case PlanLever() | ApplyLever():
            return await _pull(effect)
        case WriteRecord():
            return await _record(effect)
        case MailCustomers():
            return await _mail(effect)
        case SetStatusPage():
            return await _status_page(effect)
    assert_never(effect)


async def _run(
    activity: Callable[[Any, Any], Awaitable[Outcome]], effect: Effect, summary: str, **options: Any
) -> Outcome:
    """On the hot queue, until it works, unless `options` say otherwise."""
    patience: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10), "retry_policy": UNTIL_IT_WORKS}
    return await workflow.execute_activity_method(activity, effect, summary=short(summary), **(patience | options))


async def _page(effect: Page) -> Outcome:
    try:
        return await _run(
            PagingActivities.page,
            effect,
            f"page {effect.number} to {effect.audience}: {effect.because}",
            start_to_close_timeout=ITS_TURN,
            heartbeat_timeout=NO_SIGN_OF_A_PAGE,
            schedule_to_start_timeout=STALE_AFTER,
            retry_policy=A_FEW_TIMES,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
    except ActivityError as error:
        if isinstance(error.cause, CancelledError):
            return PageFailed(number=effect.number, why="overtaken while it was on its way", late=True)
        return PageFailed(number=effect.number, why=_why(error), late=_never_begun(error))


async def _settle(effect: Settle) -> Outcome:
    try:
        return await _run(
            SettlingActivities.settle,
            effect,
            f"tell those who ring that it is {effect.standing}",
            task_queue=BACKGROUND_QUEUE,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        return SettleFailed(standing=effect.standing, why=_why(error))


async def _post(effect: Post) -> Outcome:
    try:
        return await _run(
            ChatActivities.post,
            effect,
            f"say in the thread: {effect.title.partition(': ')[2]}",
            task_queue=BACKGROUND_QUEUE,
            start_to_close_timeout=timedelta(seconds=15),
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        return PostFailed(key=effect.key, title=effect.title, why=_why(error))


async def _show(effect: ShowCard) -> Outcome:
    try:
        return await _run(
            ChatActivities.show_card,
            effect,
            f"bring the live card up to date: {effect.card.title.partition(': ')[2]}",
            task_queue=BACKGROUND_QUEUE,
            start_to_close_timeout=timedelta(seconds=15),
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        return CardFailed(number=effect.number, why=_why(error))


async def _brief(effect: Brief) -> Outcome:
    look = f", look: {', '.join(effect.look.checks)}" if effect.look else ""
    return await _run(
        LookingActivities.brief,
        effect,
        f"open the thread{look}",
        task_queue=BACKGROUND_QUEUE,
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=SILENT_FOR,
    )


async def _look(effect: Look) -> Outcome:
    try:
        return await _run(
            LookingActivities.look,
            effect,
            _what_is_looked_for(effect),
            task_queue=PATIENT_QUEUE,
            start_to_close_timeout=effect.patience + effect.every * effect.greens + timedelta(minutes=2),
            heartbeat_timeout=SILENT_FOR,
        )
    except ActivityError as error:
        return LookFailed(number=effect.number, purpose=effect.purpose, why=_why(error))


def _what_is_looked_for(effect: Look) -> str:
    """`watch until one changes: ready_probe (bad), self_heal (ok+acting)`: a reader sees where it stood then."""
    checks = [f"{name} ({effect.known[name]})" if name in effect.known else name for name in effect.checks]
    return ("watch until one changes: " if effect.patience else "look: ") + ", ".join(checks)


async def _pull(effect: PlanLever | ApplyLever) -> Outcome:
    patience: dict[str, Any] = {
        "task_queue": BACKGROUND_QUEUE,
        "start_to_close_timeout": timedelta(seconds=40),
        "retry_policy": A_FEW_TIMES,
    }
    if isinstance(effect, PlanLever):
        try:
            summary = f"plan {effect.lever}, because {effect.because}" if effect.because else f"plan {effect.lever}"
            return await _run(LeverActivities.plan_lever, effect, summary, **patience)
        except ActivityError as error:
            return LeverPlanFailed(lever=effect.lever, why=_why(error))
    try:
        summary = f"apply {effect.proposal}, approved by {', '.join(effect.approved_by)}: {effect.plan.would}"
        patience["schedule_to_start_timeout"] = effect.within
        return await _run(LeverActivities.apply_lever, effect, summary, **patience)
    except ActivityError as error:
        # What nobody took in time was never begun: the yes is too old, and the plan is made anew.
        outcome = LeverOutcome.HELD if _never_begun(error) else LeverOutcome.FAILED
        report = LeverReport(lever=effect.plan.lever, outcome=outcome, detail=_why(error))
        return LeverApplied(proposal=effect.proposal, report=report)


async def _carry_out_procedure(effect: ApplyLever) -> Outcome:
    """A child workflow, one at a time for its target across all incidents. It outlives us, to let go of the cron."""
    name = f"redrive-{effect.plan.target}"
    ask = RedriveAsk(
        holder=name,
        incident=effect.incident_id,
        plan=PLAN.validate_python(effect.plan.carries),
        approved_by=effect.approved_by,
        patience=effect.patience,
        every=effect.every,
    )
    try:
        report = await workflow.execute_child_workflow(
            effect.plan.procedure,
            ask,
            id=name,
            result_type=LeverReport,
            static_summary=short(f"{effect.proposal}: {effect.plan.would}"),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
    except WorkflowAlreadyStartedError:
        why = f"{name} is under way already: one at a time"
        report = LeverReport(lever=effect.plan.lever, outcome=LeverOutcome.HELD, detail=why)
    except ChildWorkflowError as error:
        why = f"{name} ended without an answer ({short(str(error.cause or error))}): a person has to look"
        report = LeverReport(lever=effect.plan.lever, outcome=LeverOutcome.FAILED, detail=why)
    return LeverApplied(proposal=effect.proposal, report=report)


async def _record(effect: WriteRecord) -> Outcome:
    """Never for ever: a full disk is a fact people must hear of, and a new run must not wait for it."""
    try:
        return await _run(
            RecordActivities.write_record,
            effect,
            f"write the record ({effect.reason})",
            task_queue=BACKGROUND_QUEUE,
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        return RecordFailed(reason=effect.reason, why=_why(error))


def _never_begun(error: ActivityError) -> bool:
    return isinstance(error.cause, NoAnswer) and error.cause.type is TimeoutType.SCHEDULE_TO_START


async def _mail(effect: MailCustomers) -> Outcome:
    """Its own ledger makes a second attempt safe; where no answer came at all, nobody knows what went out."""
    try:
        return await _run(
            MailingActivities.mail_customers,
            effect,
            f"mail version {effect.version} to {len(effect.customers)} customers",
            task_queue=BACKGROUND_QUEUE,
            start_to_close_timeout=timedelta(minutes=2) + SLOWEST_MAIL * len(effect.customers),
            heartbeat_timeout=SILENT_FOR + SLOWEST_MAIL,
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        fate = Fate.UNREACHABLE if isinstance(error.cause, ApplicationError) else Fate.UNKNOWN
        return CustomersMailed(version=effect.version, fates=dict.fromkeys(effect.customers, fate), why=_why(error))


async def _status_page(effect: SetStatusPage) -> Outcome:
    try:
        return await _run(
            StatusPageActivities.set_status_page,
            effect,
            f"status page: {effect.notice.state}",
            task_queue=BACKGROUND_QUEUE,
            start_to_close_timeout=timedelta(seconds=40),
            retry_policy=A_FEW_TIMES,
        )
    except ActivityError as error:
        for_good = isinstance(error.cause, ApplicationError) and error.cause.non_retryable
        return StatusPageNotSet(number=effect.number, why=_why(error), for_good=for_good)


def _why(error: ActivityError) -> str:
    """The reason at the bottom of it, in one line."""
    cause = error.cause or error
    if isinstance(cause, NoAnswer):
        return f"no answer in time ({cause.type.name.lower() if cause.type is not None else 'timeout'})"
    return short(getattr(cause, "message", "") or str(cause), 400)
