"""The one clock of everything outside the workflows."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place
