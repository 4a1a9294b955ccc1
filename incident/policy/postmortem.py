"""The postmortem's draft, on the template of runbook §8: what the incident knows is filled in, the rest asked for."""

from collections.abc import Iterable
from datetime import datetime

from incident.model.incident import Incident
from incident.model.role import Role
from incident.model.timeline import Entry
from incident.policy.resolution import standings
from incident.policy.texts import clock, day_clock, words

ASK = "_to be written:_"


def markdown(incident: Incident, now: datetime) -> str:
    """The whole document. Blameless: it names what was done, and who only where the template asks."""
    sections = (
        _header(incident, now),
        _summary(incident),
        _timeline(incident),
        f"## Root cause\n\n{ASK} the chain of causation (5 whys): the trigger, and what made it possible.",
        _detection(incident),
        _resolution(incident, now),
        f"## What went well / what went poorly\n\n- Went well: {ASK}\n- Went poorly: {ASK}",
        _action_items(incident),
        f"## Lessons / preventions\n\n{ASK} what prevents this class of incident, not just this one.",
    )
    return "\n\n".join(sections) + "\n"


def _header(incident: Incident, now: datetime) -> str:
    until = incident.resolved_at or now
    state = "" if incident.resolved_at else " so far"
    means = incident.playbook.means if incident.playbook else "unknown"
    span = f"{day_clock(incident.opened_at)} → {day_clock(until)}"
    return "\n".join(
        (
            f"# Postmortem — {incident.alert.summary or incident.alert.name} ({incident.opened_at:%Y-%m-%d})",
            "",
            f"- **Severity:** {incident.severity} · **Duration:** {words(until - incident.opened_at)}{state} ({span})",
            f"- **Customer impact:** {means}{_how_many(incident)}",
            f"- **Detected by:** {incident.alert.name} ({incident.alert.source}) · **Detection lag:** {_lag(incident)}",
            f"- **Incident Commander:** {_who(incident, Role.IC)} · **Scribe:** {_who(incident, Role.SCRIBE)}",
        )
    )


def _how_many(incident: Incident) -> str:
    """By number: a postmortem is published, and customers are not named in it."""
    known = incident.customers
    return f" Customers affected: {known.how_many}; written to: {len(known.written)}." if known.how_many else ""


def _who(incident: Incident, role: Role) -> str:
    """A SEV-2's single responder led it, as an IC would have."""
    return incident.roles.get(role) or (incident.lead if role is Role.IC else "") or "nobody declared"


def _lag(incident: Incident) -> str:
    if incident.alert.starts_at is None:
        return f"{ASK} impact start → first alert"
    lag = incident.opened_at - incident.alert.starts_at
    return f"{words(lag)} from the alert's start to the incident; {ASK} impact start → alert"


def _summary(incident: Incident) -> str:
    broke = incident.alert.description or incident.alert.summary or incident.alert.name
    helped = incident.mitigated_how or "unknown"
    return f"## Summary\n\n{broke}\nWhat stopped the impact: {helped}. {ASK} whom it affected, and how."


def _timeline(incident: Incident) -> str:
    parts = (earlier_row(incident), rows(incident.timeline))
    table = "\n".join(part for part in parts if part)
    return f"## Timeline (UTC)\n\n| Time | Event |\n|---|---|\n{table}"


def earlier_row(incident: Incident) -> str:
    """Stands for the lines that have left for the disk: whoever writes the record puts them back in its place."""
    if not incident.archived:
        return ""
    return f"| … | {incident.archived} earlier lines are in the parts of this record |"


def rows(timeline: Iterable[Entry]) -> str:
    """One row of the template's table for each line."""
    return "\n".join(_row(entry) for entry in timeline)


def _row(entry: Entry) -> str:
    who = f"{entry.by}, {entry.voice.how}" if entry.voice else entry.by
    by = f" ({who})" if entry.by != "orchestrator" else ""
    why = f" — {entry.because}" if entry.because else ""
    return f"| {entry.at:%m-%d %H:%M:%S} | {_cell(entry.what + by + why)} |"


def _cell(text: str) -> str:
    """Inside a table a bar or a line break would start another cell or row."""
    return " ".join(text.split()).replace("|", "\\|")


def _detection(incident: Incident) -> str:
    how = f" ({incident.acked_how})" if incident.acked_how else ""
    acked = (
        f"Acknowledged by {incident.acked_by}{how} at {clock(incident.acked_at)}."
        if incident.acked_at
        else "Never acknowledged."
    )
    return (
        f"## Detection\n\n{incident.alert.name} opened the incident at {clock(incident.opened_at)}. "
        f"Pages sent: {incident.pages}, delivered: {incident.pages_delivered}. {acked}\n"
        f"{ASK} was it the right alert, and fast enough?"
    )


def _resolution(incident: Incident, now: datetime) -> str:
    criteria = "\n".join(
        f"- {s.name}: {'met' if s.met else 'not met'} — {s.evidence}" for s in standings(incident, now)
    )
    levers = "\n".join(f"- {p.id}: {p.state} — {p.plan.would}" for p in incident.proposals) or "- no lever was pulled"
    helped = incident.mitigated_how or "unknown"
    return f"## Resolution & recovery\n\nStopped the bleeding: {helped}.\n\n{levers}\n\n{criteria}"


def _action_items(incident: Incident) -> str:
    items = [f"| {_cell(i.what)} | {_cell(i.owner)} | {_cell(i.due)} | {_cell(i.url)} |" for i in incident.action_items]
    table = "\n".join(items or ["| | | | |"])
    return f"## Action items (owner · due · tracking)\n\n| Action | Owner | Due | Link |\n|---|---|---|---|\n{table}"
