"""The end of an incident: resolved, postmortem owed or not, closed, archived (runbook §2.3, §2.4)."""

from incident.model.effects import RecordKind
from incident.model.incident import Due, Phase
from incident.model.timeline import Kind
from incident.model.zones import plus_business_days
from incident.policy import archive, cadence, customers, looking, resolution
from incident.policy.draft import Draft
from incident.policy.lifecycle import Turn, turned
from incident.policy.texts import command, day_clock, words

LASTING = (Due.MISUNDERSTOOD, Due.MAIL_AGAIN, Due.RETURNED, Due.STATUS_PAGE)


def settle(draft: Draft) -> Draft:
    """After every event: say which criteria now hold, and resolve at the moment the last one does (runbook §2.3)."""
    if draft.incident.attested:
        draft = draft.set(attested=resolution.believed(draft.incident, draft.now))
    if draft.incident.phase is Phase.POSTMORTEM:
        return _close_once_told(draft)
    if draft.incident.phase is not Phase.RESOLVE:
        return draft
    standings = resolution.standings(draft.incident, draft.now)
    for standing in standings:
        told = standing.name in draft.incident.criteria_met
        if bool(standing.met) != told:
            verb = "holds" if standing.met else "no longer holds"
            draft = draft.tell(Kind.CRITERION, f"{standing.name} {verb}", because=standing.evidence)
    draft = draft.set(criteria_met=tuple(s.name for s in standings if s.met))
    return _resolved(draft) if len(draft.incident.criteria_met) == len(standings) else draft


def _resolved(draft: Draft) -> Draft:
    draft = looking.stop(draft).set(resolved_at=draft.now, due=_still_due(draft))
    if draft.policy.rule(draft.incident.severity).postmortem:
        return owes_postmortem(draft)
    if customers.owes_last(draft.incident):
        return _owes_last_mail(draft)
    draft = turned(draft, Turn.RESOLVED_SMALL, because="all four criteria hold")
    return _close(cadence.post(draft, "resolved and closed", _story(draft)))


def _owes_last_mail(draft: Draft) -> Draft:
    """A SEV-3 owes no postmortem; whoever was written to hears the end of it before it closes (runbook §7)."""
    draft = turned(draft.set(postmortem_due=None), Turn.RESOLVED_UNTOLD, because="all four criteria hold")
    return cadence.post(draft, "resolved", _story(draft), "It closes once the last mail to customers is out.")


def _close_once_told(draft: Draft) -> Draft:
    """Nothing else keeps a SEV-3 open."""
    if draft.policy.rule(draft.incident.severity).postmortem or customers.is_telling(draft.incident):
        return draft
    draft = turned(draft, Turn.TOLD, because="the last mail to customers is out, or people decided against it")
    return _close(cadence.post(draft, "closed", _story(draft)))


def owes_postmortem(draft: Draft) -> Draft:
    """Due five business days later; the draft is written at once, from what the incident knows (runbook §2.4, §8)."""
    policy = draft.policy
    calendar_due = plus_business_days(draft.now, policy.postmortem_business_days, policy.overnight.zone)
    due = draft.now + (calendar_due - draft.now) / policy.speed
    draft = turned(draft, Turn.RESOLVED, because="all four criteria hold")
    draft = draft.set(postmortem_due=due).due(Due.POSTMORTEM, due)
    draft = cadence.post(
        draft,
        "resolved",
        _story(draft),
        f"*Postmortem due:* {day_clock(due)}. Its draft is in the record, timeline included.",
        commands=(command(draft.incident, "postmortem", url="https://…", by="you"),),
    )
    return archive.record(draft, RecordKind.DRAFT)


def postmortem_overdue(draft: Draft) -> Draft:
    if draft.incident.phase is not Phase.POSTMORTEM or draft.incident.postmortem_due is None:
        return draft
    draft = draft.tell(
        Kind.RECORD, "the postmortem is overdue", because=f"due {day_clock(draft.incident.postmortem_due)}"
    )
    line = command(draft.incident, "postmortem", url="https://…", by="you")
    return cadence.post(draft, "the postmortem is overdue", commands=(line,))


def published(draft: Draft, url: str, *, by: str) -> Draft:
    draft = draft.set(postmortem_url=url)
    draft = turned(draft, Turn.PUBLISHED, because=f"postmortem published: {url}", by=by)
    return _close(cadence.post(draft, "postmortem published, closed", url))


def without_postmortem(draft: Draft, *, by: str) -> Draft:
    """Lowered to a severity that owes none."""
    draft = turned(draft, Turn.PUBLISHED, because=f"{draft.incident.severity} owes no postmortem", by=by)
    return _close(cadence.post(draft, "closed", _story(draft)))


def _close(draft: Draft) -> Draft:
    draft = draft.set(due={})
    return archive.record(draft, RecordKind.CLOSED)


def _still_due(draft: Draft) -> dict[Due, object]:
    """Only what has nothing to do with the incident's course."""
    return {what: at for what, at in draft.incident.due.items() if what in LASTING}


def _story(draft: Draft) -> str:
    """One line: how long, and what helped (runbook §2.4)."""
    incident = draft.incident
    took = words(draft.now - incident.opened_at)
    return f"*Took:* {took} · *What helped:* {incident.mitigated_how or 'unknown'}"
