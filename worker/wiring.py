"""Settings → clients: who plays which role here."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
from temporalio.client import Client

from activities.ledger import Ledger
from activities.links import Links
from activities.mailing import MailDesk
from activities.outside import Outside
from activities.provide import World
from activities.saga_desk import SagaDesk
from incident.model.effects import Post
from incident.model.severity import Severity
from integrations.address_book import AddressBook
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.customer_mail import CustomerMail
from integrations.errors import IntegrationError
from integrations.http import shared_client
from integrations.last_known import FILE, LastKnown
from integrations.on_duty import OnDuty, sources
from integrations.poorer import WithPoorer
from integrations.ports import Channels, Chat, StatusPage
from integrations.provisioning import Platform
from integrations.reach import Reach, ways
from integrations.sagas import Sagas
from integrations.settings import ProvisioningSettings
from integrations.slack_api import SlackApi
from integrations.slack_webhook import SlackWebhook
from integrations.status_folder import StatusFolder
from integrations.statuspage import StatusPageIo
from runbook.messages import VOCABULARY
from runbook.provisioning import SAGA
from worker.keys import action_links, slips, witness
from worker.settings import Settings


@asynccontextmanager
async def outside_world(settings: Settings) -> AsyncIterator[World]:
    """Everything activities are given; closed at the end. Raises OSError where the home cannot be written."""
    settings.home.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.home / "ledger.db")
    async with shared_client() as http:
        yield World(
            outside=Outside(
                http=http,
                aws=Aws(settings.aws),
                apps=tuple(settings.apps),
                metrics=settings.metrics,
                sagas=await saga_desk(settings.provisioning, http),
            ),
            channels=channels(settings, http),
            ledger=ledger,
            links=Links(str(settings.web_ui_url)),
            home=settings.home,
            speed=settings.speed,
            witnesses=(witness(settings).public,),
            action_links=action_links(settings),
            schedule=settings.oncall,
            on_duty=on_duty(settings, http),
            mail_desk=mail_desk(settings, http),
            status_page=status_page(settings, http),
            vocabulary=VOCABULARY,
        )
    ledger.close()


async def saga_desk(settings: ProvisioningSettings, http: httpx.AsyncClient) -> SagaDesk | None:
    """None where no saga is set. Its engine may come later: until then what is asked of it is unknown."""
    if not settings.temporal_address:
        return None
    key = settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None
    client = await Client.connect(
        settings.temporal_address, namespace=settings.namespace, api_key=key, tls=bool(key), lazy=True
    )
    knowledge = replace(SAGA, workflow_type=settings.workflow_type) if settings.workflow_type else SAGA
    return SagaDesk(sagas=Sagas(client), platform=Platform(http, settings), knowledge=knowledge)


def channels(settings: Settings, http: httpx.AsyncClient) -> Channels:
    """Pagers and chat, as far as they are set."""
    pagers, missing = ways(Reach(settings.pager, settings.chat, settings.mail), http)
    taps = settings.chat.signing_secret is not None
    webhook = SlackWebhook(http, settings.chat.webhook_url, buttons=taps) if settings.chat.webhook_url else None
    slack = slack_api(settings, http)
    chat: Chat | None = WithPoorer(slack, webhook) if slack and webhook else slack or webhook
    return Channels(pagers=pagers, missing=missing, chat=chat, threads=slack, team=settings.pager.team)


def on_duty(settings: Settings, http: httpx.AsyncClient) -> OnDuty:
    """Who asks the sources of rotations; what they say is remembered in the home."""
    told = settings.oncall_sources
    oldest = timedelta(hours=told.last_known_hours)
    return OnDuty(sources(told, http), LastKnown(settings.home / FILE), oldest=oldest)


def slack_api(settings: Settings, http: httpx.AsyncClient) -> SlackApi | None:
    """None where no bot is set: then there are no threads."""
    chat = settings.chat
    if chat.bot_token is None or not chat.channel:
        return None
    users = {name: person.slack for name, person in settings.oncall.people.items() if person.slack}
    taps = chat.signing_secret is not None
    return SlackApi(http, chat.bot_token, chat.channel, users, str(chat.api_url), buttons=taps)


def mail_desk(settings: Settings, http: httpx.AsyncClient) -> MailDesk:
    """For mails to customers. Without a server and a sender the desk is there, and says what is missing."""
    ready = settings.mail.host and (settings.customers.sender or settings.mail.sender)
    office = CustomerMail(settings.mail, settings.customers, slips(settings)) if ready else None
    return MailDesk(book=AddressBook(settings.customers, http), office=office, vocabulary=VOCABULARY)


def status_page(settings: Settings, http: httpx.AsyncClient) -> StatusPage:
    """Atlassian's where a page of it is set, else a folder of our own."""
    ours = settings.status_page
    return StatusPageIo(http, ours) if ours.page_id else StatusFolder(ours.folder or settings.home / "status")


def line_sayer(channels: Channels, link: str) -> Callable[[str], Awaitable[str]]:
    """Posts a bare line in the chat; the answer says why it could not, empty: it did."""

    async def say(line: str) -> str:
        if channels.chat is None:
            return "no chat is set: set INCIDENTS_CHAT__WEBHOOK_URL"
        post = Post(key=f"line/{utc_now().isoformat()}", incident_id="bridge", title=line, severity=Severity.SEV3)
        try:
            await channels.chat.post(post, link=link)
        except IntegrationError as error:
            return str(error)
        return ""

    return say
