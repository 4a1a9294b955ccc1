"""Stop the bleeding: automations first, then the fastest safe lever, and people (runbook §2.2, §3.2, design §7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.effects import ApplyLever, Page, PlanLever, Purpose
from incident.model.incident import Due, Phase, ProposalState
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.messages import Approve, Mitigated, Reject
from incident.model.outcomes import LeverApplied, LeverPlanFailed, LeverPlanned, Looked
from incident.model.playbook import Approval
from incident.model.severity import Severity
from runbook.alerts.AppDBDown import PLAYBOOK as APP_DB_DOWN
from runbook.response import RESPONSE
from tests.policy.story import NIGHT, PLAYBOOK, Story, finding, hurting, mitigated, with_levers

APPROVED, APPLIED, WITHDRAWN = ProposalState.APPROVED, ProposalState.APPLIED, ProposalState.WITHDRAWN
FAILED, REJECTED, VERIFIED = ProposalState.FAILED, ProposalState.REJECTED, ProposalState.VERIFIED


def proposing(**begin) -> Story:
    """The first lever's plan waits for a yes or no, and somebody owns the incident."""
    return hurting(**begin).acks().plans()


def applied(**begin) -> Story:
    """The first lever was approved and set in motion; now we watch whether it helps."""
    return proposing(**begin).says(Approve(by="ana")).applies()


def planned_levers(story: Story) -> list[str]:
    return [plan.lever for plan in story.all(PlanLever)]


# ── is it real? ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_seen_harm_begins_the_mitigation():
    """Mitigation obvious: stop the bleeding (runbook §2)."""
    assert hurting().phase is Phase.MITIGATE


@pytest.mark.parametrize("looks", [1, 2])
def test_green_while_it_fires_pulls_no_lever(looks):
    """Confirm the alert is real, not a single flaky vantage (runbook §2.1)."""
    story = Story()
    for _ in range(looks):
        story.sees(probe="ok", healer="ok")

    assert (story.phase, story.all(PlanLever)) == (Phase.TRIAGE, [])


def test_one_green_is_looked_at_again_before_it_counts():
    """One green may be luck: three in a row (response policy)."""
    story = Story().sees(probe="ok", healer="ok")

    assert (story.look.greens, story.look.patience) == (3, timedelta(0))


def test_a_flaky_vantage_is_said_once_and_the_severity_stays():
    """Not confirmed from here: people decide (runbook §2.1)."""
    story = Story().sees(probe="ok").sees(probe="ok").after(minutes=30).sees(probe="ok")

    assert story.post_minutes("not confirmed from here: maybe one flaky vantage") == [0]
    assert story.incident.severity is Severity.SEV1


def test_green_after_the_alert_cleared_means_it_recovered():
    """Customer impact stopped, before we had done anything (runbook §2)."""
    story = Story().clears().sees(probe="ok").sees(probe="ok")

    assert (story.phase, story.incident.mitigated_how) == (Phase.RESOLVE, "it recovered before we looked")


def test_what_cannot_be_seen_is_treated_as_an_outage():
    """SEV-1 until proven otherwise; unknown is never ok (runbook, golden rule)."""
    story = Story().sees(probe="unknown")

    assert (story.phase, story.incident.severity) == (Phase.TRIAGE, Severity.SEV1)
    assert story.post_minutes("we cannot see whether customers are hurt") == [0]


def test_not_seeing_is_said_once_while_it_lasts():
    """Saying it every half hour tells nobody anything (design §9)."""
    story = Story().sees(probe="unknown").after(minutes=30).sees(probe="unknown")

    assert story.post_minutes("we cannot see whether customers are hurt") == [0]


# ── an automation is at work ─────────────────────────────────────────────────────────────────────────────────────


def test_our_levers_hold_back_while_an_automation_acts():
    """obs-db-selfheal already redeploys: watch the deployment first (runbook §3.2)."""
    story = Story().sees(probe="bad", healer="acting")

    assert (story.all(PlanLever), story.due_in(Due.LEVER)) == ([], timedelta(minutes=10))


