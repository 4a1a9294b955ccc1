"""Sagas in the shapes real ones have, each stopped somewhere: what the tables of the tests are made of."""

from temporalio.api.failure.v1 import Failure

from saga.run import RunStatus
from tests.saga.events import History, by_code, by_reset, by_time

BEFORE = ("reserve", "mint", "set_quota")


def up_to(*steps: str) -> History:
    history = History()
    for step in steps:
        history.step(step, {"id": "dpl_8812"} if step == "mint" else "ok")
    return history


def failing(
    step: str = "create_database",
    before: tuple[str, ...] = BEFORE,
    failure: Failure | None = None,
    attempts: int = 1,
    last: Failure | None = None,
) -> tuple[History, int]:
    """Everything before it is done; it has failed. `last`: how the attempt before ended."""
    history = up_to(*before)
    history.task()
    number = history.schedule(step)
    history.fail(number, failure, attempts, last)
    return history, number


def sequential(step: str = "create_database", **more: object) -> History:
    history, number = failing(step, **more)
    return history.ended(blame=number)


def sequential_unnamed() -> History:
    """The saga swallows the cause and raises its own error."""
    return failing()[0].ended()


def retried_by_itself() -> History:
    """The saga's own loop scheduled the step twice."""
    history, _ = failing()
    history.task()
    again = history.schedule("create_database")
    history.fail(again)
    return history.ended(blame=again)


def tolerated_before() -> History:
    """An optional step failed early; the saga went on and fell over another."""
    history = up_to("reserve")
    history.task()
    history.fail(history.schedule("dns"))
    history.task()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def parallel() -> History:
    """`gather(mint, create_database)`: one done, one failed (engine.md §5, second row)."""
    history = up_to("reserve")
    task = history.task()
    mint, database = history.schedule("mint", task), history.schedule("create_database", task)
    history.done(mint, {"id": "dpl_8812"})
    history.fail(database)
    return history.ended(blame=database)


def parallel_open() -> History:
    """The sibling was still under way when the saga gave up."""
    history = up_to("reserve")
    task = history.task()
    history.schedule("mint", task)
    database = history.schedule("create_database", task)
    history.fail(database)
    return history.ended(blame=database)


def redispatched() -> History:
    """Another branch's step was open when the failed one was decided: a reset sends it out again (guide §6.1)."""
    history = up_to("reserve")
    history.task()
    quota = history.schedule("set_quota")
    history.add("workflow_execution_signaled", signal_name="paid")
    task = history.task()
    database = history.schedule("create_database", task)
    history.done(quota)
    history.fail(database)
    return history.ended(blame=database)


def later_branch() -> History:
    """Another branch went on after the failed step was decided."""
    history = up_to("reserve")
    task = history.task()
    database = history.schedule("create_database", task)
    history.add("workflow_execution_signaled", signal_name="paid")
    quota = history.schedule("set_quota", history.task())
    history.done(quota)
    history.fail(database)
    return history.ended(blame=database)


def compensated(by: str = "release") -> History:
    """The saga gave back the reservation before it failed (engine.md §5, third row)."""
    history, number = failing()
    history.step(by)
    return history.ended(blame=number)


def cleaned_up() -> History:
    """It dropped only the half-made database."""
    return compensated("drop_database")


def compensation_failed() -> History:
    """The compensation's own failure ended the saga."""
    history, _ = failing()
    history.task()
    release = history.schedule("release")
    history.fail(release)
    return history.ended(blame=release)


def compensated_and_tried_again() -> History:
    """An earlier round was taken back whole; the second round failed without compensation."""
    history, _ = failing(before=("reserve",))
    history.step("release")
    history.step("reserve")
    history.task()
    again = history.schedule("create_database")
    history.fail(again)
    return history.ended(blame=again)


def local_before() -> History:
    """A local activity ran in the task that decided the failed step: a reset runs it again."""
    history = up_to("reserve")
    history.task()
    history.local("set_quota")
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def local_failed(beside: bool = False) -> History:
    """The failed step is itself a local activity; its failure is not wrapped (seen live)."""
    history = up_to("reserve", "mint")
    history.task()
    if beside:
        history.local("set_quota")
    history.local("create_database", failure=by_code())
    history.add(
        "workflow_execution_failed", failure=by_code(), workflow_task_completed_event_id=len(history.events) - 1
    )
    history.status = RunStatus.FAILED
    return history


def child_failed(kind: str = "Region") -> History:
    """The failed step is inside a child workflow."""
    history = up_to("reserve")
    history.task()
    history.child_failed(history.child(kind))
    return history.ended()


def child_beside() -> History:
    """A child that was decided by the same task."""
    history = up_to("reserve")
    task = history.task()
    database, child = history.schedule("create_database", task), history.child("Region", task=task)
    history.child_done(child)
    history.fail(database)
    return history.ended(blame=database)


def side_effect_beside() -> History:
    """A value was drawn in the same task: a key perhaps, and a reset draws another."""
    history = up_to("reserve")
    history.task()
    history.marker("SideEffect")
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def timed_out(step: str, which: str, attempts: int = 1) -> History:
    history = up_to(*BEFORE[: BEFORE.index(step)] if step in BEFORE else BEFORE)
    history.task()
    number = history.schedule(step)
    history.time_out(number, which, attempts)
    return history.ended(blame=number, failure=by_time(which))


def never_taken(cause: bool = False) -> History:
    """No worker took it: it did not happen. With a cause, an attempt before it did run (seen live)."""
    history = up_to("reserve")
    history.task()
    number = history.schedule("mint")
    history.time_out(number, "queue", cause=by_code("Rejected") if cause else None)
    return history.ended(blame=number, failure=by_time("queue"))


def lost_by_reset() -> History:
    """It ran when somebody reset the saga; the engine failed it in the new run."""
    history = up_to("reserve")
    history.task()
    number = history.schedule("create_database")
    history.start(number)
    history.reset("run-0", "run-1")
    history.add("activity_task_failed", scheduled_event_id=number, failure=by_reset())
    return history.ended(blame=number, failure=by_reset())


def open_when(ending: str, step: str = "create_database") -> History:
    """The run was cut off while the step was under way."""
    history = up_to("reserve")
    history.task()
    history.schedule(step)
    return getattr(history, ending)()


def failed_after_reset() -> History:
    """Somebody reset it before; the copied events are part of this history, and it failed again."""
    history = up_to("reserve", "mint")
    history.reset("run-0", "run-1")
    history.task()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def parked(step: str = "create_database", failure: str = "DbError") -> History:
    """It failed, and the saga waits instead of ending."""
    history, _ = failing(step, BEFORE[: BEFORE.index(step)] if step in BEFORE else BEFORE, failure=by_code(failure))
    history.task()
    return history
