"""What the team reads about a week's test of paging: who could not be reached on which channel (issue 5 §6)."""

from collections.abc import Iterator

from incident.model.effects import Post
from incident.model.outcomes import Delivery
from incident.model.severity import Severity
from incident.model.weekly_test import WeeklyReport

MOST_LINES = 40
"""Beyond them a number: `incidents doctor` tells all."""


def post_of(report: WeeklyReport) -> Post:
    """One message a week, whatever came of it: silence would look like success."""
    name = report.week.name
    told = [*failures(report), *(f"not tested: {why}" for why in report.left_out)]
    more = [f"and {len(told) - MOST_LINES} more"] if len(told) > MOST_LINES else []
    return Post(
        key=f"weekly-test/{name}/told",
        incident_id=f"weekly-test-{name}",
        title=f"weekly test of paging, {name}: {summary(report)}",
        lines=(*told[:MOST_LINES], *more),
        severity=Severity.SEV3,
    )


def summary(report: WeeklyReport) -> str:
    """`7 of 7 ways took it`."""
    tried, failed = len(report.deliveries), len(report.failed)
    return f"{tried - failed} of {tried} ways took it" if tried else "nobody was tested"


def failures(report: WeeklyReport) -> Iterator[str]:
    """`ana could not be reached by mail-2: refused (…)`, without an address."""
    return (_failure(delivery) for delivery in report.failed)


def _failure(delivery: Delivery) -> str:
    why = f" ({delivery.why})" if delivery.why else ""
    return f"{delivery.person} could not be reached by {delivery.channel}: {delivery.outcome}{why}"
