"""Severity by impact: where it starts, and what each change re-plans (runbook §1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.alert import Alert
from incident.model.incident import Criterion, Due, Phase
from incident.model.severity import Severity, from_label
from runbook.catalog import catalogue, playbook_for
from tests.policy.story import BLIND, NIGHT, PLAYBOOK, Story, mitigated, resolved

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("critical", SEV1),  # routes to the pager
        ("warning", SEV2),  # a leading indicator
        ("info", SEV3),  # localized or cosmetic
        ("CRITICAL", SEV1),  # vendors write it as they like
        ("", SEV3),  # an alert that claims nothing
        ("page", SEV3),  # a label the runbook does not know
    ],
)
def test_an_unknown_alert_takes_its_severity_from_its_label(label, expected):
    """Severity is a label on the alert too (runbook §1)."""
    assert from_label(label) == expected


@pytest.mark.parametrize(
    ("severity", "raised"),
    [
        (SEV3, SEV2),  # one step at a time
        (SEV2, SEV1),
        (SEV1, SEV1),  # there is nothing worse
    ],
)
def test_raising_goes_one_step(severity, raised):
    """Impact not stopped: raise severity (runbook §2)."""
    assert severity.raised == raised


def opened(alert: Alert, severity: Severity | None = None) -> Story:
    return Story(alert=alert, playbook=playbook_for(alert), severity=severity)


def unknown(labels: dict[str, str]) -> Story:
    """The runbook has no entry for it."""
    return Story(alert=Alert(name="Odd", labels=labels), playbook=replace(BLIND, alert="Odd", known=False))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "critical"}, SEV1),
        ({"severity": "warning"}, SEV2),
        ({"severity": "info"}, SEV3),
        ({}, SEV2),  # a bare name, typed by hand (design §5)
    ],
)
def test_an_incident_the_runbook_does_not_know_opens_by_its_label(labels, expected):
    """Unknown alert: severity from the label; a hand-typed one is SEV-2 unless said (design §5)."""
    assert unknown(labels).incident.severity == expected


def test_the_runbook_s_own_severity_counts_more_than_the_label():
    """Severity is set by customer impact, not by which component says what (runbook §1)."""
    assert opened(Alert(name="AppDBDown", labels={"severity": "info"})).incident.severity == SEV1


def test_a_person_s_choice_at_the_start_counts_more_than_the_runbook():
    """`severity` in the start's input is a person's (design §5)."""
    assert opened(Alert(name="AppDBDown"), severity=SEV3).incident.severity == SEV3


@pytest.mark.parametrize("name", ["ProvisioningJobsStuck", "TokenLedgerOverspentUtxo", "AppDBDown"])
def test_the_runbook_s_examples_of_a_sev1_are_a_sev1(name):
    """A paid customer with no tenant, a corrupt ledger, an unreachable database (runbook §1)."""
    labels = {} if name in catalogue() else {"severity": "critical"}

    assert opened(Alert(name=name, labels=labels)).incident.severity == SEV1


def test_the_timeline_says_where_the_severity_came_from():
    """Every decision carries its reason (runbook §2.2: document every action)."""
    entry = Story().incident.timeline[1]

    assert (entry.what, entry.because) == ("SEV-1, owner: shop owner", "the runbook's entry for ShopDown")


@pytest.mark.parametrize(
    ("labels", "because"),
    [
        ({"severity": "warning"}, "no runbook for Odd; from the alert's severity label"),
        ({}, "no runbook for Odd; SEV-2 until somebody says otherwise"),  # there was no label to take it from
    ],
)
def test_an_alert_without_runbook_says_so(labels, because):
    """Unknown alert: "no runbook for X", honestly (design §5)."""
    assert unknown(labels).incident.timeline[1].because == because


def test_a_raise_pages_who_was_not_paged_before():
    """Raised to SEV-1 by day: the page policy of SEV-1 holds from now on (runbook §1)."""
    story = Story(severity=SEV2).after(minutes=10).sets(SEV1)

    assert story.page_minutes == [10]


def test_a_raise_starts_the_clock_for_the_acknowledgement():
    """A page must be acknowledged within 5 minutes (runbook §2)."""
    assert Story(severity=SEV3).sets(SEV1).due_in(Due.ACK) == timedelta(minutes=5)


def test_a_raise_of_an_owned_incident_pages_nobody():
    """Somebody has it: an ack silences the pager (runbook §2.1)."""
    assert Story(severity=SEV2).acks().sets(SEV1).page_minutes == []


def test_lowering_to_sev3_stops_paging():
    """SEV-3: page no (runbook §1)."""
    assert Story().after(minutes=2).sets(SEV3).after(hours=5).page_minutes == [0]


def test_lowering_to_sev2_by_day_stops_paging_until_the_night():
    """SEV-2: page if overnight (runbook §1)."""
    story = Story().after(minutes=2).sets(SEV2).after(hours=9)

    assert story.page_minutes == [0]


def test_lowering_to_sev2_by_day_pages_when_the_night_begins():
    """SEV-2: page if overnight (runbook §1)."""
    assert Story().after(minutes=2).sets(SEV2).after(hours=10).page_minutes == [0, 600]


def test_lowering_overnight_does_not_page_once_more():
    """A page is on its way already; a smaller worry is no reason for another one (runbook §1)."""
    assert Story(at=NIGHT).after(minutes=2).sets(SEV2).page_minutes == [0]


def test_lowering_overnight_leaves_the_clock_of_the_page_running():
    """Acknowledged within 5 minutes of the page, whatever it is called meanwhile (runbook §2)."""
    assert Story(at=NIGHT).after(minutes=2).sets(SEV2).after(minutes=3).page_minutes == [0, 5]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(SEV2, SEV1, timedelta(minutes=30), id="raised: every 30 min"),
        pytest.param(SEV1, SEV2, timedelta(hours=2), id="lowered: every 2 h"),
        pytest.param(SEV1, SEV3, None, id="lowered to SEV-3: at resolution"),
        pytest.param(SEV3, SEV2, timedelta(hours=2), id="raised from none"),
    ],
)
def test_a_change_of_severity_changes_the_cadence(before, after, expected):
    """Cadence: 30 min, 2 h, at resolution (runbook §1)."""
    story = Story(severity=before).after(minutes=7).sets(after)

    assert story.due_in(Due.CADENCE) == expected


def test_a_raise_to_sev1_starts_the_clock_of_the_unmitigated():
    """Escalate a SEV-1 that is not mitigated within 30 minutes (runbook §6)."""
    assert Story(severity=SEV2).after(minutes=7).sets(SEV1).due_in(Due.UNMITIGATED) == timedelta(minutes=30)


def test_lowering_from_sev1_stops_the_clock_of_the_unmitigated():
    """The 30 minutes are those of a SEV-1 (runbook §6)."""
    assert Story().sets(SEV2).due_in(Due.UNMITIGATED) is None


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (SEV1, Phase.POSTMORTEM),
        (SEV2, Phase.POSTMORTEM),
        (SEV3, Phase.CLOSED),
    ],
)
def test_the_severity_at_resolution_decides_whether_a_postmortem_is_owed(severity, expected):
    """Every SEV-1 and SEV-2 gets a postmortem, a SEV-3 does not (runbook §2.4)."""
    assert resolved(severity=severity).phase == expected


def test_lowering_to_sev3_ends_the_postmortem_duty():
    """SEV-3s get a one-line note, no postmortem (runbook §2.4)."""
    assert resolved().sets(SEV3).phase is Phase.CLOSED


def test_raising_before_resolution_brings_the_postmortem_duty_back():
    """The severity can be raised as you learn more (runbook §1)."""
    story = mitigated(severity=SEV3).clears().sees(probe="ok", journey="ok", books="ok").sets(SEV2)

    assert story.confirms(Criterion.DURABLE).after(hours=1).phase is Phase.POSTMORTEM


def test_a_change_is_said_in_the_thread_with_its_reason():
    """Document every action in the thread (runbook §2.2)."""
    post = Story(severity=SEV2).sets(SEV1, why="money at risk").last_post("now SEV-1 (was SEV-2)")

    assert post.lines == ("*Why:* money at risk", "*Next update:* 12:30:00 UTC")


def test_setting_the_severity_it_has_is_refused():
    """Nothing would change, so the sender is told (design §5)."""
    story = Story().sets(SEV1)

    assert story.incident.timeline[-1].because == "incident-ShopDown-a is SEV-1 already"


def test_a_known_alert_may_be_less_than_sev1():
    """The playbook's severity, whatever it is (runbook §1)."""
    assert Story(playbook=replace(PLAYBOOK, severity=SEV3)).incident.severity == SEV3
