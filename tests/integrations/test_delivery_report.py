"""What mail servers say of a mail that came back (RFC 3464); and slips, which only we can make."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.delivery_report import MOST_PARTS, DeliveryReport, read_report
from integrations.slips import BadSlip, SentMail, Slips
from tests.bridge.doors.reports import REPORTS, postfix

SLIPS = Slips("a secret of at least thirty-two characters")
KEY = "incident-ShopDown-a@20260616T120000.000000Z/mail/1/acme"
SENT = SentMail(incident="incident-ShopDown-a@20260616T120000.000000Z", version=1, customer="acme")


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_whose_mail_it_was_can_be_read_from_every_report(report: Callable[[str], bytes]) -> None:
    """However a mail server writes it."""
    found = read_report(report(SLIPS.slip(KEY)))

    assert (SLIPS.read(found.slip), [one.action for one in found.failed]) == (SENT, ["failed"])


@pytest.mark.parametrize(("kind", "code"), [("postfix", "5.1.1"), ("exchange", "5.1.10"), ("broken", "5.1.1")])
def test_why_is_a_code_and_nothing_else(kind: str, code: str) -> None:
    """What stands beside it may be an address."""
    assert read_report(REPORTS[kind]("")).failed[0].code == code


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_only_what_failed_has_failed(action: str) -> None:
    """A mail server that is still trying says so too."""
    found = read_report(postfix("x", action=action, status="4.0.0"))

    assert (len(found.recipients), found.failed) == (1, ())


def test_an_answer_of_a_person_is_no_report() -> None:
    """Nor is a holiday's."""
    assert read_report(b"From: ops@acme.example\nSubject: Re: About your service\n\nThanks!\n") == DeliveryReport()


def test_a_mail_inside_a_mail_inside_a_mail_costs_no_time() -> None:
    """Python would look into each."""
    assert read_report(b"Content-Type: message/rfc822\n\n" * 20_000) == DeliveryReport()
    read_report(b"Content-Type: message/rfc822\n\n" * MOST_PARTS)


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b\n\n",
        b"Content-Type: multipart/report; boundary*0=\xff\n\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n",
        b"Content-Type: message/rfc822\n\n",
        b"--b\n",
        b"--b--\n",
        b"Action: failed\nStatus: \xff5.1.1\n\n",
        b"Incident-Slip: gAAAA\n\n",
        b"Action\n",
        b"\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=25).map(b"".join))
def test_nothing_that_is_sent_raises(body: bytes) -> None:
    """Anybody may write to that mailbox."""
    assert isinstance(read_report(body), DeliveryReport)


# ── slips ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slip_shows_nothing_of_the_incident() -> None:
    """Customers read headers too."""
    assert ("ShopDown" in SLIPS.slip(KEY), "acme" in SLIPS.slip(KEY)) == (False, False)


@pytest.mark.parametrize(
    "slip",
    [
        "",
        "x",
        "gAAAAABo",
        "ż" * 40,
        "A" * 3000,
        Slips("another secret of at least thirty-two characters").slip(KEY),
        SLIPS.slip(KEY)[:-8] + "AAAAAAA=",
        SLIPS.slip("incident-ShopDown-a@20260616T120000.000000Z/page/1"),
    ],
    ids=["none", "short", "cut", "foreign letters", "long", "another secret", "changed", "for something else"],
)
def test_a_slip_that_is_none_of_ours_is_refused(slip: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(BadSlip):
        SLIPS.read(slip)


@given(
    st.text(alphabet=st.characters(codec="ascii", exclude_characters="@,;<>", categories=("L", "N", "P")), min_size=1)
)
def test_a_customer_s_key_is_read_as_it_was(customer: str) -> None:
    """With whatever an organisation's keys are made of."""
    assert SLIPS.read(SLIPS.slip(f"{SENT.incident}/mail/12/{customer}")).customer == customer


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda b: b.decode("latin-1")))
def test_no_slip_raises_anything_else(slip: str) -> None:
    """It comes from outside."""
    with pytest.raises(BadSlip):
        SLIPS.read(slip)
