"""The providers over HTTP, each as a vendor would offer it; and the controls: ledger, faults, settings."""

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.types import Receive, Scope, Send

from gameday.provisioning.contract import HEADERS
from gameday.provisioning.faults import KINDS, PLACES, NoSuchFault
from gameday.provisioning.gate import NO_ANSWER, Answer, Call
from gameday.provisioning.providers import ON_CONFLICT, Providers
from gameday.provisioning.tenant_health import tenant_health

TOKEN = "practice-app-token"
"""Bearer of the app's job list and metrics."""


class Wish(BaseModel):
    """Body of a provider call: whatever of this it needs."""

    model_config = ConfigDict(extra="ignore")

    customer: str = ""
    plan: str = ""
    paid_gb: int | None = None
    region: str = ""
    deployment: str = ""
    target: str = ""
    template: str = "welcome"


class Switch(BaseModel):
    """Body of `PUT /faults/{step}`."""

    kind: Literal["fail", "fail_after", "hang", "lost", "slow", "reject", "blind"]
    times: int | None = None
    seconds: float | None = None


class Choice(BaseModel):
    """Body of `PUT /settings`."""

    database_conflict: Literal["refuse", "second"]


Wished = Annotated[Wish, Body(default_factory=Wish)]


class Lost(Response):
    """An answer that never ends: the server closes the connection, as a proxy that dies would."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})


def application(providers: Providers) -> FastAPI:
    """Everything but the pages and the checkout, which need the engine."""
    app = FastAPI(title="practice provisioning platform", docs_url=None, redoc_url=None)
    for router in (_making(providers), _undoing(providers), _asking(providers), _app(providers), _controls(providers)):
        app.include_router(router)
    return app


def _making(providers: Providers) -> APIRouter:
    """Each route is one step of the saga."""
    router = APIRouter()

    @router.post("/deployments")
    async def mint(wish: Wished, request: Request) -> Response:
        return _told(await providers.mint(_call("reserve_deployment", wish.customer, request, wish.plan)))

    @router.put("/quotas/{customer}")
    async def quota(customer: str, wish: Wished, request: Request) -> Response:
        return _told(await providers.set_quota(_call("set_quota", customer, request), wish.paid_gb))

    @router.post("/databases")
    async def database(wish: Wished, request: Request) -> Response:
        return _told(await providers.create_database(_call("create_database", wish.customer, request), wish.region))

    @router.put("/dns/{customer}")
    async def dns(customer: str, wish: Wished, request: Request) -> Response:
        return _told(await providers.put_dns(_call("create_dns", customer, request), wish.target, wish.region))

    @router.post("/billing/activations")
    async def billing(wish: Wished, request: Request) -> Response:
        call = _call("activate_billing", wish.customer, request)
        return _told(await providers.activate_billing(call, wish.deployment))

    @router.post("/mails")
    async def mail(wish: Wished, request: Request) -> Response:
        return _told(await providers.send_mail(_call("send_welcome", wish.customer, request), wish.template))

    @router.post("/reservations")
    async def reserve(wish: Wished, request: Request) -> Response:
        return _told(await providers.reserve(_call("reserve", wish.customer, request)))

    return router


def _undoing(providers: Providers) -> APIRouter:
    """The compensations. Who is meant by a reservation, the caller says in `?customer=`, for the ledger."""
    router = APIRouter()

    @router.delete("/reservations/{reservation}")
    async def release(reservation: str, request: Request, customer: str = "") -> Response:
        return _told(await providers.release(_call("release_deployment", customer, request), reservation))

    @router.delete("/databases/{customer}")
    async def database(customer: str, request: Request) -> Response:
        return _told(await providers.drop_databases(_call("drop_database", customer, request)))

    @router.delete("/dns/{customer}")
    async def dns(customer: str, request: Request) -> Response:
        return _told(await providers.remove_dns(_call("remove_dns", customer, request)))

    @router.delete("/billing/activations/{customer}")
    async def billing(customer: str, request: Request) -> Response:
        return _told(await providers.cancel_billing(_call("cancel_billing", customer, request)))

    return router


def _quota(customer: str, has: int) -> dict[str, Any]:
    """The amount, and what whoever provisioned it was told."""
    return {"customer": customer, "paid_gb": has, "provisioned": f"{has} GB"}


def _asking(providers: Providers) -> APIRouter:
    """Look-ups by customer or key. They change nothing, and are not in the ledger."""
    router = APIRouter()

    async def tell(rows: list[Any]) -> Response:
        return _told(await providers.asked(Answer(200, rows), Answer(200, [])))

    @router.get("/deployments")
    async def deployments(customer: str = "", key: str = "") -> Response:
        return await tell(providers.deployments(customer, key))

    @router.get("/quotas/{customer}")
    async def quota(customer: str) -> Response:
        has = providers.quota(customer)
        nothing = Answer(404, {"error": f"no quota for {customer}"})
        found = nothing if has is None else Answer(200, _quota(customer, has))
        return _told(await providers.asked(found, nothing))

    @router.get("/databases/{customer}")
    async def databases(customer: str) -> Response:
        return await tell(providers.databases(customer))

    @router.get("/dns/{customer}")
    async def dns(customer: str) -> Response:
        return await tell(providers.dns(customer))

    @router.get("/billing/activations")
    async def activations(customer: str = "", key: str = "") -> Response:
        return await tell(providers.activations(customer, key))

    @router.get("/mails")
    async def mails(customer: str) -> Response:
        return await tell(providers.mails(customer))

    @router.get("/tenants/{customer}/health")
    async def health(customer: str) -> Response:
        checks = await tenant_health(providers, customer)
        ok = all(check.ok for check in checks)
        body = {"ok": ok, "checks": [{"name": c.name, "ok": c.ok, "is": c.words} for c in checks]}
        return _told(await providers.asked(Answer(200 if ok else 503, body), Answer(404, {"error": "no such tenant"})))

    return router


def _app(providers: Providers) -> APIRouter:
    """The customer-facing app: its jobs, its metrics, and what its checkout hands over."""
    router = APIRouter()

    @router.get("/jobs")
    async def jobs(authorization: str = Header("")) -> list[dict[str, Any]]:
        _bearer(authorization)
        return providers.jobs.all(time.time())

    @router.get("/metrics")
    async def metrics(authorization: str = Header("")) -> PlainTextResponse:
        if authorization:  # a scraper without a token is fine here, one with a wrong token is told so
            _bearer(authorization)
        return PlainTextResponse(providers.jobs.metrics(time.time()))

    @router.post("/jobs/{job}/handover")
    async def hand_over(job: str, request: Request) -> dict[str, int | None]:
        return {"paid_gb": providers.jobs.hand_over(job, request.headers.get(HEADERS["run"], ""))}

    return router


def _controls(providers: Providers) -> APIRouter:
    router = APIRouter()

    @router.get("/ledger")
    async def ledger() -> list[dict[str, Any]]:
        return providers.ledger()

    @router.delete("/ledger")
    async def forget() -> dict[str, str]:
        providers.gate.forget_ledger()
        return {"forgotten": "all"}

    @router.get("/faults")
    async def faults() -> dict[str, Any]:
        return {"on": [vars(f) for f in providers.faults.all()], "steps": PLACES, "kinds": KINDS}

    @router.put("/faults/{step}")
    async def switch_on(step: str, switch: Switch) -> dict[str, Any]:
        try:
            return vars(providers.faults.switch_on(step, switch.kind, switch.times, switch.seconds))
        except NoSuchFault as error:
            raise HTTPException(404, str(error)) from None

    @router.delete("/faults/{step}")
    async def switch_off(step: str) -> dict[str, str]:
        providers.faults.switch_off(step)
        return {step: "off"}

    @router.delete("/faults")
    async def switch_all_off() -> dict[str, str]:
        providers.faults.switch_all_off()
        return {"all": "off"}

    @router.get("/settings")
    async def settings() -> dict[str, str]:
        return {ON_CONFLICT: providers.store.setting(ON_CONFLICT, "refuse")}

    @router.put("/settings")
    async def choose(choice: Choice) -> dict[str, str]:
        providers.store.put("settings", name=ON_CONFLICT, value=choice.database_conflict)
        return {ON_CONFLICT: choice.database_conflict}

    return router


def _call(step: str, customer: str, request: Request, plan: str = "") -> Call:
    said = {name: request.headers.get(header, "") for name, header in HEADERS.items()}
    return Call(step, customer, **(said | {"plan": plan or said["plan"]}))


def _told(answer: Answer) -> Response:
    return Lost() if answer.status == NO_ANSWER else JSONResponse(answer.body, answer.status)


def _bearer(authorization: str) -> None:
    if authorization != f"Bearer {TOKEN}":
        raise HTTPException(401, "unauthorized")
