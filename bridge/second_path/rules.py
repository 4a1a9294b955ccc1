"""When the second path pages, and for what: pure, with the runbook's own page policy (runbook §1)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from bridge.second_path.missed import Missed
from incident.model.response_policy import ResponsePolicy

Group = tuple[Missed, ...]
"""Subjects that share a page: an outage of ours is one thing to wake somebody for, however much fires meanwhile."""


def groups_due(waiting: Iterable[Missed], policy: ResponsePolicy, after: timedelta, now: datetime) -> list[Group]:
    """For whom somebody must be woken now, by domain; a domain that was paged within the last minute waits for it."""
    rows = list(waiting)
    recent = {m.domain for m in rows if m.paged_at and now - m.paged_at < policy.same_page_within}
    due = sorted((m for m in rows if is_due(m, policy, after, now)), key=lambda m: (m.domain, m.severity, m.since))
    return [tuple(group) for domain, group in groupby(due, key=lambda m: m.domain) if domain not in recent]


def is_due(missed: Missed, policy: ResponsePolicy, after: timedelta, now: datetime) -> bool:
    """Has it waited long enough, for the first page, or since the last one?"""
    if missed.cleared or missed.acked or missed.sending or not policy.pages_at(missed.severity, now):
        return False
    return now >= _due_at(missed, policy, after)


def _due_at(missed: Missed, policy: ResponsePolicy, after: timedelta) -> datetime:
    """Hourly while it lasts (runbook §1); sooner where nobody could be reached."""
    if missed.paged_at is None:
        return missed.since + after
    reached = missed.reached and missed.reached[-1].at >= missed.paged_at
    return missed.paged_at + (policy.repage_every if reached else policy.retry_undelivered_page_after)


def unfinished(waiting: Iterable[Missed]) -> Iterator[Group]:
    """Pages of a bridge that died while it sent them, whoever gave one its key first: they are taken up again."""
    rows = sorted((m for m in waiting if m.sending), key=lambda m: (m.page_key, not m.page_key.startswith(m.key + "/")))
    for _, group in groupby(rows, key=lambda m: m.page_key):
        yield tuple(group)
