"""How long a paid customer may wait: the clock, the warning, what is asked of people when it is over (runbook §3.1).

The clock starts when the first of those who wait began to wait, as the impact check says, not when we heard of it.
"""

from datetime import datetime

from incident.model.finding import Finding, Status
from incident.model.incident import Due, Proposal
from incident.model.lever import LeverPlan
from incident.model.playbook import Approval
from incident.model.timeline import Kind
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.texts import agree, clock, command, day_clock, words

CLOCKS = (Due.SLA_NEAR, Due.SLA)
WARN_AT = 0.75
"""Of the SLA: what is left is time enough to write to a customer (ours)."""
REFUND = "refund_path"
MONEY = "finance"
"""Whose yes money wants (runbook §3.1, §6): the people of the rotation of this name."""


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
    return _ask_finance(draft, what)


def ask_again(draft: Draft) -> Draft:
    """Finance did not answer in time, and somebody still waits."""
    return _ask_finance(draft, "finance has not answered: the question again") if _waits_since(draft) else draft


def _ask_finance(draft: Draft, what: str) -> Draft:
    if any(p.plan.lever == REFUND for p in draft.incident.open_proposals):
        return cadence.post(draft, what, _who(draft))
    draft = draft.set(plans=draft.incident.plans + 1)
    plan = LeverPlan(
        lever=REFUND,
        target="the customers who wait",
        would="Finance prepares a refund or credit for those who wait, and people tell them by mail.",
        by_people=True,
    )
    name = f"{REFUND}-{draft.incident.plans}"
    proposal = Proposal(id=name, plan=plan, approval=Approval.APPROVAL, proposed_at=draft.now, needs=(MONEY,))
    draft = draft.set(proposals=(*draft.incident.proposals, proposal))
    draft = draft.tell(Kind.LEVER, f"{name} proposed: {plan.would}", because="finance has to say yes")
    return cadence.post(
        draft,
        what,
        _who(draft),
        "*Wanted:* a mail to the customer (what is affected, that we are on it, next update), and a yes of finance.",
        commands=(
            agree(draft.incident, proposal),
            command(draft.incident, "reject", proposal=name, by="you", of=MONEY, why="…"),
        ),
        broadcast=True,
    )


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
