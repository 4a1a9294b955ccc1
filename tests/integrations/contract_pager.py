"""What every way to reach a person is held to, and the ways there are: each with its receiver, and the fake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr

from gameday.receivers.desk import RETRY_AFTER_S, Desk, Fault
from gameday.receivers.slack import CHANNEL, HOOK, TOKEN
from gameday.receivers.smtp import PASSWORD, USER
from incident.model.effects import Page
from incident.model.severity import Severity
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.mail import Mailer
from integrations.pagers.apprise import AppriseAny
from integrations.pagers.mail import MailPager
from integrations.pagers.ntfy import NtfyPager
from integrations.pagers.pagerduty import PagerDuty
from integrations.pagers.slack import SlackMention
from integrations.ports import Button, Pager
from integrations.settings import MailSettings
from integrations.slack_webhook import SlackWebhook
from tests.fakes import FakePager
from tests.integrations.receiving import Served

PAGE = Page(
    key="incident-A@20260616T032800.000000Z/page/2/ana",
    incident_id="incident-A",
    number=2,
    domain="database",
    severity=Severity.SEV1,
    title="SEV-1 AppDBDown app.tlsstress.art",
    text="Customers cannot work.\nWhy now: it fires.\nPage 2 of incident-A, for ana.\nAck: incidents ack incident-A",
    audience="on-call",
    urgent=True,
    not_before=datetime(2026, 6, 16, 3, 28, tzinfo=UTC),
    because="it fires",
)
ACK = Button(label="Ack", url="https://bridge.example.org/act/token-of-ana")
MINE = Button(label="Yes", url="https://bridge.example.org/act/tmine", mine=True, acts=False)
RUNBOOK = Button(label="Runbook", url="https://runbooks.example.org/RUNBOOK", acts=False)
CLICK = "http://ui.example.org/incident-A"
PATIENT_S, HASTY_S = 20.0, 0.4
"""Seconds. Loopback is fast, a busy machine is not; only where nobody answers is it a waste to wait."""


@dataclass
class Way:
    """One way to reach people, and what is known of it."""

    pager: Pager
    hasty: Pager
    """The same, with little patience."""
    to: str
    desk: Desk
    rings: Callable[[], int]
    """How often a person's phone would have rung."""
    seen: Callable[[], str]
    """All that a person would see."""
    looks_up: bool = False
    """`find` finds what has arrived."""
    shared: bool = False
    """A whole channel reads it, not one person."""
    says_when: bool = True
    """Being too fast is told as such, and for how long."""
    says_no: bool = True
    """A permanent no can be told from being away."""
    wrong: tuple[str, ...] = ()
    """Addresses that are none. Each holds the word `hush`."""
    secrets: tuple[str, ...] = field(default=())


def ways(served: Served) -> dict[str, Callable[[], Way]]:
    """By name; the receivers are shared, so they are asked for one at a time."""
    makers = (_fake, _ntfy, _chat, _slack, _pagerduty, _mail, _apprise)
    return {name: partial(make, served) for name, make in zip(NAMES, makers, strict=True)}


NAMES = ("fake", "ntfy", "chat", "slack", "pagerduty", "mail", "apprise")


def _both(make: Callable[[float], Pager], hasty_s: float = HASTY_S) -> dict[str, Any]:
    return {"pager": make(PATIENT_S), "hasty": make(hasty_s)}


def _http(patience_s: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=patience_s)


def _fake(served: Served) -> Way:
    desk, pager = Desk("fake"), FakePager()
    pager.fails = lambda _: _failure(desk)
    pager.lost = lambda _: desk.loses_this_answer()
    return Way(
        pager=pager, hasty=pager, to="ana", desk=desk, looks_up=True,
        rings=lambda: len(pager.sent), seen=lambda: "\n".join(map(str, pager.sent)),
    )  # fmt: skip


def _failure(desk: Desk) -> IntegrationError | None:
    failures: dict[Fault, IntegrationError] = {
        Fault.REFUSE: Refused("no"),
        Fault.DOWN: Unreachable("away"),
        Fault.HANG: Unreachable("silent"),
        Fault.RATE_LIMIT: RateLimited("too many", RETRY_AFTER_S),
    }
    return next((failures[fault] for fault in desk.faults if fault in failures), None)


def _ntfy(served: Served) -> Way:
    desk, mine = served.receivers.ntfy.desk, f"{served.url}/ntfy/oncall"
    return Way(
        **_both(lambda s: NtfyPager(_http(s), mine, SecretStr("hush-token"))), **_counted(desk), looks_up=True,
        to=f"{served.url}/ntfy/hush-ana", wrong=("https://[hush", "http://hush:port/x"), secrets=("hush",),
    )  # fmt: skip


def _chat(served: Served) -> Way:
    hook = SecretStr(f"{served.url}/slack-hook/{HOOK}")
    return Way(
        **_both(lambda s: SlackWebhook(_http(s), hook)), **_counted(served.receivers.slack.desk), to="", shared=True,
        secrets=(HOOK,),
    )  # fmt: skip


def _slack(served: Served) -> Way:
    api, token = f"{served.url}/slack-api/", SecretStr(TOKEN)
    return Way(
        **_both(lambda s: SlackMention(_http(s), api, token, CHANNEL)), **_counted(served.receivers.slack.desk),
        to="U0HUSHANA", looks_up=True, shared=True, wrong=("hush", "<!channel> hush", "U0HUSHANA> hush"),
        secrets=(TOKEN, "HUSH", "hush"),
    )  # fmt: skip


def _pagerduty(served: Served) -> Way:
    theirs, url = served.receivers.pagerduty, f"{served.url}/pagerduty/v2/enqueue"
    counted = _counted(theirs.desk) | {"rings": lambda: sum(i.rings for i in theirs.incidents)}
    return Way(
        **_both(lambda s: PagerDuty(_http(s), url)), **counted, to="hush" * 8, shared=True,
        wrong=("hush", "hush" * 9), secrets=("hush",),
    )  # fmt: skip


def _mail(served: Served) -> Way:
    settings = MailSettings(
        host="127.0.0.1", port=served.receivers.mail.port, user=USER, password=SecretStr(PASSWORD),
        ca_path=served.authority, sender="incidents@example.org",
    )  # fmt: skip
    return Way(
        **_both(lambda s: MailPager(Mailer(settings, within_s=s)), hasty_s=1.0), **_counted(served.receivers.mail.desk),
        to="hush@example.org", says_when=False, wrong=("hush", "hush@x y", "a@b,hush@c", "hush@x\nBcc: all@y"),
        secrets=("hush", PASSWORD),
    )  # fmt: skip


def _apprise(served: Served) -> Way:
    to = served.url.replace("http://", "json://hush:hush@") + "/anything/post/ana"
    return Way(
        **_both(lambda s: AppriseAny(within_s=s), hasty_s=1.5), **_counted(served.receivers.anything.desk), to=to,
        says_when=False, says_no=False, wrong=("hush", "nosuchservice://hush"), secrets=("hush",),
    )  # fmt: skip


def _counted(desk: Desk) -> dict[str, Any]:
    return {"desk": desk, "rings": lambda: len(desk.arrivals), "seen": lambda: _bodies(desk)}


def _bodies(desk: Desk) -> str:
    return "\n".join(part for arrival in desk.arrivals for part in _texts(arrival.body))


def _texts(value: Any) -> list[str]:
    """All texts in it, however deep."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [str(value)]
