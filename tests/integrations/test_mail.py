"""Mail: its headers, its TLS, and what a server's answers mean. What all ways have in common is in test_pagers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from gameday.receivers.desk import Fault
from gameday.receivers.smtp import PASSWORD, USER, SmtpReceiver
from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.mail import Mailer, message_id
from integrations.pagers.mail import MailPager, pager
from integrations.reach import Lacking, Reach
from integrations.settings import MailSettings, PagerSettings
from tests.integrations.contract_pager import CLICK, PAGE
from tests.integrations.receiving import Served, tls

TO = "ana@example.org"


def settings(served: Served, **changes: Any) -> MailSettings:
    port = served.receivers.mail.port
    known = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "ca_path": served.authority}
    return MailSettings(**(known | {"sender": "incidents@example.org"} | changes))


async def arrived(served: Served, *pages: Any) -> list[dict[str, Any]]:
    """The headers of these pages, as their person got them."""
    for page in pages:
        await MailPager(Mailer(settings(served))).page(page, to=TO, click=CLICK)
    return [arrival.body["headers"] for arrival in served.receivers.mail.desk.arrivals]


async def failure(mailer: Mailer) -> IntegrationError:
    with pytest.raises(IntegrationError) as failed:
        await MailPager(mailer).page(PAGE, to=TO, click=CLICK)
    return failed.value


async def test_the_pages_of_an_incident_are_one_conversation(served: Served) -> None:
    """Each has a name of its own, and all refer to the same one."""
    first, second = await arrived(served, PAGE, replace(PAGE, key=PAGE.key.replace("page/2", "page/3")))

    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == second["References"]


async def test_the_same_page_has_the_same_name(served: Served) -> None:
    """A mailbox that sees it twice may know it again."""
    first, second = await arrived(served, PAGE, PAGE)

    assert first["Message-ID"] == second["Message-ID"]


async def test_another_incident_is_another_conversation(served: Served) -> None:
    """Even of the same alert, a week later."""
    first, second = await arrived(served, PAGE, replace(PAGE, key=PAGE.key.replace("20260616", "20260623")))

    assert first["References"] != second["References"]


async def test_nobodys_holiday_answers_a_page(served: Served) -> None:
    """RFC 3834."""
    (headers,) = await arrived(served, PAGE)

    assert headers["Auto-Submitted"] == "auto-generated"


async def test_a_title_cannot_write_headers_of_its_own(served: Served) -> None:
    """It holds an alert's words."""
    (headers,) = await arrived(served, replace(PAGE, title="SEV-1\r\nBcc: all@example.org"))

    assert "Bcc" not in headers
    assert headers["Subject"] == "SEV-1 Bcc: all@example.org"


@given(key=st.text(min_size=1, max_size=300))
def test_any_key_makes_a_legal_name(key: str) -> None:
    """RFC 5322: letters, digits and single dots, and a domain; short enough for a line."""
    name = message_id(key, "example.org")
    left, _, right = name.strip("<>").partition("@")

    assert right == "example.org"
    assert all(part.isascii() and part.isalnum() for part in left.lstrip(".").split("."))
    assert len(name) < 100


@given(one=st.text(max_size=80), other=st.text(max_size=80))
def test_two_keys_have_two_names(one: str, other: str) -> None:
    """Whatever the slug leaves out."""
    assert (message_id(one, "x") == message_id(other, "x")) is (one == other)


@pytest.fixture
async def wrapped(tmp_path: Path) -> AsyncIterator[tuple[SmtpReceiver, Path]]:
    """A server that speaks TLS from the first byte, and who vouches for it."""
    context, authority = tls(tmp_path)
    async with SmtpReceiver(tls=context, from_the_first_byte=True) as server:
        yield server, authority


async def test_tls_from_the_first_byte(served: Served, wrapped: tuple[SmtpReceiver, Path]) -> None:
    """Port 465."""
    server, authority = wrapped
    mailer = Mailer(settings(served, tls="tls", port=server.port, ca_path=authority))
    await MailPager(mailer).page(PAGE, to=TO, click=CLICK)

    assert len(server.desk.arrivals) == 1


async def test_a_server_nobody_vouches_for_gets_neither_password_nor_page(served: Served) -> None:
    """Only the system's authorities are trusted, unless it is said whom else."""
    failed = await failure(Mailer(settings(served, ca_path=None)))

    assert type(failed) is Unreachable
    assert served.receivers.mail.desk.arrivals == []


async def test_a_server_without_tls_gets_neither_password_nor_page(served: Served) -> None:
    """Whoever sits between us and it may have taken the offer away."""
    async with SmtpReceiver() as plain:
        failed = await failure(Mailer(settings(served, port=plain.port)))

        assert type(failed) is Refused
        assert plain.desk.arrivals == []


async def test_without_tls_only_if_it_is_said(served: Served) -> None:
    """A relay on the same machine."""
    async with SmtpReceiver() as plain:
        mailer = Mailer(settings(served, port=plain.port, tls="none", user="", password=None))
        await MailPager(mailer).page(PAGE, to=TO, click=CLICK)

        assert len(plain.desk.arrivals) == 1


def test_a_password_without_tls_is_a_wrong_setting() -> None:
    """Said before anything starts."""
    with pytest.raises(ValidationError, match="never sent without TLS"):
        MailSettings(host="x", sender="a@b", tls="none", user="u", password=SecretStr("p"))


async def test_a_wrong_password_is_refused(served: Served) -> None:
    """535: trying again does not help."""
    failed = await failure(Mailer(settings(served, password="wrong")))

    assert type(failed) is Refused
    assert "535" in str(failed)


async def test_a_refusal_tells_the_servers_code_and_not_whom_it_is_about(served: Served) -> None:
    """`550 5.1.1 <ana@example.org>: user unknown` names the person."""
    served.receivers.mail.desk.faults.add(Fault.REFUSE)

    assert str(await failure(Mailer(settings(served)))) == "the mail server answered 550 5.1.1"


@pytest.mark.parametrize(
    ("mail", "lacking"),
    [
        (MailSettings(), Lacking("INCIDENTS_MAIL__HOST")),
        (MailSettings(host="mail.example.org"), Lacking("INCIDENTS_MAIL__SENDER")),
    ],
)
def test_a_missing_setting_is_named(mail: MailSettings, lacking: Lacking) -> None:
    """Nobody guesses."""
    assert pager(Reach(mail=mail), None) == lacking  # type: ignore[arg-type]


async def test_the_team_gets_what_is_for_nobody_else(served: Served) -> None:
    """INCIDENTS_PAGER__MAIL_TO."""
    way = pager(Reach(mail=settings(served), pager=PagerSettings(mail_to=SecretStr("team@example.org"))), None)  # type: ignore[arg-type]
    assert isinstance(way, MailPager)
    await way.page(PAGE, to="", click=CLICK)

    assert [arrival.to for arrival in served.receivers.mail.desk.arrivals] == ["team@example.org"]
