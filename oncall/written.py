"""How people write plans: instants, days and clocks that cannot be misread, and fields that nobody can misspell."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Plans and questions lie between these: a mistyped year is told, and no calendar runs out of years."""


def _no_number(value: object) -> object:
    """`from = 8` would be eight seconds past midnight."""
    if isinstance(value, int | float):
        raise ValueError("write 09:00:00 or 2026-07-01, not a number")
    return value


def _no_offset(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a wall clock has no offset: the zone is a field of its own")
    return value


Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST), BeforeValidator(_no_number)]
Day = Annotated[date, Field(ge=EARLIEST.date(), le=LATEST.date()), BeforeValidator(_no_number)]
Clock = Annotated[time, BeforeValidator(_no_number), AfterValidator(_no_offset)]


class Weekday(StrEnum):
    """In the order of `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Written(BaseModel):
    """What all of them share: a field nobody knows is a slip, so it is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)
