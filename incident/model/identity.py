"""Who said something, and how we know (docs/decisions/0016).

What is typed is *claimed*: whoever may write to the namespace may say any name. What came through one of the bridge's
doors, from a person the bridge knows, is *verified*: the bridge vouches for it with a signature only it can make, and
the incident has the public half.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

VOUCH = "vouch"
"""Field of a message's payload that carries what the bridge vouches for."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One person's word."""

    by: str
    via: str = ""
    """The door they came through: `link`, `slack`, `pagerduty`; empty: they typed it."""
    verified: bool = False
    groups: tuple[str, ...] = ()
    """Rotations they belong to, as the bridge knows them; a claimed voice has none."""
    once: str = ""
    """Mark of the proof, which counts only once; empty: there was none."""
    until: datetime | None = None
    """Until when the mark must be remembered."""

    @property
    def how(self) -> str:
        """`verified by slack`, `claimed`, `claimed by slack`."""
        return f"{'verified' if self.verified else 'claimed'}{f' by {self.via}' if self.via else ''}"

    @property
    def who(self) -> str:
        """`ana, verified by slack`; `ana (claimed)`."""
        return f"{self.by}, {self.how}" if self.verified else f"{self.by} ({self.how})"


Mark = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Vouch(BaseModel):
    """What the bridge vouches for, beside the message itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    incident: Mark
    """Key of the incident it is meant for, or its id where the door does not know the key."""
    via: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
    known: bool = True
    """The bridge knows this very person; False: only which door they came through."""
    groups: tuple[Mark, ...] = ()
    once: Mark
    at: AwareDatetime
    until: AwareDatetime
    signature: Annotated[str, StringConstraints(max_length=200)] = ""
    """Ed25519 over `words`, base64url."""


def words(name: str, payload: Mapping[str, Any]) -> bytes:
    """What is signed: the message's name and its whole payload, without the signature, in one spelling."""
    told = payload.get(VOUCH)
    vouch = {key: value for key, value in told.items() if key != "signature"} if isinstance(told, dict) else {}
    whole = {"name": name, "said": {**payload, VOUCH: vouch}}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
