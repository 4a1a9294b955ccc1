"""The runbook as data: sound in itself, and equal to the numbers of the written one."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from activities.catalog import all_checks, all_levers
from bridge.source import all_sources
from incident.model.playbook import Playbook
from incident.model.response_policy import PageWhen
from incident.model.role import Role
from incident.model.severity import Severity
from runbook import owners
from runbook.catalog import catalogue
from runbook.owners import Owner
from runbook.response import RESPONSE
from tests.house.sources import ROOT

OWNERS = {owner for owner in vars(owners).values() if isinstance(owner, Owner)}
PLAYBOOKS = pytest.mark.parametrize("playbook", catalogue().values(), ids=catalogue())


def unsound(playbook: Playbook) -> Iterator[str]:
    """What in this entry leads nowhere."""
    single = (playbook.impact_check, playbook.automation_check, playbook.journey_check, playbook.data_check)
    checks = {*playbook.checks, *(name for name in single if name)}
    yield from (f"no check {name}" for name in sorted(checks - set(all_checks())))
    yield from (f"no lever {use.lever}" for use in playbook.levers if use.lever not in all_levers())
    if not isinstance(playbook.identity_labels, tuple):
        yield "its identity labels are no tuple: which labels tell two subjects apart?"
    if (playbook.domain, playbook.owner) not in {(owner.domain, owner.who) for owner in OWNERS}:
        yield f"{playbook.owner} of {playbook.domain} is nobody of runbook/owners.py"
    if not re.fullmatch(r"[A-Za-z0-9]+", playbook.alert):
        yield "a name with other characters could share its ids with another alert and its scope"
    if not (playbook.means and playbook.known):
        yield "it does not say what it means"


@PLAYBOOKS
def test_an_entry_is_sound(playbook: Playbook) -> None:
    """It names checks, levers and owners that exist, and says which subject it is about."""
    assert list(unsound(playbook)) == []


def test_a_file_is_named_as_its_alert() -> None:
    """Who looks for an alert's entry finds it by its name; no file hides a second one."""
    files = {path.stem for path in (ROOT / "runbook/alerts").glob("*.py")} - {"__init__"}
    assert files == set(catalogue())


@PLAYBOOKS
def test_first_actions_and_a_runbook_are_there_for_sev_1(playbook: Playbook) -> None:
    """Somebody wakes up for these: the first thing to do is written down (runbook §2.1)."""
    assert playbook.severity is not Severity.SEV1 or playbook.first_actions


def test_severities_are_those_of_the_runbook() -> None:
    """Runbook §1: page, cadence; §2.4: postmortem."""
    minutes, told = timedelta(minutes=1), {s: (r.page, r.cadence, r.postmortem) for s, r in RESPONSE.rules.items()}
    assert told == {
        Severity.SEV1: (PageWhen.ALWAYS, 30 * minutes, True),
        Severity.SEV2: (PageWhen.OVERNIGHT, 120 * minutes, True),
        Severity.SEV3: (PageWhen.NEVER, None, False),
    }


def test_roles_are_those_of_the_runbook() -> None:
    """Runbook §2: SEV-1 IC, scribe and comms; SEV-2 and SEV-3 a single responder."""
    assert {s: r.roles for s, r in RESPONSE.rules.items()} == {
        Severity.SEV1: (Role.IC, Role.SCRIBE, Role.COMMS),
        Severity.SEV2: (Role.RESPONDER,),
        Severity.SEV3: (Role.RESPONDER,),
    }


def test_clocks_are_those_of_the_runbook() -> None:
    """Runbook §1 hourly re-page, §2 ack, §2.3 one repeat_interval, §2.4 business days, §6 escalation."""
    told = (RESPONSE.ack_within, RESPONSE.repage_every, RESPONSE.escalate_unmitigated_after, RESPONSE.repeat_interval)
    assert told == (timedelta(minutes=5), timedelta(hours=1), timedelta(minutes=30), timedelta(hours=1))
    assert (RESPONSE.postmortem_business_days, RESPONSE.speed) == (5, 1.0)


def test_every_domain_of_the_runbook_has_its_owner() -> None:
    """Runbook §6, and one for what it does not know."""
    domains = sorted(owner.domain for owner in OWNERS)
    assert domains == ["backups", "database", "edge", "ledger", "provisioning", "unknown"]


def test_money_and_data_alerts_that_are_written_down_keep_their_severity() -> None:
    """Runbook §1 and §3: the examples of SEV-1 may not be less."""
    sev_1 = {"ProvisioningJobsStuck", "TokenLedgerOverspentUtxo", "AppDBDown", "RDSStorageCritical", "R2BucketPublic"}
    known = {name: playbook.severity for name, playbook in catalogue().items() if name in sev_1}
    assert set(known.values()) == {Severity.SEV1}


def test_every_source_has_a_recorded_body() -> None:
    """What a vendor really sends is in the tests, one folder each."""
    recorded = {path.name for path in (ROOT / "tests/bridge/payloads").iterdir() if path.is_dir()} - {"__pycache__"}
    assert recorded == set(all_sources())