def test_an_automation_that_recovers_it_is_the_mitigation():
    """If it recovers, you are done (runbook §3.2)."""
    story = Story().sees(probe="bad", healer="acting").after(minutes=2).sees(probe="ok", healer="healed")

    assert (story.phase, story.incident.mitigated_how) == (Phase.RESOLVE, "healer: healer healed")


def test_an_automation_that_fails_hands_over_to_our_levers_at_once():
    """Persists? Go on (runbook §3.2)."""
    story = Story().sees(probe="bad", healer="acting").after(minutes=2).sees(probe="bad", healer="bad")

    assert planned_levers(story) == ["restart"]


def test_an_automation_gets_its_time_and_no_more():
    """It persists after ten minutes: the next lever (runbook §2.2, §3.2)."""
    story = Story().acks().sees(probe="bad", healer="acting").after(minutes=10)

    assert planned_levers(story) == ["restart"]


def test_an_automation_gets_its_time_only_once():
    """One that starts again and again must not hold us back for ever (runbook §2.2)."""
    story = Story().acks().sees(probe="bad", healer="acting").after(minutes=6).sees(probe="bad", healer="healed")
    story.after(minutes=3).sees(probe="bad", healer="acting")

    assert story.due_in(Due.LEVER) == timedelta(minutes=1)


def test_what_an_automation_has_just_done_is_not_done_again():
    """It redeployed and that did not help: people have to find the way (runbook §3.2)."""
    playbook = replace(with_levers("restart"), automation_lever="restart")
    story = Story(playbook=playbook).acks().sees(probe="bad", healer="acting").after(minutes=5)
    story.sees(probe="bad", healer="healed")

    assert "no lever is left: people have to find the way" in story.after(minutes=5).lines


def test_a_lever_that_does_something_else_than_the_automation_is_still_worth_a_try():
    """It redeployed and that did not help: the next lever (runbook §2.2)."""
    playbook = replace(with_levers("restart", "scale"), automation_lever="restart")
    story = Story(playbook=playbook).acks().sees(probe="bad", healer="acting").after(minutes=5)
    story.sees(probe="bad", healer="healed").after(minutes=5)

    assert [plan.lever for plan in story.all(PlanLever)] == ["scale"]


def test_a_proposal_is_withdrawn_when_an_automation_begins():
    """Two at once would only disturb each other (runbook §3.2)."""
    story = proposing().sees(probe="bad", healer="acting")

    assert story.proposal.state is WITHDRAWN


def test_a_plan_on_its_way_when_an_automation_begins_proposes_nothing():
    """We hold back, whatever was asked before (runbook §3.2)."""
    story = hurting().acks().sees(probe="bad", healer="acting").plans()

    assert story.incident.proposals == ()


def test_a_plan_dropped_for_an_automation_is_made_again_when_its_time_is_over():
    """Fastest safe lever, a little later (runbook §2.2)."""
    story = hurting().acks().sees(probe="bad", healer="acting").plans().after(minutes=10)

    assert planned_levers(story) == ["restart", "restart"]


def test_a_database_nobody_can_reach_is_left_to_self_heal_first():
    """The runbook's own AppDBDown: obs-db-selfheal redeploys; if it recovers, you are done (runbook §3.2)."""
    story = Story(playbook=APP_DB_DOWN).sees(ready_probe="bad", self_heal="acting")
    story.after(minutes=3).sees(ready_probe="ok", self_heal="healed")

    assert (story.phase, story.all(PlanLever)) == (Phase.RESOLVE, [])


def test_a_database_self_heal_cannot_bring_back_is_redeployed_with_a_person_s_leave():
    """Persists? A person decides (runbook §3.2)."""
    story = Story(playbook=APP_DB_DOWN).sees(ready_probe="bad", self_heal="bad").plans()

    assert (story.proposal.id, story.proposal.approval, story.all(ApplyLever)) == (
        "redeploy_app-1",
        Approval.APPROVAL,
        [],
    )


