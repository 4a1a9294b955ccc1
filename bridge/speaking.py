"""Saying something to an incident for a person who came through one of our doors: the update, always answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError as NoAnswer
from temporalio.service import RPCError, RPCStatusCode

from bridge.finding import open_incidents
from bridge.recognising import People
from integrations.clock import utc_now
from integrations.witness import Witness

WITHIN = timedelta(seconds=8)
"""Longest wait for the incident's own answer; doors whose callers are less patient say so."""
COUNTS_FOR = timedelta(minutes=10)
"""How long what we vouched for counts, where the proof itself says nothing else."""


class Outcome(StrEnum):
    YES = "yes"
    NO = "no"
    """Refused, with the reason: saying it again cannot help."""
    AWAY = "away"
    """Nobody answered: whether it was taken is unknown."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    outcome: Outcome
    text: str


@dataclass(frozen=True, kw_only=True)
class Word:
    """What one person says to one incident."""

    incident: str
    """Its key, or its id where the door does not know the key."""
    name: str
    payload: Mapping[str, str | bool] = field(default_factory=dict)
    person: str
    via: str
    once: str
    """The same for the same act: said twice, it is taken once, and answered alike."""
    until: datetime | None = None
    """Until when `once` must be remembered; None: for a while."""

    @property
    def incident_id(self) -> str:
        return id_of(self.incident)


def id_of(incident: str) -> str:
    """The id in an incident's key. An id may hold an `@` itself, an instant never does."""
    before, separator, opened = incident.rpartition("@")
    return before if separator and opened[:8].isdigit() and opened.endswith("Z") else incident


class Speaker:
    """Vouches for people we know; of others it only says which door they came through."""

    def __init__(
        self, client: Client, witness: Witness, people: People, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._client, self._witness, self._people, self._clock = client, witness, people, clock

    async def say(self, word: Word, within: timedelta = WITHIN) -> Answer:
        """Never raises: what went wrong is an answer too."""
        handle = self._client.get_workflow_handle(word.incident_id)
        try:
            told: str = await handle.execute_update(
                word.name, self._vouched(word), id=word.once, result_type=str, rpc_timeout=within
            )
        except WorkflowUpdateFailedError as refused:
            return Answer(outcome=Outcome.NO, text=str(getattr(refused.cause, "message", refused.cause)))
        except NoAnswer:
            return _away(word.incident_id)
        except RPCError as error:
            return _no(error, word.incident_id)
        except RuntimeError:  # what the SDK raises while a lazy client cannot connect
            return _away(word.incident_id)
        return Answer(outcome=Outcome.YES, text=told)

    async def leave(self, word: Word, within: timedelta = WITHIN) -> None:
        """The same as a signal: the engine keeps it, and nobody answers. Raises RPCError."""
        handle = self._client.get_workflow_handle(word.incident_id)
        await handle.signal(word.name, self._vouched(word), rpc_timeout=within)

    async def status(self, incident_id: str, within: timedelta = WITHIN) -> dict[str, Any] | Answer:
        """Where it stands, or why that cannot be told."""
        handle = self._client.get_workflow_handle(incident_id)
        try:
            return dict(await handle.query("status", result_type=dict[str, Any], rpc_timeout=within))
        except RPCError as error:
            return _no(error, incident_id)
        except (WorkflowQueryFailedError, RuntimeError):
            return _away(incident_id)

    async def open_incidents(self) -> list[str]:
        """Ids of all that are open. Raises NotOne where the engine does not answer."""
        return await open_incidents(self._client)

    def _vouched(self, word: Word) -> dict[str, Any]:
        now, known = self._clock(), self._people.knows(word.person)
        return self._witness.vouched(
            word.name,
            {**word.payload, "by": word.person},
            incident=word.incident,
            via=word.via,
            known=known,
            groups=self._people.groups_of(word.person) if known else (),
            once=word.once,
            at=now,
            until=word.until or now + COUNTS_FOR,
        )


def _no(error: RPCError, incident_id: str) -> Answer:
    if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
        return Answer(outcome=Outcome.NO, text=f"{incident_id} is closed, or there never was one")
    return _away(incident_id)


def _away(incident_id: str) -> Answer:
    text = f"no answer from {incident_id}: whether it was taken is unknown; try again in a moment"
    return Answer(outcome=Outcome.AWAY, text=text)
