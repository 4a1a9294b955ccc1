"""How the second path stands: lines for `/readyz` and `incidents doctor`, numbers for `/metrics`."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.second_path.path import SecondPath
from bridge.second_path.standstill import Queue
from bridge.second_path.wording import WHAT, clock

SHOWN = 20
NO_WORKER = "no worker has asked for work in the last 90 s"


def standing(queue: Queue | None, path: SecondPath) -> Iterator[str]:
    """What is not as it should be, a line each; nothing: all is well."""
    if queue and not queue.worker_seen:
        yield f"{NO_WORKER}; {queue.waiting} tasks wait, the oldest for {queue.oldest_waits.total_seconds():.0f} s"
    waiting = path.remembered.all()
    for missed in waiting[:SHOWN]:
        paged = f"paged at {clock(missed.paged_at)}" if missed.paged_at else "nobody paged yet"
        yield f"second path: {WHAT[missed.away]} for {missed.incident} since {clock(missed.since)}, {paged}"
    if len(waiting) > SHOWN:
        yield f"second path: and {len(waiting) - SHOWN} more"
    if path.remembered.lost:
        yield f"second path: {path.remembered.lost}"


class Counted(Collector):
    """`queue` answers what the watch saw last; None: the engine did not answer."""

    def __init__(self, queue: Callable[[], Queue | None], path: SecondPath) -> None:
        self._queue, self._path = queue, path

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        queue = self._queue()
        waiting = len(self._path.remembered.all())
        yield _gauge("second_path_waiting", "Alert subjects the orchestrator lacks", waiting)
        yield _gauge("worker_seen", "A worker polls: 1 yes, 0 no or not known", bool(queue and queue.worker_seen))
        oldest = queue.oldest_waits.total_seconds() if queue else 0.0
        yield _gauge("oldest_task_seconds", "How long the oldest task has waited, in seconds", oldest)
        pages = CounterMetricFamily(
            "incidents_bridge_second_path_pages", "Pages of the second path", labels=["came_of"]
        )
        for came_of, count in self._path.pages_sent.items():
            pages.add_metric([came_of], count)
        yield pages


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"incidents_bridge_{name}", what, value=value)