# ── plan, approve, apply, verify ─────────────────────────────────────────────────────────────────────────────────


def test_the_fastest_safe_lever_is_planned_first():
    """With the fastest safe lever (runbook §2.2)."""
    assert planned_levers(hurting()) == ["restart"]


def test_a_plan_is_proposed_in_words_a_person_can_approve():
    """What would change and what it would touch, at 3 a.m. (design §7)."""
    post = hurting().acks().plans(touches=("shop", "till")).last_post("restart-1 needs a yes or a no")

    assert post.lines == ("*Would:* restart the shop", "*Touches:* shop, till")
    assert [line.split("--name ")[1].split()[0] for line in post.commands] == ["approve", "reject"]


def test_nothing_is_applied_without_a_yes():
    """Policy says whether it may run alone (design §7)."""
    assert proposing().after(minutes=20).all(ApplyLever) == []


def test_a_yes_applies_the_lever():
    """plan → approve → apply (design §7)."""
    effect = proposing().says(Approve(by="ana")).all(ApplyLever)[0]

    assert (effect.proposal, effect.plan.would) == ("restart-1", "restart the shop")


def test_the_reason_of_a_yes_is_on_the_timeline():
    """Document every action in the thread (runbook §2.2)."""
    story = proposing().says(Approve(by="ana", why="nobody is buying anyway"))
    entry = next(e for e in story.incident.timeline if e.what == "restart-1 approved")

    assert (entry.because, entry.by) == ("nobody is buying anyway", "ana")


def test_a_lever_has_ten_minutes_to_show_its_effect():
    """Whether it helped is for the world to say (design §7)."""
    story = applied()

    assert (story.proposal.state, story.due_in(Due.LEVER)) == (APPLIED, timedelta(minutes=10))


def test_green_after_a_lever_verifies_it():
    """verify looks at the world, never at apply's answer (design §7)."""
    story = applied().sees(probe="ok", healer="ok")

    assert (story.phase, story.proposal.state) == (Phase.RESOLVE, VERIFIED)
    assert story.incident.mitigated_how == "restart-1 (approved by ana)"


def test_a_lever_said_to_be_applied_proves_nothing():
    """verify looks at the world (design §7)."""
    assert applied().phase is Phase.MITIGATE


def test_an_automatic_lever_needs_nobody():
    """automatic: it may run alone (design §7)."""
    story = hurting(playbook=with_levers("restart", approval=Approval.AUTOMATIC)).plans()

    assert (story.proposal.state, story.proposal.approved_by) == (APPROVED, ("the runbook",))


@pytest.mark.parametrize(
    ("people", "applied_levers"),
    [
        pytest.param(["ana"], 0, id="one yes is not enough"),
        pytest.param(["ana", "ana"], 0, id="the same person twice is one person"),
        pytest.param(["ana", "bo"], 1, id="two people"),
    ],
)
def test_money_data_and_exposure_need_two_people(people, applied_levers):
    """A second person for money, data deletion or public exposure (design §7)."""
    story = proposing(playbook=with_levers("restart", approval=Approval.TWO_PEOPLE))
    for by in people:
        story.says(Approve(by=by))

    assert len(story.all(ApplyLever)) == applied_levers


def test_after_the_first_of_two_the_thread_asks_for_the_second():
    """Nobody should wait for somebody who does not know (design §7)."""
    story = proposing(playbook=with_levers("restart", approval=Approval.TWO_PEOPLE)).says(Approve(by="ana"))

    assert story.last_post("restart-1 needs one more yes").lines == ("ana said yes; a second person has to.",)


# ── a lever only people can pull ─────────────────────────────────────────────────────────────────────────────────


def by_hand() -> Story:
    return proposing(playbook=with_levers("restart", "scale", approval=Approval.MANUAL))


