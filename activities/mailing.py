"""Mailing customers: once per customer and version, whatever is killed in between.

The only activity that sees addresses. They are looked up for each batch and go to the mail server and nowhere else:
what comes back are fates by customer's key, and codes.
"""

from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import as_failure, not_set
from activities.ledger import Ledger
from incident.model.customers import Fate
from incident.model.effects import MailCustomers
from incident.model.language import Vocabulary, objection
from incident.model.outcomes import CustomersMailed
from integrations.address_book import AddressBook
from integrations.customer_mail import CustomerMail, Delivery, Mail, PostOffice
from integrations.errors import IntegrationError

KILLED = "we were stopped over it, and a mail to a customer is never sent twice"
ELSEWHERE = "another machine was stopped over it, and a mail to a customer is never sent twice"
MOST_REASONS = 3


@dataclass(frozen=True, kw_only=True)
class MailDesk:
    """Who knows the addresses, who takes the mails, which words never leave. `office` None: no mail server is set."""

    book: AddressBook
    office: CustomerMail | None
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


@dataclass(frozen=True)
class MailingActivities:
    desk: MailDesk | None
    ledger: Ledger

    @activity.defn
    async def mail_customers(self, effect: MailCustomers) -> CustomersMailed:
        """One mail each. Raises ApplicationError only where nothing was sent: NotSet, Unfit, Unreachable, Refused …"""
        if self.desk is None or self.desk.office is None:
            raise not_set("mail server", "INCIDENTS_MAIL__HOST and INCIDENTS_MAIL__SENDER")
        wrong = objection(f"{effect.subject}\n{effect.text}", self.desk.vocabulary)
        if wrong:
            raise ApplicationError(wrong, type="Unfit", non_retryable=True)
        earlier = await self.ledger.begin(effect.key)
        if earlier is None and activity.info().attempt > 1:
            return CustomersMailed(
                version=effect.version, fates=dict.fromkeys(effect.customers, Fate.UNKNOWN), why=ELSEWHERE
            )
        try:
            addresses = await self.desk.book.addresses(effect.customers)
        except IntegrationError as error:
            raise as_failure(error) from error
        return await self._mail_all(effect, addresses, self.desk.office)

    async def _mail_all(
        self, effect: MailCustomers, addresses: dict[str, tuple[str, ...]], office: CustomerMail
    ) -> CustomersMailed:
        fates, reasons = dict[str, Fate](), dict[str, None]()
        async with office.open() as post:
            for customer in effect.customers:
                activity.heartbeat(len(fates))
                delivery = await self._mail_one(effect, customer, addresses.get(customer, ()), post)
                fates[customer] = delivery.fate
                reasons |= {delivery.why: None} if delivery.why else {}
                if delivery.away:
                    break
        fates = dict.fromkeys(effect.customers, Fate.UNREACHABLE) | fates
        return CustomersMailed(version=effect.version, fates=fates, why="; ".join([*reasons][:MOST_REASONS]))

    async def _mail_one(self, effect: MailCustomers, customer: str, to: tuple[str, ...], post: PostOffice) -> Delivery:
        """A row that was begun and never ended is a mail that may have gone out: it is not sent again."""
        if not to:
            return Delivery(fate=Fate.NO_ADDRESS)
        key = f"{effect.mail_key}/{customer}"
        earlier = await self.ledger.begin(key)
        if earlier:
            return Delivery(fate=Fate.SENT) if earlier.done else Delivery(fate=Fate.UNKNOWN, why=KILLED)
        mail = Mail(key=key, to=to, subject=effect.subject, text=effect.text)
        delivery = await post.send(mail)
        if delivery.fate in (Fate.REFUSED, Fate.UNREACHABLE):
            await self.ledger.forget_anyway(key)
        elif delivery.fate is Fate.SENT:
            await self.ledger.done_anyway(key)
        return delivery
