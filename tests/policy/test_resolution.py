"""When an incident is resolved: only when all four criteria hold (runbook §2.3)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.incident import Criterion, Phase
from incident.model.messages import Approve, Confirm, FileActionItem, Resolve
from incident.model.playbook import Approval
from incident.model.severity import Severity
from incident.policy import people
from incident.policy.resolution import missing, standings, waiting_for
from tests.policy.story import BLIND, PLAYBOOK, Story, hurting, mitigated, resolved, with_levers

ALERT, IMPACT, DATA, DURABLE, _ = Criterion


def standing(story: Story, name: Criterion) -> tuple[bool | None, str]:
    found = next(s for s in standings(story.incident, story.now) if s.name is name)
    return found.met, found.evidence


def almost(*lacking: Criterion) -> Story:
    """Mitigated long ago; everything holds but what is named."""
    story = mitigated()
    if ALERT not in lacking:
        story.clears()
    story.sees(
        probe="ok",
        journey="unknown" if IMPACT in lacking else "ok",
        books="unknown" if DATA in lacking else "ok",
    )
    return story.confirms(*([] if DURABLE in lacking else [DURABLE])).after(hours=2)


def test_there_are_four_criteria_in_the_runbook_s_order():
    """Alert cleared, impact gone, data reconciled, mitigation durable (runbook §2.3)."""
    assert [s.name for s in standings(Story().incident, Story().now)] == [ALERT, IMPACT, DATA, DURABLE]


def test_all_four_resolve_it():
    """An incident is resolved when all of these hold (runbook §2.3)."""
    assert almost().phase is Phase.POSTMORTEM


@pytest.mark.parametrize("lacking", [ALERT, IMPACT, DATA, DURABLE])
def test_three_of_four_do_not_resolve_it(lacking):
    """Only when *all* of these hold (runbook §2.3)."""
    story = almost(lacking)

    assert (story.phase, [s.name for s in missing(story.incident, story.now)]) == (Phase.RESOLVE, [lacking])


def test_it_resolves_at_the_very_moment_the_last_criterion_holds():
    """Nobody has to remember to close it: the quiet hour ends, and it is resolved (runbook §2.3)."""
    story = mitigated().clears().sees(probe="ok", journey="ok", books="ok").confirms(DURABLE)
    story.after(hours=1)

    assert story.incident.resolved_at == story.began + timedelta(hours=1)


def test_a_second_before_the_quiet_hour_ends_it_is_not_resolved():
    """Stays clear through one repeat_interval (runbook §2.3)."""
    story = mitigated().clears().sees(probe="ok", journey="ok", books="ok").confirms(DURABLE)

    assert story.after(minutes=59, seconds=59).phase is Phase.RESOLVE


@pytest.mark.parametrize(
    ("last", "step"),
    [
        pytest.param(DURABLE, lambda story: story.confirms(DURABLE), id="a person's word"),
        pytest.param(DURABLE, lambda story: story.says(FileActionItem(what="rotate safely")), id="a follow-up"),
        pytest.param(IMPACT, lambda story: story.sees(probe="ok", journey="ok", books="ok"), id="a look"),
        pytest.param(DATA, lambda story: story.confirms(DATA), id="an attestation"),
    ],
)
def test_whatever_brings_the_last_criterion_resolves_it(last, step):
    """The criteria are looked at after each event (runbook §2.3)."""
    story = almost(last)

    assert step(story).phase is Phase.POSTMORTEM


# ── resolve, too early ───────────────────────────────────────────────────────────────────────────────────────────


def test_resolve_too_early_is_remembered():
    """Accepted, and said on the timeline with what is missing (design §5)."""
    story = almost(DATA, DURABLE).says(Resolve(by="ana"))

    assert (story.phase, story.incident.resolve_asked_by) == (Phase.RESOLVE, "ana")
    assert story.incident.timeline[-1].because == "remembered, still missing: data_reconciled, durable"


def test_resolve_too_early_is_answered_with_what_is_missing():
    """The answer lists what still has to hold (design §5)."""
    story = almost(DATA)
    before, message = story.incident, Resolve(by="ana")

    assert people.answer(before, story.says(message).incident, message) == (
        "remembered; incident-ShopDown-a resolves by itself once these hold: data_reconciled (books: books unknown)"
    )


def test_resolve_with_a_note_keeps_the_note():
    """What the person wanted to say is part of the story (runbook §2.2), and what is missing is told beside it."""
    story = almost(DATA).says(Resolve(by="ana", note="pool rebuilt"))

    assert (story.incident.resolve_note, story.incident.timeline[-1].because) == (
        "pool rebuilt",
        "pool rebuilt; remembered, still missing: data_reconciled",
    )


def test_an_incident_asked_to_resolve_does_so_by_itself():
    """Nobody has to ask a second time (design §5)."""
    assert almost(DURABLE).says(Resolve(by="ana")).says(FileActionItem(what="x")).phase is Phase.POSTMORTEM


def test_asking_is_not_needed():
    """The criteria decide, not the wish (runbook §2.3)."""
    assert resolved().incident.resolve_asked_by == ""


def test_nothing_resolves_while_customers_are_hurt():
    """First the impact stops, then the criteria count (runbook §2)."""
    story = hurting().acks().clears().confirms(DATA, DURABLE).after(hours=2).says(Resolve(by="ana"))

    assert story.phase is Phase.MITIGATE


# ── the alert has cleared, and stays clear ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(mitigated, (False, "the alert still fires"), id="it fires"),
        pytest.param(
            lambda: mitigated().clears().after(minutes=5),
            (False, "clear since 12:00:00 UTC, counts from 13:00:00 UTC"),
            id="not clear for long enough",
        ),
        pytest.param(
            lambda: mitigated().clears().after(hours=1), (True, "clear since 12:00:00 UTC"), id="clear for an hour"
        ),
        pytest.param(
            lambda: mitigated().clears().confirms(ALERT),
            (True, "confirmed by ana: saw alert_clear"),
            id="a person knows it will stay clear",
        ),
    ],
)
def test_the_alert_has_to_stay_clear(life, expected):
    """The firing alert has cleared and stays clear through one repeat_interval (runbook §2.3)."""
    assert standing(life(), ALERT) == expected


def test_nobody_can_confirm_that_a_firing_alert_is_clear():
    """The vendor says otherwise right now; the sender is told so (runbook §2.3)."""
    story = mitigated().confirms(ALERT)

    assert (story.incident.attested, story.incident.timeline[-1].because) == (
        {},
        'the alert still fires; if it does not, say `alert` with "resolved"',
    )


def test_a_re_fire_ends_what_a_person_said_of_the_clearing():
    """It fired again, and has to stay clear anew (runbook §2.3)."""
    story = Story().sees(probe="unknown").clears().confirms(ALERT).after(minutes=1).fires().after(minutes=1).clears()

    assert standing(story, ALERT)[0] is False


# ── impact and data ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("journey", "met"),
    [("ok", True), ("bad", False), ("unknown", None)],
)
def test_the_impact_is_gone_when_the_journey_works(journey, met):
    """Customer-facing impact is gone: re-run the journey; unknown is never ok (runbook §2.3)."""
    assert standing(mitigated().sees(probe="ok", journey=journey), IMPACT)[0] is met


def test_without_a_journey_the_impact_check_counts():
    """The relevant synthetic (runbook §2.3)."""
    story = mitigated(playbook=replace(PLAYBOOK, journey_check=None)).sees(probe="ok", books="ok")

    assert standing(story, IMPACT) == (True, "probe: probe ok")


@pytest.mark.parametrize(
    ("books", "met"),
    [("ok", True), ("bad", False), ("unknown", None)],
)
def test_the_data_has_to_be_reconciled(books, met):
    """No stuck job, no overspent UTXO, no webhook backlog; unknown is never ok (runbook §2.3)."""
    assert standing(mitigated().sees(probe="ok", books=books), DATA)[0] is met


@pytest.mark.parametrize("criterion", [IMPACT, DATA])
def test_what_no_check_can_see_is_not_met(criterion):
    """Unknown is never ok: a check, or a person, has to say it (runbook §2.3)."""
    story = Story(playbook=BLIND).clears()

    assert standing(story, criterion) == (None, "not seen yet: a check, or a person's `confirm`")


# ── a person's word ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("criterion", [IMPACT, DATA, DURABLE])
def test_a_person_can_attest_a_criterion_with_evidence(criterion):
    """What no machine can see, a person attests, by name (design §5)."""
    story = mitigated().says(Confirm(criterion=criterion, evidence="looked myself", by="ana"))

    assert standing(story, criterion) == (True, "confirmed by ana: looked myself")


@pytest.mark.parametrize(("criterion", "check"), [(IMPACT, "journey"), (DATA, "books")])
def test_a_later_bad_finding_overrides_a_person(criterion, check):
    """What was seen last counts (design §5)."""
    story = mitigated().confirms(criterion).after(minutes=1).sees(**{"probe": "ok", check: "bad"})

    assert standing(story, criterion)[0] is False


@pytest.mark.parametrize(("criterion", "check"), [(IMPACT, "journey"), (DATA, "books")])
def test_a_word_once_contradicted_does_not_come_back(criterion, check):
    """A check saw otherwise, then could not see at all: unknown is never ok (runbook §2.3)."""
    story = mitigated().confirms(criterion).after(minutes=1).sees(**{"probe": "ok", check: "bad"})

    assert standing(story.after(minutes=1).sees(**{check: "unknown"}), criterion)[0] is None


@pytest.mark.parametrize(("criterion", "check"), [(IMPACT, "journey"), (DATA, "books")])
def test_a_person_may_overrule_an_older_finding(criterion, check):
    """A person who looked after the check did knows more (design §5)."""
    story = mitigated().sees(**{"probe": "ok", check: "bad"}).after(minutes=1).confirms(criterion)

    assert standing(story, criterion)[0] is True


def test_an_unknown_finding_does_not_overrule_a_person():
    """Not seeing is no contradiction (design §5)."""
    story = mitigated().confirms(DATA).after(minutes=1).sees(probe="ok", books="unknown")

    assert standing(story, DATA)[0] is True


def test_confirming_that_the_impact_is_gone_ends_the_mitigation():
    """Customer impact stopped? A person says yes (runbook §2)."""
    assert hurting().confirms(IMPACT).phase is Phase.RESOLVE


# ── durable ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_durability_needs_a_person():
    """No check can see it (runbook §2.3)."""
    assert standing(mitigated(), DURABLE) == (False, "needs `confirm` by a person, or an `action_item`")


def test_a_filed_follow_up_makes_it_durable():
    """Durable, or a follow-up to make it so is filed (runbook §2.3)."""
    story = mitigated().says(FileActionItem(what="rotate without downtime", by="ana"))

    assert standing(story, DURABLE) == (True, "follow-up filed by ana: rotate without downtime")


def test_a_mitigation_that_did_not_hold_was_not_durable():
    """The impact came back: the word given for the last mitigation does not count for the next (runbook §2.3)."""
    story = mitigated().confirms(DURABLE).after(minutes=1).sees(probe="bad", journey="bad", books="ok")

    assert standing(story, DURABLE)[0] is False


# ── on the timeline ──────────────────────────────────────────────────────────────────────────────────────────────


def test_each_criterion_is_told_when_it_holds_and_when_it_no_longer_does():
    """The timeline shows how it was resolved (runbook §2.2)."""
    story = mitigated().sees(probe="ok", books="ok").after(minutes=1).sees(books="bad").after(minutes=1)

    assert [line for line in story.lines if "data_reconciled" in line] == [
        "data_reconciled holds",
        "data_reconciled no longer holds",
    ]


# ── what it waits for ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, ("someone to ack", "the first answer of probe"), id="just begun"),
        pytest.param(
            lambda: Story(playbook=BLIND),
            ("someone to ack", "the alert to clear, or someone to say mitigated"),
            id="no check can tell",
        ),
        pytest.param(lambda: hurting().acks(), ("probe to turn green",), id="customers are hurt"),
        pytest.param(
            lambda: hurting().acks().plans(), ("a yes or no to restart-1", "probe to turn green"), id="a plan"
        ),
        pytest.param(
            lambda: Story().acks().sees(probe="bad", healer="acting"),
            ("healer: healer acting",),
            id="an automation is at work",
        ),
        pytest.param(
            lambda: hurting(playbook=with_levers("restart", approval=Approval.MANUAL)).acks().plans(),
            ("someone to carry out restart-1 by hand", "probe to turn green"),
            id="a lever only people can pull",
        ),
        pytest.param(
            lambda: Story().acks().sees(probe="ok").sees(probe="ok"),
            ("the alert to clear: from here nothing is wrong",),
            id="maybe one flaky vantage",
        ),
        pytest.param(lambda: almost(DATA), ("data_reconciled: books: books unknown",), id="one criterion"),
        pytest.param(resolved, ("the postmortem to be published, due Tue 2026-06-23 13:00 UTC",), id="the postmortem"),
        pytest.param(lambda: resolved(severity=Severity.SEV3), (), id="nothing any more"),
    ],
)
def test_it_says_what_it_waits_for(life, expected):
    """In plain words, people first (design §5, `status`)."""
    story = life()

    assert waiting_for(story.incident, story.now) == expected


def test_it_waits_for_a_lever_only_once_one_was_pulled():
    """The impact should end after the lever (runbook §2.2)."""
    story = hurting().acks().plans().says(Approve(by="ana")).applies()

    assert waiting_for(story.incident, story.now) == ("probe to turn green after the lever",)