def test_a_manual_lever_is_only_advised():
    """manual: only advised, never applied by us (design §7)."""
    story = by_hand().says(Approve(by="ana"))

    assert (story.all(ApplyLever), story.incident.timeline[-1].because) == (
        [],
        "restart-1 is done by hand; tell `mitigated` when it helped",
    )


def test_a_manual_lever_offers_only_what_people_can_say():
    """A command that would be refused helps nobody at 3 a.m. (design §5)."""
    commands = by_hand().last_post("restart-1 to be done by hand").commands

    assert [line.split("--name ")[1].split()[0] for line in commands] == ["mitigated", "reject"]


def test_the_update_never_offers_to_approve_what_is_done_by_hand():
    """The same in each update (runbook §7)."""
    commands = by_hand().after(minutes=30).last_post("update").commands

    assert [line.split("--name ")[1].split()[0] for line in commands] == ["mitigated"]


def test_a_manual_lever_nobody_wants_makes_room_for_the_next_one():
    """Rejected: the next lever (runbook §2.2)."""
    assert planned_levers(by_hand().says(Reject(by="ana", why="no access"))) == ["restart", "scale"]


# ── not stopped: raise, widen, next ──────────────────────────────────────────────────────────────────────────────


def test_a_rejected_plan_makes_room_for_the_next_lever():
    """A no is not the end (runbook §2.2)."""
    story = proposing().says(Reject(by="ana", why="it loses the carts"))

    assert (story.proposal.state, planned_levers(story)) == (REJECTED, ["restart", "scale"])


def test_a_lever_without_effect_in_time_has_failed():
    """Impact not stopped (runbook §2)."""
    story = applied().after(minutes=10)

    assert (story.incident.proposals[0].state, story.incident.levers_tried) == (FAILED, ("restart",))


def test_after_a_failed_lever_comes_the_next_one():
    """No → raise severity, widen, and mitigate again (runbook §2)."""
    assert planned_levers(applied().after(minutes=10)) == ["restart", "scale"]


def test_a_failed_lever_widens_to_the_owner():
    """Raise severity, widen escalation (runbook §2)."""
    assert applied().after(minutes=10).post_minutes("escalated to shop owner") == [10]


def test_a_failed_lever_raises_the_severity():
    """Raise severity (runbook §2)."""
    assert applied(severity=Severity.SEV2).after(minutes=10).incident.severity is Severity.SEV1


def test_a_raise_after_a_failed_lever_starts_the_cadence_of_the_new_severity():
    """A SEV-1 is updated every 30 minutes (runbook §1)."""
    assert applied(severity=Severity.SEV2).after(minutes=10).due_in(Due.CADENCE) == timedelta(minutes=30)


def test_a_raise_pages_once():
    """Raised and widened at one instant are one page, to on-call and the owner (design §6)."""
    story = hurting(severity=Severity.SEV2, at=NIGHT).plans().after(minutes=1).says(Approve(by="ana")).after(minutes=1)
    story.applies(LeverOutcome.FAILED)
    raised = [page for at, page in story.asked if isinstance(page, Page) and at == story.now]

    assert [page.audience for page in raised] == ["on-call and shop owner"]


def test_a_raise_to_sev2_by_day_asks_the_owner_in_the_thread():
    """SEV-2: page if overnight (runbook §1)."""
    story = applied(severity=Severity.SEV3).after(minutes=10)

    assert (story.page_minutes, story.post_minutes("escalated to shop owner")) == ([], [10])


def test_a_lever_whose_work_visibly_failed_is_not_waited_for():
    """Its deployment rolled back: the next lever at once (runbook §2.2)."""
    story = applied().after(minutes=2).sees(probe="bad", healer="bad")

    assert (story.incident.proposals[0].state, planned_levers(story)) == (FAILED, ["restart", "scale"])


