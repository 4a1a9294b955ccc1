"""One mail for each customer and version, whatever is killed in between; addresses stay where they are looked up."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ledger import Ledger
from activities.mailing import MailDesk, MailingActivities
from incident.model.customers import Fate, Moment
from incident.model.effects import MailCustomers
from incident.model.outcomes import CustomersMailed
from integrations.customer_mail import Delivery, Mail
from integrations.errors import Unreachable
from runbook.messages import VOCABULARY

MAIL = MailCustomers(
    key="incident-A@1/mail/1/1",
    incident_id="incident-A",
    mail_key="incident-A@1/mail/1",
    version=1,
    round=1,
    moment=Moment.FIRST,
    subject="About your service",
    text="You cannot sign in. We are working on it.",
    customers=("acme", "globex"),
)
KEY = f"{MAIL.mail_key}/acme"


class Killed(BaseException):
    """The process is gone."""


@dataclass
class FakeOffice:
    """A mail server that takes everything, unless `fates` or `kills` says otherwise."""

    fates: dict[str, Delivery] = field(default_factory=dict)
    kills: str = ""
    """Address at whose mail we are killed, after the server took it."""
    mails: list[Mail] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["FakeOffice"]:
        yield self

    async def send(self, mail: Mail) -> Delivery:
        delivery = self.fates.get(mail.to[0], Delivery(fate=Fate.SENT))
        if delivery.fate is Fate.SENT:
            self.mails.append(mail)
        if self.kills in mail.to:
            raise Killed
        return delivery


@dataclass
class FakeBook:
    known: dict[str, tuple[str, ...]]
    away: bool = False

    async def addresses(self, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        if self.away:
            raise Unreachable("the address book did not answer")
        return {key: self.known.get(key, ()) for key in keys}


BOOK = FakeBook({"acme": ("ops@acme.example",), "globex": ("it@globex.example",)})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def mail(
    ledger: Ledger,
    office: FakeOffice | None,
    effect: MailCustomers = MAIL,
    *,
    attempt: int = 1,
    book: FakeBook = BOOK,
) -> CustomersMailed:
    """One attempt, as the engine makes it."""
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    desk = MailDesk(book=book, office=office, vocabulary=VOCABULARY)  # type: ignore[arg-type]
    return await env.run(MailingActivities(desk, ledger).mail_customers, effect)


async def test_each_customer_gets_one_mail_with_a_key_of_their_own(ledger: Ledger) -> None:
    """By which a mailbox could tell a repeat."""
    office = FakeOffice()
    await mail(ledger, office)

    assert [(m.to, m.key) for m in office.mails] == [
        (("ops@acme.example",), "incident-A@1/mail/1/acme"),
        (("it@globex.example",), "incident-A@1/mail/1/globex"),
    ]


async def test_a_second_attempt_sends_nothing_twice(ledger: Ledger) -> None:
    """The answer to the first was lost on its way to the engine."""
    office = FakeOffice()
    first = await mail(ledger, office)
    second = await mail(ledger, office, attempt=2)

    assert (first.fates, len(office.mails)) == (second.fates, 2)


async def test_killed_over_a_mail_it_is_never_sent_again(ledger: Ledger) -> None:
    """It may have arrived: unknown, and a person is asked. The next customer gets theirs."""
    with pytest.raises(Killed):
        await mail(ledger, FakeOffice(kills="ops@acme.example"))
    office = FakeOffice()
    outcome = await mail(ledger, office, attempt=2)

    assert outcome.fates == {"acme": Fate.UNKNOWN, "globex": Fate.SENT}
    assert [m.to for m in office.mails] == [("it@globex.example",)]


async def test_killed_after_one_customer_the_others_still_get_theirs(ledger: Ledger) -> None:
    """And the first gets no second."""
    with pytest.raises(Killed):
        await mail(ledger, FakeOffice(kills="it@globex.example"))
    office = FakeOffice()
    outcome = await mail(ledger, office, attempt=2)

    assert (outcome.fates, office.mails) == ({"acme": Fate.SENT, "globex": Fate.UNKNOWN}, [])


async def test_an_attempt_of_another_machine_is_not_repeated_blindly(ledger: Ledger) -> None:
    """Its ledger is not ours: whom it reached, nobody here knows."""
    office = FakeOffice()
    outcome = await mail(ledger, office, attempt=2)

    assert (set(outcome.fates.values()), office.mails) == ({Fate.UNKNOWN}, [])


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.UNREACHABLE])
async def test_what_was_certainly_not_sent_may_be_sent_in_a_later_round(ledger: Ledger, fate: Fate) -> None:
    """The same version under the same key."""
    await mail(ledger, FakeOffice(fates={"ops@acme.example": Delivery(fate=fate, why="451 4.7.1")}))
    office = FakeOffice()
    again = replace(MAIL, key="incident-A@1/mail/1/2", round=2, customers=("acme",))

    assert (await mail(ledger, office, again)).fates == {"acme": Fate.SENT}
    assert [m.key for m in office.mails] == [KEY]


async def test_a_lost_answer_is_not_sent_again_in_a_later_round(ledger: Ledger) -> None:
    """Whoever asks."""
    await mail(ledger, FakeOffice(fates={"ops@acme.example": Delivery(fate=Fate.UNKNOWN)}))
    office = FakeOffice()
    again = replace(MAIL, key="incident-A@1/mail/1/2", round=2, customers=("acme",))

    assert ((await mail(ledger, office, again)).fates, office.mails) == ({"acme": Fate.UNKNOWN}, [])


async def test_a_server_that_is_away_is_not_asked_for_every_customer(ledger: Ledger) -> None:
    """A thousand time-outs would last for hours."""
    away = Delivery(fate=Fate.UNREACHABLE, why="the mail server did not answer", away=True)
    office = FakeOffice(fates={"ops@acme.example": away})
    outcome = await mail(ledger, office)

    assert (set(outcome.fates.values()), office.mails) == ({Fate.UNREACHABLE}, [])


async def test_a_customer_without_an_address_is_told(ledger: Ledger) -> None:
    """The others are mailed."""
    outcome = await mail(ledger, FakeOffice(), book=FakeBook({"acme": ("ops@acme.example",)}))

    assert outcome.fates == {"acme": Fate.SENT, "globex": Fate.NO_ADDRESS}


async def test_what_comes_back_holds_no_address(ledger: Ledger) -> None:
    """It goes into history for good."""
    refused = Delivery(fate=Fate.REFUSED, why="the mail server answered 550 5.1.1")
    outcome = await mail(ledger, FakeOffice(fates={"ops@acme.example": refused}))

    assert "@" not in str(outcome)


async def test_words_customers_must_not_read_are_stopped_at_the_door(ledger: Ledger) -> None:
    """Checked once more before sending, whatever let them through."""
    office = FakeOffice()
    with pytest.raises(ApplicationError, match="PgBouncer") as failed:
        await mail(ledger, office, replace(MAIL, text="PgBouncer is down."))

    assert (failed.value.non_retryable, office.mails) == (True, [])


async def test_without_a_mail_server_the_missing_setting_is_named(ledger: Ledger) -> None:
    """So that somebody can set it."""
    with pytest.raises(ApplicationError, match="INCIDENTS_MAIL__HOST"):
        await mail(ledger, None)


async def test_an_address_book_that_is_away_is_asked_again(ledger: Ledger) -> None:
    """Nothing was sent yet."""
    office = FakeOffice()
    with pytest.raises(ApplicationError) as failed:
        await mail(ledger, office, book=FakeBook({}, away=True))

    assert (failed.value.type, failed.value.non_retryable, office.mails) == ("Unreachable", False, [])
    assert (await mail(ledger, office, attempt=2)).fates == {"acme": Fate.SENT, "globex": Fate.SENT}
