"""Ten thousand events are read and judged in under two seconds and little memory (issue 4 §5)."""

import time
import tracemalloc

from saga.diagnosis import Case, diagnose
from saga.history import read
from tests.saga.events import LATER, History, payloads
from tests.saga.known import KNOWN

EVENTS = 10_000
BIG = "x " * 5_000


def long_history() -> History:
    """A saga that has done much, with large results, and then fails."""
    history = History()
    while len(history.events) < EVENTS - 20:
        history.step("reserve", {"id": f"dpl_{len(history.events)}"}, given={"n": len(history.events)})
    history.task()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def test_ten_thousand_events_are_judged_in_under_two_seconds():
    """Results of ten kilobytes each included; about half a second on an idle core."""
    history = long_history()
    for event in history.events:
        if event.HasField("activity_task_completed_event_attributes"):
            event.activity_task_completed_event_attributes.result.CopyFrom(payloads(BIG))
    seen = history.seen()
    began = time.process_time()
    found = diagnose(read(history.events, seen, KNOWN.sources), KNOWN, LATER)
    took = time.process_time() - began

    assert found.case is Case.ONLY_TARGET
    assert took < 2.0


def test_large_payloads_do_not_stay_in_memory():
    """Ten thousand events of ten kilobytes each pass by; what is kept is small."""
    history = long_history()
    seen = history.seen(history_length=0)

    def passing():
        """One event at a time, as pages do: nobody else holds it."""
        for event in history.events:
            copy = type(event)()
            copy.CopyFrom(event)
            if copy.HasField("activity_task_completed_event_attributes"):
                copy.activity_task_completed_event_attributes.result.CopyFrom(payloads(BIG))
            yield copy

    tracemalloc.start()
    run = read(passing(), seen, KNOWN.sources)
    diagnose(run, KNOWN, LATER)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 32_000_000