def test_a_failure_seen_before_the_lever_is_not_the_lever_s():
    """A look that was on its way tells what failed before: something else (design §7)."""
    story = Story().acks().sees(probe="bad", healer="bad").plans().says(Approve(by="ana"))
    seen_before = (finding("probe", "bad", story.now), finding("healer", "bad", story.now))
    story.after(minutes=1).applies()
    story.takes(Looked(number=story.incident.looking, purpose=Purpose.HOLD, findings=seen_before))

    assert story.proposal.state is APPLIED


def test_when_no_lever_is_left_people_are_called_once():
    """People have to find the way (runbook §2, escalate to the domain owner)."""
    story = hurting(playbook=with_levers()).acks()

    assert story.post_minutes("escalated to shop owner") == [0]
    assert story.lines.count("no lever is left: people have to find the way") == 1


def test_no_lever_left_is_not_repeated_at_every_look():
    """Said once per turn of the impact (design §9)."""
    story = hurting(playbook=with_levers()).acks().sees(probe="unknown", healer="ok").sees(probe="bad", healer="ok")

    assert story.lines.count("no lever is left: people have to find the way") == 1


# ── plans that come to nothing ───────────────────────────────────────────────────────────────────────────────────


def test_an_impossible_lever_makes_room_for_the_next_one():
    """No permission, no such service: said, and on (design §7)."""
    story = hurting().plans(impossible="no service is set")

    assert (planned_levers(story), story.incident.proposals) == (["restart", "scale"], ())


def test_a_plan_that_fails_makes_room_for_the_next_one():
    """AWS does not answer: the next lever (runbook §2.2)."""
    story = hurting().takes(LeverPlanFailed(lever="restart", why="AWS does not answer"))

    assert planned_levers(story) == ["restart", "scale"]


def test_a_held_lever_is_planned_again_after_a_while():
    """A guard says not now: not a failure, and nobody is paged for it (design §7)."""
    story = hurting().acks().plans(held="a deployment is running").after(minutes=10)

    assert (planned_levers(story), story.incident.levers_tried) == (["restart", "restart"], ())


def test_a_lever_held_at_the_last_moment_is_planned_again_after_a_while_too():
    """Not at once: the world would be asked the same thing as fast as it can answer (design §9)."""
    story = proposing().says(Approve(by="ana")).applies(LeverOutcome.HELD, "a deployment is running")
    now = planned_levers(story)

    assert (story.proposal.state, now, planned_levers(story.after(minutes=10))) == (
        WITHDRAWN,
        ["restart"],
        ["restart", "restart"],
    )


def test_the_wait_for_a_held_lever_says_what_it_waited_for():
    """Without an automation there is none to blame (runbook §2.2)."""
    story = hurting(playbook=replace(PLAYBOOK, automation_check=None)).acks().plans(held="busy").after(minutes=10)
    entry = next(e for e in story.incident.timeline if e.what == "held back long enough")

    assert entry.because == "10 min were not enough"


def test_a_wait_that_has_been_overtaken_is_not_told():
    """The automation failed before its time was over, and our lever is on the table (runbook §2.2)."""
    story = Story().acks().sees(probe="bad", healer="acting").after(minutes=1).sees(probe="bad", healer="bad")

    assert "held back long enough" not in story.plans().after(minutes=10).lines


def test_a_stale_plan_of_another_lever_changes_nothing():
    """It comes back late, when another lever is being planned (design §3)."""
    story = (
        hurting()
        .acks()
        .plans(impossible="no service")
        .takes(LeverPlanned(plan=LeverPlan(lever="restart", target="shop", would="restart")))
    )

    assert (story.incident.planning, story.incident.proposals) == ("scale", ())


def test_a_stale_failure_of_another_lever_s_plan_changes_nothing():
    """It comes back late, when another lever is being planned (design §3)."""
    story = hurting().acks().plans(impossible="no service")
    before = story.incident

    assert story.takes(LeverPlanFailed(lever="restart", why="late")).incident == before


