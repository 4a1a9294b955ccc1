"""Whoever has an incident is not called to it again, unless nobody else is there (issue 5 §1, runbook §6)."""

from collections.abc import Sequence
from dataclasses import replace

from oncall.answer import Known
from oncall.audience import Recipient
from oncall.schedule import Schedule

ALONE = "they have it already, and nobody else is there to call"
YOU_ALONE = "You have it already: there is nobody else to call."


def without(schedule: Schedule, recipients: Sequence[Recipient], spared: Sequence[str]) -> tuple[Recipient, ...]:
    """Those who are called. `spared`: keys or names of people; whoever is called all the same reads why."""
    others = tuple(one for one in recipients if not _is_one_of(schedule.people.get(one.person), one.person, spared))
    return others or tuple(replace(one, why=_joined(one.why, ALONE), doubt=YOU_ALONE) for one in recipients)


def _is_one_of(person: Known | None, key: str, spared: Sequence[str]) -> bool:
    names = {_plain(key), _plain(person.name) if person else ""} - {""}
    return any(_plain(name) in names for name in spared)


def _plain(name: str) -> str:
    return name.strip().casefold()


def _joined(why: str, more: str) -> str:
    return f"{why}; {more}" if why else more
