"""The paths worth never breaking: one real incident each, played to where its history is worth keeping."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue

from incident.model.severity import Severity
from integrations.errors import Refused
from tests.conftest import House
from tests.workflows.case import Case, fires, open_incident
from tests.workflows.drill import POSTMORTEM, goes_dark, play, play_until_proposed
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.street import Street
from workflows import contract

ATTESTED = ("impact_gone", "data_reconciled", "durable")
SOON_CLEAR = quick(repeat_interval=seconds(0.3))
UNREADABLE = RawValue(Payload(metadata={"encoding": b"binary/unheard-of"}, data=b"x"))


@dataclass(frozen=True)
class Stage:
    client: Client
    house: House
    street: Street


Scenario = Callable[[Stage, str], Awaitable[Case]]


async def full_drill(stage: Stage, name: str) -> Case:
    """Alert, page, plan, yes, cured, criteria, postmortem, record."""
    case = await open_incident(stage.client, name, alert=goes_dark(stage.street.vacant()))
    await play(case)
    return case


async def nobody_acknowledges(stage: Stage, name: str) -> Case:
    """The first channel refuses, the next one delivers; re-pages until somebody says yes; then closed."""
    stage.house.pager.fails = lambda page: Refused("ntfy: 403") if page.incident_id == name else None
    policy = quick(ack_within=seconds(0.3), repage_every=seconds(0.5), repeat_interval=seconds(0.3))
    case = await open_incident(stage.client, name, playbook=blind(), policy=policy)
    await case.said("page 3 delivered by chat")
    await case.ask("ack", "ana")
    await _close(case)
    return case


async def garbage(stage: Stage, name: str) -> Case:
    """Everything that makes no sense, as signals and as updates; then closed."""
    case = await open_incident(stage.client, name, playbook=blind(), policy=SOON_CLEAR)
    for signal in ("ack", "note", "alert", "acknowledge"):
        for inputs in ([], [7], [["ana"]], ["ana", "bo"], [{"by": {}}], [None], [UNREADABLE]):
            await case.tell(signal, *inputs)
    await case.refused("note")
    await case.said("acknowledge")
    await _close(case)
    return case


async def reopened(stage: Stage, name: str) -> Case:
    """Fires again while the postmortem is owed; closed the second time."""
    case = await open_incident(stage.client, name, alert=fires(), playbook=blind(), policy=SOON_CLEAR)
    await _resolve(case)
    await case.tell("alert", fires())
    await case.said("page 2 delivered")
    await _close(case)
    return case


async def continued(stage: Stage, name: str) -> Case:
    """So long that it goes on in new runs; each run is kept."""
    case = await open_incident(stage.client, name, playbook=blind(), policy=SOON_CLEAR)
    for n in range(15):
        await case.ask("note", f"note {n}")
    await _close(case)
    return case


async def sev3(stage: Stage, name: str) -> Case:
    """Pages nobody, owes no postmortem."""
    case = await open_incident(stage.client, name, playbook=blind(severity=Severity.SEV3), policy=SOON_CLEAR)
    await _attest(case)
    await case.ended()
    return case


async def unknown_alert(stage: Stage, name: str) -> Case:
    """Typed by hand: the runbook is consulted, and knows nothing. Still open."""
    await stage.client.start_workflow(
        contract.WORKFLOW_TYPE, "NobodyKnowsThis", id=name, task_queue="incidents", start_signal="ack"
    )
    case = Case(stage.client, name)
    await case.said("thread opened")
    await case.ask("severity", {"severity": "SEV-1", "why": "money at risk", "by": "ana"})
    return case


async def rejected_lever(stage: Stage, name: str) -> Case:
    """A plan, a no, and nothing left to try. Still open."""
    case = await open_incident(stage.client, name, alert=goes_dark(stage.street.vacant()))
    await play_until_proposed(case)
    await case.ask("reject", {"by": "ana", "why": "a migration is running"})
    await case.said("no lever is left")
    return case


async def _attest(case: Case) -> None:
    await case.tell("alert", "resolved")
    for criterion in ATTESTED:
        await case.tell("confirm", {"criterion": criterion, "evidence": "seen", "by": "ana"})


async def _resolve(case: Case) -> None:
    await _attest(case)
    await case.stands(phase="postmortem")


async def _close(case: Case) -> None:
    await _resolve(case)
    await case.tell("postmortem", POSTMORTEM)
    await case.ended()


SCENARIOS: tuple[Scenario, ...] = (
    full_drill,
    nobody_acknowledges,
    garbage,
    reopened,
    sev3,
    unknown_alert,
    rejected_lever,
)
LONG: tuple[Scenario, ...] = (continued,)
"""Those that need an engine which suggests a new run early."""
EARLY = "limit.historyCount.suggestContinueAsNew=60"