def test_a_plan_that_comes_after_the_impact_has_stopped_proposes_nothing():
    """There is nothing left to mitigate (runbook §2)."""
    story = hurting().acks().says(Mitigated(by="ana")).plans()

    assert (story.phase, story.incident.proposals) == (Phase.RESOLVE, ())


# ── how often ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_so_many_levers_an_hour_and_no_more():
    """At most N per hour: what needs more is not the cure (design §7)."""
    story = proposing(policy=replace(RESPONSE, levers_per_hour=0)).says(Approve(by="ana"))

    assert (story.all(ApplyLever), story.incident.proposals[0].state) == ([], FAILED)


def test_an_hour_later_a_lever_may_be_pulled_again():
    """At most N per *hour* (design §7)."""
    story = applied(policy=replace(RESPONSE, levers_per_hour=1)).sees(probe="ok").after(minutes=61)
    story.sees(probe="bad", journey="ok", books="ok").sees(probe="bad", healer="ok").plans().says(Approve(by="ana"))

    assert len(story.all(ApplyLever)) == 2


def test_within_the_hour_it_may_not():
    """At most N per hour (design §7)."""
    story = applied(policy=replace(RESPONSE, levers_per_hour=1)).sees(probe="ok").after(minutes=5)
    story.sees(probe="bad", journey="ok", books="ok").sees(probe="bad", healer="ok").plans().says(Approve(by="ana"))

    assert len(story.all(ApplyLever)) == 1


@pytest.mark.parametrize(
    "life",
    [
        pytest.param(proposing, id="one is on the table"),
        pytest.param(lambda: proposing().says(Approve(by="ana")), id="one is being applied"),
        pytest.param(applied, id="one was applied, and has its time"),
    ],
)
def test_only_one_lever_is_on_its_way_at_a_time(life):
    """Never while another lever works on the same target (design §7)."""
    story = life().sees(probe="unknown", healer="ok").sees(probe="bad", healer="ok")

    assert planned_levers(story) == ["restart"]


@pytest.mark.parametrize("outcome", [LeverOutcome.APPLIED, LeverOutcome.HELD, LeverOutcome.FAILED])
def test_a_report_after_the_impact_has_gone_ends_the_mitigation(outcome):
    """It turned green while the lever was at work: whatever the lever says, the world is looked at (runbook §2)."""
    story = proposing().says(Approve(by="ana")).sees(probe="ok", healer="ok").applies(outcome)

    assert story.sees(probe="ok", healer="ok").phase is Phase.RESOLVE


def test_a_lever_that_fails_once_the_impact_has_gone_alarms_nobody():
    """Customer impact stopped? Yes: no reason to raise, widen or pull another one (runbook §2)."""
    story = proposing(severity=Severity.SEV2).says(Approve(by="ana")).sees(probe="ok", healer="ok")
    story.applies(LeverOutcome.FAILED)

    assert (story.incident.severity, planned_levers(story)) == (Severity.SEV2, ["restart"])


# ── somebody was faster ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(proposing, WITHDRAWN, id="a plan on the table is withdrawn"),
        pytest.param(lambda: proposing().says(Approve(by="ana")), WITHDRAWN, id="one on its way is let go"),
        pytest.param(applied, VERIFIED, id="one applied has helped"),
    ],
)
def test_a_person_may_say_that_the_impact_has_stopped(life, expected):
    """Customer impact stopped? Yes (runbook §2)."""
    story = life().says(Mitigated(by="bo", how="rolled back"))

    assert (story.phase, story.incident.mitigated_how, story.proposal.state) == (
        Phase.RESOLVE,
        "rolled back",
        expected,
    )


def let_go() -> Story:
    """A lever was on its way when a person had already stopped the impact; now it reports."""
    return proposing().says(Approve(by="ana")).says(Mitigated(by="bo", how="rolled back")).applies()


def test_a_late_report_of_a_lever_resurrects_nothing():
    """A line more, and the incident stays where it is (design §7)."""
    story = let_go()

    assert (story.phase, story.proposal.state, story.lines[-1]) == (
        Phase.RESOLVE,
        WITHDRAWN,
        "restart-1 came back applied",
    )


