"""Does the app log in as its own non-master role, and does that login work? Tried, not guessed (runbook §3.2)."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.settings import AppSettings

CONNECT_S = 3
WITHIN_S = 8
"""For the login and `SELECT 1` together."""

SAID = (
    ("password authentication failed", Status.BAD, "the database refuses its password"),
    ("does not exist", Status.BAD, "role or database does not exist"),
    ("not permitted to log in", Status.BAD, "the role may not log in"),
    ("connection slots", Status.BAD, "too many connections"),
    ("too many", Status.BAD, "too many connections"),
    ("connection refused", Status.BAD, "the database refuses connections"),
    ("starting up", Status.BAD, "the database is starting up"),
    ("shutting down", Status.BAD, "the database is shutting down"),
    ("timeout", Status.UNKNOWN, f"no answer from here within {CONNECT_S} s"),
    ("resolve host", Status.UNKNOWN, "the database's name cannot be resolved from here"),
)
"""What PostgreSQL says of a login that failed: libpq hands its words on, and no code with them."""


async def check(ask: Ask, outside: Outside) -> Finding:
    """The password is read, used and forgotten: no finding, log or exception holds it."""
    apps = [app for app in ask.subjects(outside.apps) if app.database_url_secret]
    if not apps:
        return _finding(Status.UNKNOWN, "no database to try: set database_url_secret in INCIDENTS_APPS")
    seen = await asyncio.gather(*(_role_of(app, outside) for app in apps))
    status = next((s for s in (Status.BAD, Status.UNKNOWN) if any(x is s for x, _ in seen)), Status.OK)
    return _finding(status, "; ".join(f"{a.name}: {w}" for a, (s, w) in zip(apps, seen, strict=True) if s is status))


def _finding(status: Status, summary: str) -> Finding:
    return Finding(check="app_role", status=status, summary=summary, at=utc_now())


async def _role_of(app: AppSettings, outside: Outside) -> tuple[Status, str]:
    try:
        address = await outside.aws.secret_value(app.database_url_secret)
    except IntegrationError as error:
        return Status.UNKNOWN, str(error)
    login = _login(address)
    if not login.get("user"):
        return Status.UNKNOWN, f"the secret {app.database_url_secret} holds no database address"
    if app.expected_role and login["user"] != app.expected_role:
        return Status.BAD, f"logs in as {login['user']}, not as its own role {app.expected_role}"
    return await _try(login)


def _login(address: str) -> dict[str, Any]:
    """The parts libpq knows; apps' own parameters (`schema`, `connection_limit`, …) would make it refuse the rest."""
    try:
        parts = urlsplit(address.strip())
        found = {"user": parts.username, "password": parts.password, "host": parts.hostname, "port": parts.port}
    except ValueError:
        return {}
    found |= {"dbname": parts.path.lstrip("/"), "sslmode": parse_qs(parts.query).get("sslmode", [""])[0]}
    return {name: unquote(str(value)) for name, value in found.items() if value}


async def _try(login: dict[str, Any]) -> tuple[Status, str]:
    """A login as the app would do it. psycopg's texts may repeat the address, so none of them is told."""
    role = f"role {login['user']}"
    try:
        async with asyncio.timeout(WITHIN_S):
            await _select_1(login)
    except psycopg.Error as error:
        status, words = _meaning(error)
        return status, f"{role}: {words}"
    except TimeoutError:
        return Status.UNKNOWN, f"{role}: no answer from here within {WITHIN_S} s"
    return Status.OK, f"{role} logs in and answers SELECT 1"


async def _select_1(login: dict[str, Any]) -> None:
    """Raises psycopg.Error."""
    connection = await psycopg.AsyncConnection.connect(connect_timeout=CONNECT_S, autocommit=True, **login)
    async with connection:
        await connection.execute("SELECT 1")


def _meaning(error: psycopg.Error) -> tuple[Status, str]:
    """Who cannot even reach the database from here has learnt nothing about the role."""
    text = str(error).lower()
    for words, status, meaning in SAID:
        if words in text:
            return status, meaning
    return Status.BAD, f"login failed ({error.sqlstate or type(error).__name__})"
