"""How we respond: severities, clocks and cadences (runbook §1, §2). Every number here names its section."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from incident.model.escalation import Ladder, Rung
from incident.model.response_policy import Overnight, PageWhen, ResponsePolicy, SeverityRule
from incident.model.role import Role
from incident.model.severity import Severity
from runbook import messages
from runbook.escalation import LADDERS
from runbook.messages import MESSAGES

RESPONSE = ResponsePolicy(
    rules={
        # runbook §1: page? and comms cadence; §2: roles; §2.4: who gets a postmortem. Reminders are ours.
        Severity.SEV1: SeverityRule(
            page=PageWhen.ALWAYS,
            cadence=timedelta(minutes=30),
            postmortem=True,
            roles=(Role.IC, Role.SCRIBE, Role.COMMS),
            remind_roles_every=timedelta(minutes=10),
        ),
        Severity.SEV2: SeverityRule(
            page=PageWhen.OVERNIGHT,
            cadence=timedelta(hours=2),
            postmortem=True,
            roles=(Role.RESPONDER,),
            remind_roles_every=timedelta(minutes=30),
        ),
        Severity.SEV3: SeverityRule(
            page=PageWhen.NEVER,
            cadence=None,
            postmortem=False,
            roles=(Role.RESPONDER,),
            remind_roles_every=timedelta(hours=8),
        ),
    },
    ack_within=timedelta(minutes=5),  # runbook §2
    repage_every=timedelta(hours=1),  # runbook §1: "hourly re-page"
    retry_undelivered_page_after=timedelta(minutes=2),  # ours: nobody was reached, an hour is too long
    escalate_unmitigated_after=timedelta(minutes=30),  # runbook §6
    repeat_interval=timedelta(hours=1),  # runbook §2.3; Alertmanager's for the pager receiver (runbook §1)
    probe_every=timedelta(seconds=15),  # ours: AppDBDown fires after 2 minutes of failed probes (runbook §3.2)
    greens_in_a_row=3,  # ours: one green may be luck
    look_patience=timedelta(minutes=30),  # ours: a look is renewed after that
    automation_patience=timedelta(minutes=10),  # ours: an App Runner redeploy takes a few minutes
    verify_patience=timedelta(minutes=10),  # ours: the same
    levers_per_hour=3,  # ours: a lever that needs a fourth try is not the cure
    hour=timedelta(hours=1),
    postmortem_business_days=5,  # runbook §2.4
    overnight=Overnight(zone="UTC", starts=time(22), ends=time(8)),  # ours: runbook §1 gives no hours
    ladders=LADDERS,  # runbook §1, §2, §6: see there
    next_contact_after=timedelta(seconds=10),  # ours: twice the time a provider gets for one answer
    same_page_within=timedelta(minutes=1),  # ours: who was woken by the second path is not woken twice for it
    page_fresh_for=timedelta(seconds=5),  # ours: nobody acknowledges, and is heard, within the way to a first phone
    customers=MESSAGES,
    misunderstood_post_every=timedelta(minutes=1),  # design §5
    retry_record_every=timedelta(minutes=5),  # ours: a full disk is not mended faster
    proposal_valid_for=timedelta(hours=1),  # ours: what was read then may no longer be so
    yes_valid_for=timedelta(minutes=30),  # ours: the same, for a yes that waits for the second person
    must_be_verified=(),  # runbook §6 names owners, not how they prove it; "two_people" or "finance" may stand here
    link_valid_for=timedelta(hours=24),  # ours: an unacked page comes again within the hour, with a new link
    card_every=timedelta(seconds=5),  # ours: Slack allows about 50 edits a minute (its page "Rate limits", tier 3)
    remind_before_update=timedelta(minutes=5),  # ours: time enough to write a sentence
)


LEAST_TO_SHOW = timedelta(seconds=30)
"""A redeploy or a provisioning step takes as long in a drill as ever, and so does seeing what came of it."""


def at_speed(policy: ResponsePolicy, speed: float) -> ResponsePolicy:
    """The same response with every duration divided by `speed`: 60 makes a minute a second, for drills and tests.

    But for the time that a lever is watched: see LEAST_TO_SHOW.
    """
    if speed == 1.0:
        return policy
    rules = {severity: replace(rule, **_faster(rule, speed)) for severity, rule in policy.rules.items()}
    customers = messages.at_speed(policy.customers, speed)
    ladders = {
        domain: {s: _climbed(ladder, speed) for s, ladder in of.items()} for domain, of in policy.ladders.items()
    }
    shown = min(policy.verify_patience, max(policy.verify_patience / speed, LEAST_TO_SHOW))
    return replace(
        policy,
        **_faster(policy, speed) | {"verify_patience": shown},
        rules=rules,
        ladders=ladders,
        customers=customers,
        speed=policy.speed * speed,
    )


def _climbed(ladder: Ladder, speed: float) -> Ladder:
    return replace(ladder, rungs=tuple(replace(rung, **_faster(rung, speed)) for rung in ladder.rungs))


def _faster(of: ResponsePolicy | SeverityRule | Rung, speed: float) -> dict[str, Any]:
    return {name: value / speed for name, value in vars(of).items() if isinstance(value, timedelta)}
