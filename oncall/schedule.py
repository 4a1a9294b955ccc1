"""Who could be called, and by which plan: data as people write it in `incidents.toml`.

Nothing here is checked against anything else; `oncall/problems.py` does that, so that one slip of the pen is told with
all others and never keeps a worker from starting. The text under a field is its description in the README.
"""

from datetime import datetime, time
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from incident.model.severity import Severity
from oncall.answer import Answer
from oncall.weekly_test import WeeklyTest
from oncall.written import EARLIEST, Clock, Day, Instant, Weekday, Written

DEFAULT = "default"
"""The layers, or the rotation, of every domain that has none of its own."""


class Quiet(Written):
    """A daily window in which a contact does not ring, unless it is a SEV-1."""

    opens: Clock = Field(alias="from")
    """Wall clock at which it begins."""
    closes: Clock = Field(alias="until")
    """Wall clock at which it ends, on the next day where that is before `from`."""
    zone: str = "UTC"
    """IANA name, such as `Europe/Berlin`."""


class Contact(Written):
    """One way to reach a person."""

    channel: str
    """Name of a pager: `ntfy`, `mail`, …"""
    to: SecretStr = SecretStr("")
    """Address there; empty: the channel's own. Never printed."""
    severities: tuple[Severity, ...] = tuple(Severity)
    """For which it is used."""
    quiet: Quiet | None = None
    """When it does not ring; left out: never. A SEV-1 always rings."""


class Person(Written):
    """Somebody who can be on call. Known by the key of their table."""

    name: str = ""
    """What people call them; empty: the key."""
    contacts: tuple[Contact, ...] = ()
    """Ways to reach them, in order; none: the channels of the whole team."""
    slack: str = ""
    """Their Slack user id, such as `U024BE7LH`: what they do there is verified."""
    pagerduty: str = ""
    """Their PagerDuty user id, such as `PXPGF42`: what they do there is verified."""
    email: str = Field(default="", repr=False)
    """Their mail address, by which PagerDuty and calendars know them; never printed."""


class Rotation(Written):
    """Members take turns, each for one shift."""

    members: tuple[str, ...] = ()
    """Keys of people, in the order of their turns."""
    source: str = Field(default="", repr=False)
    """Instead of members, who knows: `pagerduty:<schedule id>`, `icalendar:<path or address>`. Never printed."""
    starts: Day = EARLIEST.date()
    """Local day of the first shift, which begins at `hand_over`. Must be given, unless there is a source."""
    hand_over: Clock = time(9)
    """Wall clock of `zone` at which a shift ends and the next begins."""
    zone: str = "UTC"
    """IANA name, such as `Europe/Berlin`."""
    every: Literal["daily", "weekly"] | Annotated[int, Field(ge=1, le=366)] = "weekly"
    """Length of a shift: a word, or a number of days."""

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if not self.source and "starts" not in self.model_fields_set:
            raise ValueError("`starts`, the day of the first shift, must be given (or a `source`)")
        return self

    @property
    def calls(self) -> str:
        """What its source is called: an address may be a secret, and a schedule's id is none."""
        kind, _, where = self.source.partition(":")
        return self.source if where.isalnum() else kind

    @property
    def days(self) -> int:
        """Length of a shift in calendar days of its zone."""
        return {"daily": 1, "weekly": 7}[self.every] if isinstance(self.every, str) else self.every


class Layer(Written):
    """A rotation, active always or in a daily window of the local clock (follow-the-sun)."""

    rotation: str
    """Its key."""
    opens: Clock | None = Field(default=None, alias="from")
    """Wall clock at which the window begins; left out, with `until`: the whole day."""
    closes: Clock | None = Field(default=None, alias="until")
    """Wall clock at which it ends, on the next day where that is not after `from`."""
    weekdays: tuple[Weekday, ...] = tuple(Weekday)
    """Local days on which the window begins."""
    zone: str = ""
    """IANA name; empty: the rotation's."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.opens is None) != (self.closes is None):
            raise ValueError("`from` and `until` go together: give both, or neither for the whole day")
        return self

    @property
    def is_always(self) -> bool:
        """No window at all."""
        return self.opens is None and set(self.weekdays) == set(Weekday)

    @property
    def is_never(self) -> bool:
        """A window of zero length."""
        return not self.weekdays or (self.opens is not None and self.opens == self.closes)


class Period(Written):
    """From the first instant up to, and without, the second."""

    person: str
    """Key of the person."""
    starts_at: Instant = Field(alias="from")
    """First instant, with its offset: `2026-07-01T09:00:00+02:00`."""
    ends_at: Instant = Field(alias="until")
    """First instant after it."""

    def covers(self, at: datetime) -> bool:
        """Is `at` within it?"""
        return self.starts_at <= at < self.ends_at

    def meets(self, other: "Period") -> bool:
        """Have both an instant in common?"""
        return max(self.starts_at, other.starts_at) < min(self.ends_at, other.ends_at)


class Override(Period):
    """This person instead of whoever the plan names. Of two at the same time, the first in the list counts."""

    domain: str = ""
    """Domain it is for; empty: every one."""

    def is_for(self, domain: str) -> bool:
        """Does it speak of `domain`?"""
        return self.domain in ("", domain)


class Holiday(Period):
    """This person is away: never on call, whatever a shift or an override says."""


class Schedule(Written):
    """Everything that is known about who is on call."""

    people: dict[str, Person] = Field(default_factory=dict)
    """Who can be on call, by key: `{"ana": {"name": "Ana Lima"}}`. See "Who is on call" below."""
    rotations: dict[str, Rotation] = Field(default_factory=dict)
    """Rotations by key; one named as a domain is that domain's, `default` is everybody else's."""
    layers: dict[str, list[Layer]] = Field(default_factory=dict)
    """Domain → rotations with their daily windows; the first that is active and has somebody counts."""
    owners: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Domain → who owns it (runbook §6), as `rotation:<name>` or a person's key: whom escalation widens to."""
    overrides: list[Override] = Field(default_factory=list)
    """Who stands in for the plan, from when until when."""
    holidays: list[Holiday] = Field(default_factory=list)
    """Who is away, from when until when."""
    weekly_test: WeeklyTest | None = None
    """When every member of a rotation gets a test page: `{"weekday": "tue", "at": "10:00:00", "zone": "UTC"}`."""

    @property
    def is_set(self) -> bool:
        """Has anybody written a plan?"""
        return bool(self.rotations or self.layers or self.overrides)

    def layers_of(self, domain: str) -> list[Layer]:
        """In order of precedence. Without layers of its own: the rotation of its name, then those of `default`."""
        for name in (domain, DEFAULT):
            if self.layers.get(name):
                return self.layers[name]
            if name in self.rotations:
                return [Layer(rotation=name)]
        return []

    @property
    def sourced(self) -> dict[str, Rotation]:
        """Rotations that somebody else has to be asked about."""
        return {name: rotation for name, rotation in self.rotations.items() if rotation.source}

    def answer(self, rotation: str) -> Answer:
        """What the source of this rotation said (`oncall/answered.py`): here nobody has asked it."""
        source = self.rotations[rotation].calls
        return Answer(source=source, note=f"nobody has asked {source} about rotation {rotation}")

    def called(self, person: str) -> str:
        """`ana (Ana Lima)`: the key, and what people call them."""
        name = self.people[person].name if person in self.people else ""
        return f"{person} ({name})" if name and name != person else person
