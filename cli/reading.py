"""`incidents list` and `incidents show`: read, change nothing."""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from cli.connect import ANY, OPEN, PATIENCE, SayNo, ask, exists, found, the_one
from cli.panels import console, listing, panel, story
from incident.model.incident import Incident
from incident.policy import view
from incident.policy.texts import short
from integrations.clock import utc_now
from worker.settings import Settings
from workflows import contract

FOLLOW_EVERY_S = 0.5
"""How often `--follow` asks again: the engine offers a reader nothing to wait on."""
INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)
NOBODY_READS = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.CANCELLED}
"""What the engine says to a query when no worker is there to answer it."""

Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


class NobodyReads(SayNo):
    """No worker answers queries now."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One incident in the list. `since` is when its present run began."""

    id: str
    state: str
    severity: str
    phase: str
    alert: str
    acked: bool
    needs_human: bool
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Story:
    """What can be read of one incident: the three queries of design §5."""

    status: dict[str, Any]
    criteria: list[dict[str, Any]]
    timeline: list[dict[str, str]]
    source: str = ""
    """Where it was read when not from the running incident."""


def list_incidents(
    all_: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: Json = False,
) -> None:
    """Which incidents are open; those that need a person come first.

    Example: incidents list --json | jq -r '.[].id'
    """
    rows = ask(lambda client, _: _rows(client, all_))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], default=datetime.isoformat, indent=2))
    elif rows:
        console().print(listing([asdict(row) for row in rows], utc_now()))
    else:
        typer.echo("no incident, open or closed" if all_ else "no open incident: all quiet (`--all` shows closed ones)")


async def _rows(client: Client, everything: bool) -> list[Row]:
    rows = [_row(run) for run in await found(client, ANY if everything else OPEN)]
    return sorted(rows, key=lambda row: (row.state != "open", not row.needs_human, row.severity))


def _row(run: WorkflowExecution) -> Row:
    known = run.typed_search_attributes
    return Row(
        id=run.id,
        state="open"
        if run.status is WorkflowExecutionStatus.RUNNING
        else (run.status.name.lower() if run.status else "unknown"),
        severity=known.get(contract.SEVERITY) or "unknown",
        phase=known.get(contract.PHASE) or "unknown",
        alert=known.get(contract.ALERT) or "unknown",
        acked=bool(known.get(contract.ACKED)),
        needs_human=known.get(contract.NEEDS_HUMAN) is not False,  # unseen is not "needs nobody"
        since=run.start_time,
    )


def show(
    part: Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or a part of it that only one has.")],
    as_json: Json = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, and tell what happens until it closes.")
    ] = False,
) -> None:
    """One incident: where it stands, what it waits for, and its story so far.

    Examples: incidents show AppDBDown · incidents show AppDBDown --follow
    """
    if as_json and follow:
        raise typer.BadParameter("--json and --follow do not go together: --json is one answer")
    told = ask(lambda client, settings: _story_of(client, settings, part))
    if as_json:
        typer.echo(json.dumps(asdict(told), indent=2, ensure_ascii=False))
        return
    console().print(panel(told.status, told.criteria, told.source, utc_now()))
    console().print(story(told.timeline))
    if follow and not told.source:
        ask(lambda client, _: _follow(client, told))


async def _story_of(client: Client, settings: Settings, part: str) -> Story:
    """From the incident itself; a closed one nobody answers for, from its record. Raises SayNo."""
    try:
        workflow_id = await _any_id(client, part)
    except SayNo as nothing:
        return _recorded(settings.home, part, nothing)
    try:
        return await _asked(client.get_workflow_handle(workflow_id))
    except NobodyReads as nobody:
        return _recorded(settings.home, workflow_id, nobody)


async def _any_id(client: Client, part: str) -> str:
    """An open incident's id first, else a closed one's. Raises SayNo."""
    if await exists(client, part):
        return part
    open_ids = sorted({run.id for run in await found(client, OPEN)})
    if any(part.lower() in known.lower() for known in open_ids):
        return the_one(part, open_ids, "open incident")
    return the_one(part, sorted({run.id for run in await found(client, ANY)}), "incident")


async def _asked(handle: WorkflowHandle[Any, Any]) -> Story:
    try:
        status, criteria, timeline = await asyncio.gather(
            *(handle.query(name, rpc_timeout=PATIENCE) for name in ("status", "criteria", "timeline"))
        )
    except RPCError as error:
        if error.status in NOBODY_READS:
            raise NobodyReads(
                f"{handle.id} cannot be read now: no worker answered within {PATIENCE.total_seconds():.0f} s "
                f"({error.message}).\nStart one with `incidents worker`; what the incident took is kept meanwhile."
            ) from None
        raise
    except WorkflowQueryFailedError as error:
        raise NobodyReads(
            f"{handle.id} cannot be read now: its worker failed ({short(error.message)}).\n"
            "What it took is kept; the worker's log says more. Try again in a moment."
        ) from None
    return Story(status=status, criteria=criteria, timeline=timeline)


def _recorded(home: Path, part: str, instead: SayNo) -> Story:
    """The newest record of a closed incident. Raises `instead` when there is none."""
    records = sorted(
        (path for path in (home / "records").glob("*/*.json") if part.lower() in path.parent.name.lower()),
        key=lambda path: path.stat().st_mtime,
    )
    if not records:
        raise instead
    folder = the_one(part, sorted({path.parent.name for path in records}), "recorded incident")
    newest = [path for path in records if path.parent.name == folder][-1]
    return _from_record(newest)


def _from_record(path: Path) -> Story:
    try:
        incident = INCIDENT.validate_python(json.loads(path.read_text(encoding="utf-8"))["incident"])
    except (OSError, ValueError, KeyError) as error:
        raise SayNo(f"the record {path} cannot be read: {error}") from None
    at = incident.timeline[-1].at if incident.timeline else incident.opened_at
    return Story(
        status=view.status(incident, at),
        criteria=view.criteria(incident, at),
        timeline=view.timeline(incident),
        source=f"record {path}, as of {at:%Y-%m-%d %H:%M:%S} UTC",
    )


async def _follow(client: Client, told: Story) -> None:
    """Print each new line until the incident is closed. A while without a worker is no reason to leave."""
    handle, known, opened = client.get_workflow_handle(told.status["id"]), told.timeline, told.timeline[:1]
    while True:
        running = (await handle.describe(rpc_timeout=PATIENCE)).status is WorkflowExecutionStatus.RUNNING
        try:
            now = await handle.query("timeline", rpc_timeout=PATIENCE)
        except WorkflowQueryFailedError:
            now = known
        except RPCError as error:
            if error.status not in NOBODY_READS:
                raise
            now = known
        if fresh := now[len(known) :]:
            console().print(story(fresh, since=opened, header=False))
        known = now
        if not running:
            return
        await asyncio.sleep(FOLLOW_EVERY_S)
