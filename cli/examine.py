"""What `incidents doctor` looks at, one function each: the engine, those that work, and the systems we talk to."""

import asyncio
import tempfile
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from cli.connect import PATIENCE
from cli.doctor import Line, Verdict
from cli.examine_bridge import examine_bridge
from cli.examine_doors import examine_doors
from cli.examine_mail import examine_mail
from cli.examine_oncall import examine_plan
from cli.examine_saga import examine_saga
from cli.examine_status_page import examine_status_page
from cli.examine_ways import examine_ways
from cli.examine_weekly_test import examine_weekly_test
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.http import shared_client
from integrations.settings import AppSettings
from worker.connecting import NoEngine, connect, connect_options
from worker.engine_needs import commands, missing_attributes
from worker.settings import Settings
from worker.wiring import on_duty
from workflows.contract import BACKGROUND_QUEUE, PATIENT_QUEUE, TASK_QUEUE

MOST_SKEW = timedelta(seconds=5)
"""Beyond this, timelines of two machines cannot be read side by side."""
QUEUES = (
    (TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    (BACKGROUND_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    (PATIENT_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
)
NO_ENGINE = "the engine does not answer"


async def examine(settings: Settings) -> list[Line]:
    """Everything, in the order in which it should be mended."""
    engine = await _engine(settings)
    async with shared_client() as http:
        saga = await examine_saga(settings, http)
        bridge = await examine_bridge(settings.bridge, http)
        paging = examine_ways(settings, http)
        rota = await examine_plan(on_duty(settings, http), settings.oncall, utc_now())
        rest = await asyncio.gather(
            _reached("pager", str(settings.pager.ntfy_url or ""), "INCIDENTS_PAGER__NTFY_URL (an ntfy topic)", http),
            _reached("chat", _chat(settings), "INCIDENTS_CHAT__WEBHOOK_URL (a Slack-compatible webhook)", http),
            examine_mail(settings.mail),
            examine_status_page(settings.status_page, settings.home, http),
            *(_app(app, http) for app in settings.apps),
            _aws(settings),
            _clock(settings, http),
        )
    no_app = [] if settings.apps else [_unknown("apps", "none is set: nothing to probe", "set INCIDENTS_APPS")]
    return [
        *engine,
        *bridge,
        *rest,
        *saga,
        *no_app,
        _home(settings),
        paging,
        *rota,
        examine_weekly_test(settings.oncall, settings.home, utc_now()),
        examine_doors(settings),
    ]


async def _engine(settings: Settings) -> list[Line]:
    address = connect_options(settings)["target_host"]
    try:
        client = await connect(settings)
    except NoEngine:
        do = "start one with `incidents up`, or set TEMPORAL_ADDRESS to one that runs"
        unseen = [
            _unknown(name, NO_ENGINE) for name in ("namespace", "search attributes", *(f"queue {q}" for q, _ in QUEUES))
        ]
        return [_bad("engine", f"nobody answers at {address}", do), *unseen]
    polled = [await _queue(client, name, kind) for name, kind in QUEUES]
    return [_ok("engine", f"answers at {address}"), await _namespace(client), await _attributes(client), *polled]


async def _namespace(client: Client) -> Line:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        answer = await client.workflow_service.describe_namespace(request, timeout=PATIENCE)
    except RPCError as error:
        do = f"temporal operator namespace create -n {client.namespace} --retention 720h"
        return _bad("namespace", f"{client.namespace}: {error.message}", do)
    kept = answer.config.workflow_execution_retention_ttl.ToTimedelta()
    return _ok("namespace", f"{client.namespace}, closed incidents stay in the engine for {kept}")


async def _attributes(client: Client) -> Line:
    try:
        missing = await missing_attributes(client)
    except RPCError as error:
        return _unknown("search attributes", f"may not be listed: {error.message}", "ask the engine's administrator")
    if not missing:
        return _ok("search attributes", "all are registered")
    names = ", ".join(key.name for key in missing)
    return _bad("search attributes", f"missing: {names}", "run:\n" + commands(client, missing))


async def _queue(client: Client, name: str, kind: TaskQueueType.ValueType) -> Line:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind
    )
    try:
        answer = await client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
    except RPCError as error:
        return _unknown(f"queue {name}", error.message)
    if not answer.pollers:
        return _bad(
            f"queue {name}", "no worker asked for work in the last minutes", "start one with `incidents worker`"
        )
    return _ok(f"queue {name}", "worked by " + ", ".join(sorted({poller.identity for poller in answer.pollers})))


async def _reached(what: str, url: str, setting: str, http: httpx.AsyncClient) -> Line:
    """Only whether its host answers at all: a real message would wake somebody. The address itself may be a secret."""
    if not url:
        return _unknown(what, "is not set", f"set {setting}")
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    try:
        await http.get(urlunsplit((parts.scheme, parts.netloc, "/", "", "")))
    except httpx.HTTPError as error:
        return _bad(what, f"{host}: {_kind(error)}", f"see that {setting.split(maxsplit=1)[0]} is right")
    return _ok(what, f"{host} answers (no message was sent)")


def _chat(settings: Settings) -> str:
    return settings.chat.webhook_url.get_secret_value() if settings.chat.webhook_url else ""


async def _app(app: AppSettings, http: httpx.AsyncClient) -> Line:
    """Whether it can be probed. A sick app is an incident's business, so its 503 is an answer as good as a 200."""
    what, url = f"app {app.name}", f"{str(app.url).rstrip('/')}/api/ready"
    try:
        answer = await http.get(url)
    except httpx.HTTPError as error:
        return _bad(what, f"{url}: {_kind(error)}", "see that its url in INCIDENTS_APPS is right, and that it runs")
    if answer.status_code in (200, 503):
        return _ok(
            what, f"{url} answers {answer.status_code}" + (": it is not ready now" if answer.status_code == 503 else "")
        )
    return _bad(
        what, f"{url} answers {answer.status_code}", "is this the app's own address? /api/ready says 200 or 503"
    )


async def _aws(settings: Settings) -> Line:
    if not (settings.aws.region or settings.aws.endpoint_url):
        return _unknown("aws", "no region is set: nothing to look at", "set INCIDENTS_AWS__REGION")
    try:
        seen = await Aws(settings.aws).rds_instances()
    except IntegrationError as error:
        return _bad("aws", str(error), "see credentials (AWS_PROFILE, AWS_ROLE_ARN, …), region and permissions")
    return _ok("aws", f"credentials work; RDS instances seen: {len(seen)}")


async def _clock(settings: Settings, http: httpx.AsyncClient) -> Line:
    """Against the Date header of an app: the only other clock we are sure to reach."""
    for app in settings.apps:
        try:
            answer = await http.get(str(app.url))
            told = parsedate_to_datetime(answer.headers["date"])
        except (httpx.HTTPError, KeyError, ValueError):
            continue
        skew = abs(utc_now() - told)
        seen = f"{skew.total_seconds():.0f} s away from {app.name}'s"
        return _ok("clock", seen) if skew <= MOST_SKEW else _bad("clock", seen, "let NTP set this machine's clock")
    return _unknown("clock", "no app to compare it with", "see `timedatectl`")


def _home(settings: Settings) -> Line:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home) as probe:
            probe.write(b"can it be written?")
    except OSError as error:
        return _bad("home", f"{settings.home}: {error.strerror}", "set INCIDENTS_HOME to a folder of yours")
    return _ok("home", f"{settings.home} can be written")


def _kind(error: httpx.HTTPError) -> str:
    """Its kind only: the text may hold an address with a secret in it."""
    return f"no answer ({type(error).__name__})"


def _ok(what: str, seen: str) -> Line:
    return Line(what=what, verdict=Verdict.OK, seen=seen)


def _bad(what: str, seen: str, do: str) -> Line:
    return Line(what=what, verdict=Verdict.BAD, seen=seen, do=do)


def _unknown(what: str, seen: str, do: str = "") -> Line:
    return Line(what=what, verdict=Verdict.UNKNOWN, seen=seen, do=do)
