"""Does the app log in as its own non-master role, and does that login work? Tried, not guessed (runbook §3.2)."""

import asyncio
from urllib.parse import unquote, urlsplit

import psycopg

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.settings import AppSettings

CONNECT_S = 3
STATEMENT_MS = 2000


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
    user = unquote(urlsplit(address).username or "")
    if not user:
        return Status.UNKNOWN, f"the secret {app.database_url_secret} holds no database address"
    if app.expected_role and user != app.expected_role:
        return Status.BAD, f"logs in as {user}, not as its own role {app.expected_role}"
    return await _try(address, user)


async def _try(address: str, user: str) -> tuple[Status, str]:
    """A login as the app would do it. psycopg's texts may repeat the address, so none of them is told."""
    options = {"connect_timeout": CONNECT_S, "options": f"-c statement_timeout={STATEMENT_MS}", "autocommit": True}
    try:
        async with await psycopg.AsyncConnection.connect(address, **options) as connection:  # type: ignore[arg-type]
            await connection.execute("SELECT 1")
    except psycopg.errors.InvalidPassword:
        return Status.BAD, f"role {user}: the database refuses its password"
    except psycopg.Error as error:
        return Status.BAD, f"role {user}: {_kind(error)}"
    return Status.OK, f"role {user} logs in and answers SELECT 1"


def _kind(error: psycopg.Error) -> str:
    text = str(error).lower()
    for words, meaning in (
        ("password authentication failed", "the database refuses its password"),
        ("does not exist", "role or database does not exist"),
        ("not permitted to log in", "the role may not log in"),
        ("too many", "too many connections"),
        ("connection refused", "the database refuses connections"),
        ("timeout", f"no answer within {CONNECT_S} s"),
        ("starting up", "the database is starting up"),
        ("shutting down", "the database is shutting down"),
    ):
        if words in text:
            return meaning
    return f"login failed ({error.sqlstate or type(error).__name__})"
