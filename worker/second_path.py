"""The second path, wired: the bridge's own memory, the same people and pagers as ever, an intake that it watches."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from temporalio.client import Client

from activities.ledger import Ledger
from activities.thumbs import thumbs
from bridge.intake import Intake
from bridge.recognising import People
from bridge.second_path.delivering import Delivering
from bridge.second_path.leading import FILE, Lead
from bridge.second_path.path import Numbers, SecondPath
from bridge.second_path.remembered import Remembered
from bridge.second_path.standstill import Standstill
from bridge.second_path.watching import Watch
from bridge.speaking import Speaker
from bridge.telling import Say
from integrations.on_duty import OnDuty
from integrations.ports import Channels
from integrations.witness import Witness
from runbook.response import RESPONSE, at_speed
from worker.keys import action_links
from worker.settings import Settings

MEMORY = "second_path.db"
"""In `INCIDENTS_HOME`: whom the second path has paged, for what."""

log = structlog.get_logger(__name__)


@contextmanager
def watched_intake(
    settings: Settings, client: Client, channels: Channels, say: Say, *, witness: Witness, on_duty: OnDuty
) -> Iterator[Watch]:
    """An intake for the length of the block, and the watch over what it could not take."""
    remembered, memory = Remembered(settings.home / MEMORY), _memory(settings.home / MEMORY)
    deliver = Delivering(
        channels=channels,
        schedule=settings.oncall,
        memory=memory,
        click=str(settings.web_ui_url),
        buttons=partial(thumbs, action_links(settings)),
        on_duty=on_duty,
    )
    after = timedelta(seconds=settings.bridge.second_path_after_s)
    numbers = Numbers(policy=at_speed(RESPONSE, settings.speed), after=after)
    path = SecondPath(remembered, numbers, deliver, deliver.settle, say)
    lead = Lead(settings.home / FILE)
    intake = Intake(client, settings.bridge, settings.speed, (witness.public,), path.already_paged)
    leave = Speaker(client, witness, People(settings.oncall)).leave
    try:
        yield Watch(path, Standstill(client), intake, after, leave, leads=lead.mine)
    finally:
        lead.close()
        remembered.close()
        memory.close()


def _memory(path: Path) -> Ledger:
    """What was sent, by key. A disk that cannot be written must not keep the bridge from starting."""
    try:
        return Ledger(path)
    except (sqlite3.Error, OSError) as error:
        log.error("the second path remembers in memory only", path=path.name, because=type(error).__name__)
        return Ledger(Path(":memory:"))
