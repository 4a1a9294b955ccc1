"""Who does what: wanted by severity, led by the first who acknowledges, taken, assigned, handed over (runbook §2).

How to think about it. `settle` looks after every event, whatever it was: severity may have changed, somebody may have
acknowledged. So no rule elsewhere has to remember that roles exist, and an empty role always has its reminder coming.
"""

from datetime import datetime

from incident.model.incident import Due, Incident, Phase
from incident.model.messages import SOMEONE, Assign, Take
from incident.model.role import Role
from incident.model.timeline import Kind
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.situation import roles_in_words, roles_line
from incident.policy.texts import clock, command, day_clock

OVER = (Phase.POSTMORTEM, Phase.CLOSED)
MOST_DOUBLINGS = 4
"""A reminder nobody follows comes half as often the next time, so many times: it must not drown the rest."""


def settle(draft: Draft) -> Draft:
    """After every event: declare what the severity asks for, let the first acker lead, remind while a role is empty."""
    if draft.incident.phase in OVER:
        return draft.not_due(Due.ROLES)
    return _remind_later(_let_the_acker_lead(_declare(draft)))


def _declare(draft: Draft) -> Draft:
    """SEV-1 declares IC, scribe and comms; SEV-2 and SEV-3 have a single responder (runbook §2)."""
    before, wanted = draft.incident.declared, draft.policy.rule(draft.incident.severity).roles
    if wanted == before:
        return draft
    draft = draft.set(declared=wanted, role_reminders=0).not_due(Due.ROLES)
    if not before:
        return _tell_wanted(draft) if len(wanted) > 1 else draft
    draft, freed = _move(draft, before, wanted)
    what = _as_declared(draft.incident)
    draft = draft.tell(Kind.ROLE, what, because=freed)
    return cadence.post(draft, what, freed, commands=takes(draft.incident)) if draft.incident.briefed else draft


def _as_declared(incident: Incident) -> str:
    if len(incident.declared) > 1:
        return f"declared: {roles_in_words(incident)}"
    return f"a single responder from here: {incident.roles.get(incident.declared[0]) or 'nobody yet'}"


def _tell_wanted(draft: Draft) -> Draft:
    wanted = _listed(draft.incident.declared)
    return draft.tell(Kind.ROLE, f"declared: {wanted} are wanted", because=f"{draft.incident.severity} (runbook §2)")


def _move(draft: Draft, before: tuple[Role, ...], wanted: tuple[Role, ...]) -> tuple[Draft, str]:
    """Who led goes on leading; whoever has a role that is no longer wanted is free, and is told so."""
    roles = dict(draft.incident.roles)
    since = dict(draft.incident.role_since)
    if wanted[0] not in roles and before[0] in roles:
        roles[wanted[0]] = roles[before[0]]
        since |= {wanted[0]: since[before[0]]} if before[0] in since else {}
    freed = [role for role in before if role not in wanted]
    named = [_named(role, roles.get(role)) for role in freed if role is not Role.RESPONDER]
    kept = {role: who for role, who in roles.items() if role not in freed}
    verb = "is" if len(named) == 1 else "are"
    kept_since = {role: at for role, at in since.items() if role in kept}
    return draft.set(roles=kept, role_since=kept_since), f"{_joined(named)} {verb} no longer needed" if named else ""


def _named(role: Role, who: str | None) -> str:
    return f"{role.called} ({who})" if who else role.called


def _let_the_acker_lead(draft: Draft) -> Draft:
    """The first acker is IC until someone takes it."""
    incident = draft.incident
    lead, acker = incident.declared[0], incident.acked_by
    if lead in incident.roles or acker in ("", SOMEONE):
        return draft
    draft = _has(draft, lead, acker)
    if lead is not Role.IC:
        return draft  # a single responder: the ack's own line says it
    return draft.tell(Kind.ROLE, f"{acker} is IC until someone takes it", because="the first who acknowledged")


def _remind_later(draft: Draft) -> Draft:
    incident = draft.incident
    if not incident.empty_roles:
        return draft.not_due(Due.ROLES)
    if Due.ROLES in incident.due:
        return draft
    every = draft.policy.rule(incident.severity).remind_roles_every
    return draft.due(Due.ROLES, draft.now + every * 2 ** min(incident.role_reminders, MOST_DOUBLINGS))


def remind(draft: Draft) -> Draft:
    """A role is still empty. `settle` sets the next reminder."""
    incident = draft.incident
    if incident.phase in OVER or not incident.empty_roles:
        return draft
    draft = draft.set(role_reminders=incident.role_reminders + 1)
    return cadence.post(
        draft,
        f"nobody is {' or '.join(role.called for role in incident.empty_roles)} yet",
        "Who takes it?",
        commands=takes(incident),
        mentions=_one(incident.lead),
    )


def given(draft: Draft, role: Role, to: str, *, by: str) -> Draft:
    """Somebody has a role now: taken, assigned, or handed over with a summary."""
    had, since = draft.incident.roles.get(role, ""), draft.incident.role_since.get(role)
    draft = _has(draft, role, to).set(role_reminders=0).not_due(Due.ROLES)
    what = f"{to} is {role.called}"
    if not had:
        draft = draft.tell(Kind.PERSON, what, by=by)
        return (
            cadence.post(draft, what, roles_line(draft.incident), mentions=_one(to))
            if draft.incident.briefed
            else draft
        )
    draft = draft.tell(Kind.PERSON, f"{what}, in place of {had}", because=_summary(draft, had, since), by=by)
    return cadence.post(
        draft,
        f"{role.called} goes from {had} to {to}",
        f"*{had}* had it since {day_clock(since)}." if since else "",
        *cadence.situation(draft),
        *(f"*Open:* {p.id}: {p.plan.would}" for p in draft.incident.open_proposals),
        commands=cadence.wanted(draft),
        mentions=(to, had),
    )


def _has(draft: Draft, role: Role, who: str) -> Draft:
    incident = draft.incident
    return draft.set(roles={**incident.roles, role: who}, role_since={**incident.role_since, role: draft.now})


def _summary(draft: Draft, had: str, since: datetime | None) -> str:
    """What whoever takes over has to know, in one line of the timeline."""
    incident = draft.incident
    update = incident.due.get(Due.CADENCE)
    opened = ", ".join(p.id for p in incident.open_proposals)
    parts = (
        f"{had} had it since {day_clock(since)}" if since else "",
        f"phase {incident.phase}",
        f"hypothesis: {incident.hypothesis or 'none yet'}",
        f"open: {opened or 'no proposal'}",
        f"next update {clock(update)}" if update else "next update at resolution",
    )
    return "; ".join(part for part in parts if part)


def refusal(incident: Incident, message: Take | Assign) -> str:
    """Why they cannot have this role; empty: they can."""
    role, to = message.role, message.to if isinstance(message, Assign) else message.by
    if to == SOMEONE:
        return f"who? A role needs a name others can turn to; say `by`, or to whom {role.called} goes"
    return f"{to} is {role.called} already" if incident.roles.get(role) == to else ""


def takes(incident: Incident) -> tuple[str, ...]:
    """What a person types to take one of the empty roles."""
    return tuple(command(incident, "take", role=role.value, by="you") for role in incident.empty_roles)


def _one(who: str) -> tuple[str, ...]:
    return (who,) if who else ()


def _listed(roles: tuple[Role, ...]) -> str:
    return _joined([role.called for role in roles])


def _joined(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
