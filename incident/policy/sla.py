"""How long a paid customer may wait: the clock, the warning, what is asked of people when it is over (runbook §3.1).

The clock starts when the first of those who wait began to wait, as the impact check says, not when we heard of it.
"""

from datetime import datetime

from incident.model.finding import Finding, Status
from incident.model.incident import Due
from incident.model.timeline import Kind
from incident.policy import cadence, refund
from incident.policy.draft import Draft
from incident.policy.texts import clock, day_clock, words

CLOCKS = (Due.SLA_NEAR, Due.SLA)
WARN_AT = 0.75
"""Of the SLA: what is left is time enough to write to a customer (ours)."""


def watch(draft: Draft) -> Draft:
    """After each look: start the clocks for whoever waits longest, or stop them when nobody does."""
    since = _waits_since(draft)
    sla = draft.playbook.sla
    if since is None or sla is None:
        return draft.not_due(*CLOCKS)
    told = draft.incident.sla_told_for
    if told and since <= told:
        return draft.not_due(*CLOCKS)
    near, over = (since + sla * part / draft.policy.speed for part in (WARN_AT, 1.0))
    warned = draft.incident.sla_warned_for
    draft = draft.not_due(*CLOCKS).due(Due.SLA, over)
    warn = over > draft.now and not (warned and since <= warned)
    return draft.due(Due.SLA_NEAR, near) if warn else draft


def near(draft: Draft) -> Draft:
    """Most of the time is gone: say so while something can still be done about it."""
    since, over = _waits_since(draft), draft.incident.due.get(Due.SLA)
    if since is None or over is None:
        return draft
    draft = draft.set(sla_warned_for=since)
    what = f"a paid customer waits since {clock(since)}: the SLA ends at {clock(over)}"
    draft = draft.tell(Kind.SEVERITY, what, because=_sla(draft))
    return cadence.post(
        draft, what, _who(draft), "Then the customer has to be told, and finance asked for a refund path."
    )


def passed(draft: Draft) -> Draft:
    """The SLA is over: the customer is to be told, and finance has to say yes to a refund or credit (runbook §3.1)."""
    since = _waits_since(draft)
    if since is None:
        return draft
    draft = draft.set(sla_told_for=since, sla_warned_for=since)
    what = f"the provisioning SLA is over: a paid customer waits since {day_clock(since)}"
    draft = draft.tell(Kind.SEVERITY, what, because=_sla(draft))
    return refund.ask(draft, what, _who(draft))


def ask_again(draft: Draft) -> Draft:
    """Finance did not answer in time, and somebody still waits."""
    if _waits_since(draft) is None:
        return draft
    return refund.ask(draft, "finance has not answered: the question again", _who(draft))


def _waits_since(draft: Draft) -> datetime | None:
    impact = _impact(draft)
    return impact.hurt_since if impact and impact.status is Status.BAD else None


def _impact(draft: Draft) -> Finding | None:
    return draft.incident.findings.get(draft.playbook.impact_check or "")


def _who(draft: Draft) -> str:
    impact = _impact(draft)
    return f"*Who:* {impact.summary}" if impact else ""


def _sla(draft: Draft) -> str:
    sla = draft.playbook.sla
    return f"provisioning may take {words(sla)}" if sla else ""
