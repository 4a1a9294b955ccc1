"""People reached by the real adapters, at vendors' receivers on loopback: what arrives, and what history keeps."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl, SecretStr
from temporalio.client import Client

from gameday.receivers.desk import Fault
from gameday.receivers.slack import CHANNEL, HOOK, TOKEN
from gameday.receivers.smtp import PASSWORD, USER
from integrations.ports import Channels
from integrations.reach import Reach, ways
from integrations.settings import ChatSettings, MailSettings, PagerSettings
from oncall.schedule import Contact, Person, Rotation, Schedule
from tests.conftest import House
from tests.fakes import FakeChat
from tests.integrations.receiving import Served, receiving
from tests.workflows.case import Case, open_incident
from tests.workflows.drill import FOLLOW_UP
from tests.workflows.policies import blind, quick

SERVICE, MAIL, TOPIC = "service0" * 4, "ana.lima@example.org", "ana-7f3a9c"
SECRETS = (SERVICE, MAIL, TOPIC, TOKEN, HOOK, PASSWORD)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with receiving(tmp_path) as everybody:
        yield everybody


def reach(served: Served) -> Reach:
    mail = MailSettings(
        host="127.0.0.1", port=served.receivers.mail.port, user=USER, password=SecretStr(PASSWORD),
        ca_path=served.authority, sender="incidents@example.org",
    )  # fmt: skip
    chat = ChatSettings(bot_token=SecretStr(TOKEN), channel=CHANNEL, api_url=HttpUrl(f"{served.url}/slack-api/"))
    urls = {"ntfy_url": f"{served.url}/ntfy/oncall", "pagerduty_url": f"{served.url}/pagerduty/v2/enqueue"}
    return Reach(pager=PagerSettings.model_validate(urls), chat=chat, mail=mail)


def ana(*contacts: tuple[str, str]) -> Schedule:
    """She alone is on call, and reached in this order."""
    listed = tuple(Contact(channel=channel, to=SecretStr(to)) for channel, to in contacts)
    rotation = Rotation.model_validate({"members": ["ana"], "starts": "2026-01-05"})
    return Schedule(people={"ana": Person(contacts=listed)}, rotations={"default": rotation})


@asynccontextmanager
async def working(client: Client, house: House, served: Served, schedule: Schedule) -> AsyncIterator[Case]:
    """A worker of ours, and an incident that has just begun."""
    async with httpx.AsyncClient(timeout=5) as http:
        pagers, missing = ways(reach(served), http)
        channels = Channels(pagers=pagers, missing=missing, chat=FakeChat())
        house.schedule = schedule
        async with house.worker(client, channels=channels):
            yield await open_incident(client, "incident-AppDBDown-reach", playbook=blind(), policy=quick())


@pytest.fixture
def town_house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_pagerduty_lives_and_ends_with_the_incident(own_namespace, town_house, served):
    """Triggered by the page, acknowledged by the ack, resolved at the moment the last criterion holds."""
    theirs = served.receivers.pagerduty.incidents
    async with working(own_namespace, town_house, served, ana(("pagerduty", SERVICE))) as case:
        await case.said("page 1 delivered to ana by pagerduty")
        statuses = [theirs[0].status]
        await case.tell("ack", "ana")
        await case.said("told pagerduty that it is acknowledged")
        statuses.append(theirs[0].status)
        await _resolve(case)
        await case.said("told pagerduty that it is resolved")
        statuses.append(theirs[0].status)

    assert statuses == ["triggered", "acknowledged", "resolved"]
    assert [incident.rings for incident in theirs] == [1]


async def _resolve(case: Case) -> None:
    await case.tell("mitigated", {"by": "ana", "how": "rolled back"})
    await case.tell("alert", case.cleared)
    for criterion in ("impact_gone", "data_reconciled"):
        await case.tell("confirm", {"criterion": criterion, "evidence": "seen", "by": "ana"})
    await case.tell("action_item", FOLLOW_UP)
    await case.stands(phase="postmortem")


async def test_a_channel_that_refuses_is_followed_by_the_next(own_namespace, town_house, served):
    """A revoked topic, a full mailbox; the mention in Slack wakes her."""
    served.receivers.ntfy.desk.faults.add(Fault.REFUSE)
    served.receivers.mail.desk.faults.add(Fault.REFUSE)
    ways_of_ana = ana(("ntfy", TOPIC), ("mail", MAIL), ("slack", "U0ANALIMA"))
    async with working(own_namespace, town_house, served, ways_of_ana) as case:
        await case.said("page 1 delivered to ana by slack")
        refused = [e["because"] for e in await case.timeline() if "could not be delivered" in e["what"]]

    assert refused == ["ntfy answered 403: forbidden", "the mail server answered 550 5.1.1"]
    assert "<@U0ANALIMA>" in served.receivers.slack.messages[0]["text"]


async def test_neither_history_nor_log_knows_an_address(own_namespace, town_house, served, caplog):
    """Whatever is tried, and however it fails (issue 5 §7)."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "apprise"):  # as `worker.logging` has it
        logging.getLogger(name).setLevel(logging.CRITICAL)
    theirs = ("mail.log", "mail.debug")  # the receiver's own, which runs in this process
    for desk, fault in ((served.receivers.ntfy.desk, Fault.REFUSE), (served.receivers.mail.desk, Fault.DOWN)):
        desk.faults.add(fault)
    everything = (("ntfy", TOPIC), ("mail", MAIL), ("slack", "nobody"), ("apprise", f"json://u:{PASSWORD}@127.0.0.1:1"))
    async with working(own_namespace, town_house, served, ana(*everything, ("pagerduty", SERVICE))) as case:
        await case.said("page 1 delivered to ana by pagerduty")
        history = json.dumps((await case.handle.fetch_history()).to_json_dict())
        status = json.dumps([await case.status(), await case.timeline()])

    ours = [record.getMessage() for record in caplog.records if record.name not in theirs]
    assert [secret for secret in SECRETS if secret in "\n".join([history, status, *ours])] == []
