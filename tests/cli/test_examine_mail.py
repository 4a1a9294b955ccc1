"""The doctor on the mail server: greeted as for a mail, by a real one with TLS and login; nothing is ever sent."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import Line, Verdict
from cli.examine_mail import AWAY, NO, examine_mail
from gameday.receivers.smtp import PASSWORD, USER, SmtpReceiver
from integrations.settings import MailSettings
from tests.integrations.receiving import tls
from tests.integrations.servers import Server


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[tuple[SmtpReceiver, Path]]:
    """A server that demands STARTTLS and a login, and the authority it is vouched for by."""
    context, authority = tls(tmp_path)
    async with SmtpReceiver(tls=context) as server:
        yield server, authority


async def looked(mail: tuple[SmtpReceiver, Path], **changes: Any) -> Line:
    server, authority = mail
    known = {"host": "127.0.0.1", "port": server.port, "user": USER, "password": PASSWORD, "ca_path": authority}
    return await examine_mail(MailSettings(**(known | {"sender": "incidents@example.org"} | changes)))


async def test_one_that_lets_us_in_is_ok_and_gets_no_mail(mail: tuple[SmtpReceiver, Path]) -> None:
    """Connect, STARTTLS, login, quit."""
    line = await looked(mail)
    assert (line.verdict, line.seen) == (
        Verdict.OK,
        f"127.0.0.1:{mail[0].port} lets incidents in by starttls (no mail was sent)",
    )
    assert mail[0].desk.arrivals == []


@pytest.mark.parametrize(
    ("changes", "seen", "do"),
    [
        ({"password": "hush"}, "127.0.0.1: the mail server answered 535 5.7.8", NO),
        ({"tls": "tls"}, "127.0.0.1: the mail server did not answer", AWAY),
        ({"ca_path": None}, "127.0.0.1: the mail server did not answer", AWAY),
        ({"port": 1}, "127.0.0.1: the mail server did not answer", AWAY),
        ({"sender": ""}, "there is no sender", "set INCIDENTS_MAIL__SENDER"),
    ],
    ids=["wrong password", "another TLS", "a stranger's certificate", "nobody there", "no sender"],
)
async def test_what_is_wrong_is_told_with_what_mends_it(
    mail: tuple[SmtpReceiver, Path], changes: dict[str, Any], seen: str, do: str
) -> None:
    """Without a secret of ours."""
    line = await looked(mail, **changes)
    assert (line.verdict, line.do) == (Verdict.BAD, do)
    assert line.seen.startswith(seen)
    assert "hush" not in line.seen


async def test_one_that_offers_no_tls_is_told_so() -> None:
    """A password is never sent in the clear."""
    async with SmtpReceiver() as plain:
        line = await looked((plain, Path()), ca_path=None)
    assert (line.verdict, line.do, "TLS" in line.seen) == (Verdict.BAD, NO, True)


async def test_without_a_login_a_server_in_the_house_is_enough() -> None:
    """Said as it is: without TLS."""
    async with SmtpReceiver() as plain:
        line = await looked((plain, Path()), ca_path=None, user="", password=None, tls="none")
    assert (line.verdict, "asks for no login without TLS" in line.seen) == (Verdict.OK, True)


async def test_one_that_takes_the_connection_and_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is bounded."""
    monkeypatch.setattr("integrations.mail.Mailer.within_s", 0.3)
    async with Server() as silent:
        line = await looked((silent, Path()), ca_path=None)  # type: ignore[arg-type]
    assert (line.verdict, line.do) == (Verdict.BAD, AWAY)


async def test_none_is_unknown() -> None:
    """Never ok."""
    assert (await examine_mail(MailSettings())).verdict is Verdict.UNKNOWN
