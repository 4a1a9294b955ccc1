"""Pages that went out while the orchestrator could not send any: by the bridge's second path."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

MOST_NAME = 100
"""Characters of a channel's name, and of a person's key."""
MOST = 20
"""How many of them travel with an alert: the first, and the newest."""


@dataclass(frozen=True, kw_only=True)
class EarlierPage:
    """One person, reached on one channel. Keys and names only, never an address. `at` is aware UTC."""

    at: datetime
    channel: str
    person: str = ""
    """Key of the person; `on-call` where nobody in particular was meant."""


def bounded_pages(pages: tuple[EarlierPage, ...]) -> tuple[EarlierPage, ...]:
    """At most MOST, in order of time: clocks count from the first, and the newest say who knows."""
    ordered = tuple(sorted(pages, key=lambda page: page.at))
    return ordered if len(ordered) <= MOST else (ordered[0], *ordered[1 - MOST :])


def readable(page: EarlierPage) -> EarlierPage:
    """As it may travel: with a zone, and short."""
    at = page.at if page.at.tzinfo else page.at.replace(tzinfo=UTC)
    return replace(page, at=at, channel=page.channel[:MOST_NAME], person=page.person[:MOST_NAME])
