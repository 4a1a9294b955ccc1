"""The words people read: how instants, durations and commands are written everywhere."""

import json
import shlex
from datetime import UTC, datetime, timedelta

from incident.model.finding import Finding, Status
from incident.model.incident import Incident, Proposal
from incident.model.playbook import Approval

MARKS = {Status.OK: "✓", Status.BAD: "✗", Status.UNKNOWN: "?"}


def clock(instant: datetime) -> str:
    """`03:28:05 UTC`: everybody on a call reads the same clock."""
    return f"{instant.astimezone(UTC):%H:%M:%S} UTC"


def day_clock(instant: datetime) -> str:
    """`Wed 2026-07-01 03:28 UTC`, for what is days away."""
    return f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"


def words(duration: timedelta) -> str:
    """A duration in its largest fitting unit: `5 min`, `1 h`, `2.5 s`, `3 days`."""
    seconds = duration.total_seconds()
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (2 if unit == "days" else 1):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def command(incident: Incident, name: str, **payload: object) -> str:
    """The line a person types."""
    return command_line(incident.id, name, dict(payload))


def agree(incident: Incident, proposal: Proposal) -> str:
    """How a person says yes to a plan; what is done by hand is told once it helped."""
    if proposal.approval is Approval.MANUAL:
        return command(incident, "mitigated", by="you", how=proposal.id)
    of = {"of": proposal.needs[0]} if proposal.needs else {}
    return command(incident, "approve", proposal=proposal.id, by="you", **of)


def command_line(workflow_id: str, name: str, payload: dict[str, object]) -> str:
    """`temporal workflow signal …`, quoted for a shell."""
    body = f" --input {shlex.quote(json.dumps(payload, ensure_ascii=False))}" if payload else ""
    return f"temporal workflow signal -w {shlex.quote(workflow_id)} --name {name}{body}"


def headline(incident: Incident) -> str:
    """`SEV-1 AppDBDown app.tlsstress.art`: which incident this is, in one breath."""
    scope = incident.id.removeprefix(f"incident-{incident.alert.name}").lstrip("-")
    return f"{incident.severity} {incident.alert.name} {scope}".rstrip()


def finding_line(finding: Finding) -> str:
    return f"{MARKS[finding.status]} {finding.check}: {finding.summary}"


def lines(text: str) -> str:
    """A sentence a line: what is read before a yes must not be one block."""
    return text.replace(". ", ".\n")


def short(text: str, limit: int = 200) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
