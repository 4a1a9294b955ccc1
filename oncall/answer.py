"""What a source outside (a vendor's schedule, a calendar) said about who has a rotation: data, asked for elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Known(Protocol):
    """By what somebody may be recognised."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def pagerduty(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`source` is what it is called, never its address. `person` is a key of `people`; None: nobody."""

    source: str
    person: str | None = None
    until: datetime | None = None
    """When the source says that this ends, UTC; None: it does not say."""
    note: str = ""
    """Why there is nobody, or that this is only the last known answer, and how old it is."""
    is_old: bool = False
    """The source is silent now: this is the last known answer, or there is none."""
    age: str = ""
    """How old the last known answer is that counts, such as `5 h`; empty: it was given just now, or there is none."""

    @property
    def doubt(self) -> str:
        """What a page says of it: whoever is woken may not be on call any more. Empty: no doubt."""
        return f"On call as of {self.age} ago: {self.source} is silent." if self.person and self.age else ""


@dataclass(frozen=True, kw_only=True)
class Named:
    """Somebody as a source names them: its own id, mail addresses, words such as a name or an event's title."""

    id: str = ""
    mails: tuple[str, ...] = ()
    words: str = ""
    until: datetime | None = None


def recognised(people: Mapping[str, Known], named: Named) -> str | None:
    """Key of the one person this can be; None: nobody, or more than one. What is surest counts first."""
    mails = {mail.casefold() for mail in named.mails}
    words = f" {' '.join(_spaced(named.words))} "
    rules = (
        [key for key, known in people.items() if named.id and known.pagerduty == named.id],
        [key for key, known in people.items() if known.email and known.email.casefold() in mails],
        [key for key, known in people.items() if words.strip() in (_plain(key), _plain(known.name or key))],
        [key for key, known in people.items() if known.name and f" {_plain(known.name)} " in words],
        [key for key in people if f" {_plain(key)} " in words],
    )
    found = next((keys for keys in rules if keys), [])
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    return " ".join(_spaced(text))


def _spaced(text: str) -> list[str]:
    """Words without case and punctuation: `On Call - Ana Lima` holds `ana lima`."""
    return "".join(c if c.isalnum() or c == "_" else " " for c in text.casefold()).split()
