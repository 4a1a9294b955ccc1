"""What the vendor tells: it fires, it cleared, it fires again."""

from dataclasses import replace
from datetime import datetime

from incident.model.alert import Alert, AlertStatus
from incident.model.effects import Purpose
from incident.model.finding import Status
from incident.model.incident import Due, Incident, Phase, ProposalState
from incident.model.timeline import Kind
from incident.policy import cadence, closing, escalation, looking, mitigation, paging
from incident.policy.draft import Draft
from incident.policy.levers import live
from incident.policy.lifecycle import Turn, may, turned
from incident.policy.texts import clock

REMEMBERED = 256
"""Notifications kept to recognise repeats; Alertmanager repeats a whole group each time."""


def told(draft: Draft, alert: Alert) -> Draft:
    """One notification. A repeat changes nothing and leaves no line."""
    if _is_old_news(draft, alert):
        return draft
    draft = remember(draft, alert)
    return _cleared(draft, alert) if alert.status is AlertStatus.RESOLVED else _fires(draft, alert)


def remember(draft: Draft, alert: Alert) -> Draft:
    seen = (*draft.incident.seen, alert.dedup_key) if alert.starts_at else draft.incident.seen
    firing = dict(draft.incident.firing)
    if alert.status is AlertStatus.FIRING:
        if alert.fingerprint:
            firing.pop(alert.name, None)  # typed by hand until now: its vendor knows which subject it is
        firing[alert.subject] = alert.starts_at
    elif alert.fingerprint:
        firing.pop(alert.subject, None)
    else:
        firing.clear()  # typed by hand: it means all of it
    return draft.set(seen=seen[-REMEMBERED:], firing=firing)


def _is_old_news(draft: Draft, alert: Alert) -> bool:
    """Seen before, changes nothing, or overtaken on its way by a younger one of the same subject."""
    incident = draft.incident
    if alert.starts_at and _is_known(incident, alert):
        return True
    if not alert.fingerprint:
        return bool(incident.firing) is (alert.status is AlertStatus.FIRING)
    if alert.subject not in incident.firing:
        return alert.status is AlertStatus.RESOLVED
    since = incident.firing[alert.subject]
    if alert.starts_at is None or since is None:
        return alert.status is AlertStatus.FIRING
    return alert.starts_at < since or (alert.status is AlertStatus.FIRING and alert.starts_at == since)


def _is_known(incident: Incident, alert: Alert) -> bool:
    """Told before, or its own clearing was, which had overtaken it."""
    clearing = replace(alert, status=AlertStatus.RESOLVED)
    return not {alert.dedup_key, clearing.dedup_key}.isdisjoint(incident.seen)


def _cleared(draft: Draft, alert: Alert) -> Draft:
    if draft.incident.firing:
        return draft.tell(Kind.ALERT, f"{alert.name} cleared for one of several subjects", by=alert.source)
    holds_at = draft.now + draft.policy.repeat_interval
    draft = draft.set(cleared_at=draft.now).due(Due.QUIET, holds_at)
    draft = draft.tell(Kind.ALERT, f"{alert.name} cleared", because=f"counts from {clock(holds_at)}", by=alert.source)
    if draft.incident.phase in (Phase.POSTMORTEM, Phase.CLOSED):
        return draft.not_due(Due.QUIET)
    return _moves_on(draft)


def _moves_on(draft: Draft) -> Draft:
    """Where no check sees harm, the alert's clearing is the end of the impact."""
    if draft.incident.phase not in (Phase.TRIAGE, Phase.MITIGATE) or live(draft.incident, ProposalState.APPROVED):
        return draft
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    if draft.playbook.impact_check and (impact is None or impact.status is not Status.OK):
        return draft
    why = impact.summary if impact else ""
    return mitigation.mitigated(draft, how="the alert cleared", because=why)


def _fires(draft: Draft, alert: Alert) -> Draft:
    draft = draft.set(cleared_at=None).not_due(Due.QUIET)
    if may(draft.incident.phase, Turn.FIRED_AGAIN):
        return _reopened(draft, alert)
    return draft.tell(Kind.ALERT, f"{alert.name} fires again", because=alert.summary, by=alert.source)


def _reopened(draft: Draft, alert: Alert) -> Draft:
    """The fix was not durable: all over again, on the same timeline (design §5)."""
    was = draft.incident.phase
    draft = turned(draft, Turn.FIRED_AGAIN, because="it fired again: the fix was not durable", by=alert.source)
    if was is not Phase.RESOLVE:
        draft = draft.set(acked_by="", acked_at=None, roles={}, role_reminders=0)
    draft = _begin_episode(draft, since=min(alert.starts_at or draft.now, draft.now))
    why = f"{alert.name} fired again, the fix was not durable"
    draft = cadence.keep(escalation.plan(draft, why))
    draft = cadence.post(
        draft, "fired again: the fix was not durable", *cadence.situation(draft), broadcast=_wake(draft)
    )
    return looking.look(draft, Purpose.TRIAGE, fresh=True)


def _wake(draft: Draft) -> bool:
    return paging.pages_now(draft) and not draft.incident.acked_by


def _begin_episode(draft: Draft, *, since: datetime) -> Draft:
    """What was true of the last episode is not evidence for this one."""
    incident = draft.incident
    return draft.set(
        episode=incident.episode + 1,
        due={what: at for what, at in incident.due.items() if what in closing.LASTING},
        findings={},
        attested={},
        criteria_met=(),
        items_before=len(incident.action_items),
        levers_tried=(),
        handed_over=(),
        held_back=(),
        automation_seen_at=None,
        impact_since=since,
        widened=False,
        calls={},
        unheard=(),
        rung=0,
        repeats=0,
        mitigated_at=None,
        mitigated_how="",
        resolve_asked_by="",
        resolve_note="",
        resolved_at=None,
        postmortem_due=None,
        closed_recorded=False,
    )
