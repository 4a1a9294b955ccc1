"""When we look at the world, and what a look changes. One look at a time; an older one's answer is old news."""

from datetime import timedelta

from incident.model.effects import Look, Purpose
from incident.model.finding import Finding
from incident.model.incident import Due
from incident.model.timeline import Kind
from incident.policy.draft import Draft

NOTHING_NEW = timedelta(0)


def checks_for(draft: Draft, purpose: Purpose) -> tuple[str, ...]:
    """Which checks serve a purpose, each once, in a stable order."""
    playbook = draft.playbook
    watched = (playbook.impact_check, playbook.automation_check)
    wanted: tuple[str | None, ...]
    match purpose:
        case Purpose.TRIAGE:
            wanted = (*playbook.checks, *watched)
        case Purpose.HOLD | Purpose.VERIFY:
            wanted = watched
        case Purpose.CRITERIA:
            wanted = (playbook.journey_check, playbook.data_check, playbook.impact_check)
    return tuple(dict.fromkeys(name for name in wanted if name))


def look(draft: Draft, purpose: Purpose, *, fresh: bool = False) -> Draft:
    """Look, and keep looking until something differs from what we know; `fresh`: report what is there at once.

    A patient look that is already under way goes on: it watches the same checks.
    """
    if draft.incident.looking and not fresh:
        return draft
    numbered, effect = new_look(draft, purpose, fresh=fresh)
    return numbered.do(effect) if effect else numbered


def new_look(draft: Draft, purpose: Purpose, *, fresh: bool = False) -> tuple[Draft, Look | None]:
    """The look itself, for those who send it together with something else. None: there is nothing to look at."""
    checks = checks_for(draft, purpose)
    if not checks:
        return draft.set(looking=0).not_due(Due.LOOK), None
    number = draft.incident.looks + 1
    draft = draft.set(looks=number, looking=number).not_due(Due.LOOK)
    incident, policy = draft.incident, draft.policy
    at_once = fresh or purpose is Purpose.TRIAGE
    known = {name: incident.findings[name].state for name in checks if name in incident.findings}
    return draft, Look(
        key=f"{incident.key}/look/{number}",
        incident_id=incident.id,
        number=number,
        purpose=purpose,
        checks=checks,
        alert=incident.alert,
        opened_at=incident.opened_at,
        since=incident.impact_since or min(incident.alert.starts_at or incident.opened_at, incident.opened_at),
        known={} if at_once else known,
        greens=1 if purpose is Purpose.TRIAGE else policy.greens_in_a_row,
        every=policy.probe_every,
        patience=NOTHING_NEW if at_once else policy.look_patience,
    )


def seen(draft: Draft, findings: tuple[Finding, ...]) -> Draft:
    """Remember what was seen; a line of the timeline for each check whose answer changed."""
    for finding in findings:
        before = draft.incident.findings.get(finding.check)
        draft = draft.set(findings={**draft.incident.findings, finding.check: finding})
        if before is None or before.state != finding.state:
            draft = draft.tell(Kind.CHECK, f"{finding.check} is {finding.status}: {finding.summary}")
    return draft


def is_current(draft: Draft, number: int) -> bool:
    """Is this the look under way? 0 stands for none, and no answer is its."""
    return number == draft.incident.looking != 0


def stop(draft: Draft) -> Draft:
    """Nothing to look for any more; an answer on its way will not be heard."""
    return draft.set(looking=0).not_due(Due.LOOK)