def test_a_late_report_of_a_lever_counts_for_the_hour():
    """It was pulled, whatever we thought of it meanwhile (design §7, at most N per hour)."""
    assert let_go().proposal.applied_at is not None


def test_a_late_report_starts_no_clock():
    """Nobody waits for its effect (runbook §2)."""
    assert let_go().due_in(Due.LEVER) is None


def test_a_report_of_a_proposal_nobody_knows_is_a_line_and_nothing_else():
    """What makes no sense is one more thing that happened (design §3)."""
    story = proposing()
    before = story.incident
    report = LeverReport(lever="restart", outcome=LeverOutcome.APPLIED, detail="done")
    story.takes(LeverApplied(proposal="restart-99", report=report))

    assert replace(story.incident, timeline=before.timeline) == before


def test_a_report_that_comes_twice_counts_once():
    """Activities are at-least-once (design §6)."""
    story = applied().after(minutes=4)

    assert story.applies().due_in(Due.LEVER) == timedelta(minutes=6)


# ── the impact comes back ────────────────────────────────────────────────────────────────────────────────────────


def back() -> Story:
    """Mitigated by the first lever, and customers are hurt again before it was resolved."""
    return applied().sees(probe="ok", healer="healed").after(minutes=5).sees(probe="bad", journey="bad", books="ok")


def test_impact_that_is_back_is_mitigated_again():
    """Customer impact stopped? No (runbook §2)."""
    story = back()

    assert (story.phase, story.incident.mitigated_at) == (Phase.MITIGATE, None)
    assert story.post_minutes("customer impact is back") == [5]


def test_impact_that_is_back_restarts_the_clock_of_the_unmitigated():
    """A SEV-1 not mitigated within 30 minutes (runbook §6)."""
    assert back().due_in(Due.UNMITIGATED) == timedelta(minutes=30)


def test_who_is_at_work_is_looked_at_before_a_lever_is_planned_again():
    """An automation may have begun already (runbook §3.2)."""
    story = back()

    assert (planned_levers(story), story.look.purpose, story.look.checks) == (
        ["restart"],
        Purpose.HOLD,
        ("probe", "healer"),
    )


def test_an_automation_that_acts_when_the_impact_is_back_is_given_its_time():
    """Watch the deployment first (runbook §3.2)."""
    story = back().sees(probe="bad", healer="acting")

    assert (planned_levers(story), story.due_in(Due.LEVER)) == (["restart"], timedelta(minutes=10))


def test_a_lever_may_be_tried_again_when_the_impact_is_back():
    """It helped last time (runbook §2.2)."""
    assert planned_levers(back().sees(probe="bad", healer="ok")) == ["restart", "restart"]


def test_an_automation_s_work_before_the_impact_came_back_is_old_news():
    """What it did then did not last: nobody waits for it now (runbook §3.2)."""
    story = back()

    assert story.look.since == story.began


def test_no_lever_left_is_told_again_when_the_impact_is_back():
    """It is a new turn, and people have to know (runbook §2)."""
    story = hurting(playbook=with_levers()).acks().says(Mitigated(by="ana")).after(minutes=5)
    story.sees(probe="bad", journey="bad", books="ok").sees(probe="bad", healer="ok")

    assert story.lines.count("no lever is left: people have to find the way") == 2


def test_a_journey_that_fails_alone_pulls_no_lever():
    """The impact check decides about levers; the criterion is simply not met (runbook §2.3)."""
    assert mitigated().sees(probe="ok", journey="bad", books="ok").phase is Phase.RESOLVE


def test_flapping_impact_tries_each_lever_once_per_turn():
    """A lever is tried once per turn of the impact (design §7)."""
    story = back().sees(probe="bad", healer="ok").plans().says(Approve(by="ana")).applies().after(minutes=10)

    assert story.incident.levers_tried == ("restart",)
