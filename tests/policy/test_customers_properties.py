"""What holds of customers, status page and refund whatever happens: lives made to hurt customers (see `lives.py`)."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident.model.customers import Fate
from incident.model.effects import MailCustomers, SetStatusPage
from incident.model.events import CameDue, Said
from incident.model.incident import Due, Incident, Phase
from incident.model.language import objection
from incident.model.messages import Ack, AnswerRefund, Approve, Reject, TellCustomers
from incident.model.outcomes import CustomersMailed
from incident.model.refund import RefundAnswer
from incident.model.severity import Severity
from tests.policy.lives import (
    ANYTHING,
    KEYS,
    MOODS,
    WELL,
    Agree,
    AnswerAll,
    Clear,
    GoOn,
    Hurt,
    Life,
    Moment,
    NextDeadline,
    Say,
    Tell,
    Wait,
    live,
)
from tests.policy.story import NIGHT, NOON, PLAYBOOK

PLAYBOOKS = (
    replace(
        PLAYBOOK,
        plainly="You cannot buy.",
        plainly_past="You cannot buy.",
        customer_visible=True,
        component="Shop",
        automation_check=None,
    ),
    replace(
        PLAYBOOK,
        plainly="You wait.",
        plainly_past="You wait.",
        customer_visible=True,
        sla=timedelta(hours=1),
        automation_check=None,
    ),
    replace(PLAYBOOK, customer_visible=True, sla=timedelta(hours=1)),
    replace(PLAYBOOK, plainly="RDS is down.", plainly_past="RDS is down.", customer_visible=True),
)
HURT = (WELL, Hurt(), Say(Ack(by="ana")))


def say_no(life: Life) -> None:
    """To all that is on the table."""
    for proposal in life.incident.open_proposals:
        life.take(Said(message=Reject(by="ana", proposal=proposal.id, of=(proposal.needs or ("",))[0])))


RETURNS = Say(TellCustomers(bounced=("acme",), by="mail server"))
WORDS = st.sampled_from(["", "We are on it."])
CHAPTERS = st.one_of(
    st.lists(ANYTHING, min_size=1, max_size=3).map(tuple),
    st.just((*HURT, Agree(), WELL)),
    st.builds(lambda mood: (*HURT, Agree(), AnswerAll(mood), Wait(6), AnswerAll(mood), Wait(6)), MOODS),
    st.builds(lambda mood: (*HURT, Agree(), AnswerAll(mood), Wait(6), Agree()), st.sampled_from([1, 3, 5, 5])),
    st.builds(lambda minutes: (*HURT, Agree(), Wait(minutes), Hurt(), Agree()), st.sampled_from([61, 101, 125])),
    st.builds(lambda keys, text: (Say(TellCustomers(affected=keys, text=text, by="ana")),), KEYS, WORDS),
    st.builds(lambda keys: (Say(TellCustomers(again=keys, by="ana")), Agree(), WELL), KEYS),
    st.builds(lambda keys: (*HURT, Agree(), Say(TellCustomers(bounced=keys, by="mail server")), Wait(6)), KEYS),
    st.just(
        (Hurt(), Wait(61), Agree(), Wait(250), Say(AnswerRefund(answer=RefundAnswer.REFUNDED, by="fin", of="finance")))
    ),
    st.just((Hurt(), Wait(61), say_no)),
    st.just((*HURT, Agree(), *[NextDeadline()] * 12)),
    st.just((GoOn(), Clear(), WELL, GoOn(), Wait(61), WELL)),
    st.just((GoOn(), Clear(), WELL, GoOn(), Wait(61), Agree(), WELL, GoOn())),
    st.just((GoOn(), Clear(), Wait(1), Tell("a", cleared=False, minutes_ago=0), WELL, Hurt())),
)
LIVES = st.builds(
    live,
    at=st.sampled_from([NOON, NIGHT]),
    playbook=st.sampled_from(PLAYBOOKS),
    severity=st.sampled_from([None, Severity.SEV1, Severity.SEV2]),
    chapters=st.lists(CHAPTERS, min_size=4, max_size=10),
)


KNOWN = [
    *(
        live(NOON, book, None, [(*HURT, Agree(), AnswerAll(mood), Wait(6), Agree())])
        for book in PLAYBOOKS
        for mood in range(8)
    ),
    *(live(NOON, book, None, [(*HURT, Agree(), *[NextDeadline()] * 20)]) for book in PLAYBOOKS),
    *(live(NOON, book, None, [(*HURT, Wait(61), say_no)]) for book in PLAYBOOKS),
    *(live(NOON, book, None, [(*HURT, Agree(), RETURNS, Wait(6))]) for book in PLAYBOOKS),
]
"""So that chance decides on no state that a property is about."""


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    """The same lives in each run."""
    lived: list[Life] = []

    @settings(max_examples=50, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(LIVES)
    def live_on(life: Life) -> None:
        lived.append(life)

    live_on()
    return [*lived, *KNOWN]


@pytest.fixture(scope="module")
def moments(lives) -> list[Moment]:
    return [moment for life in lives for moment in life.moments]


def said_yes(moment: Moment) -> bool:
    return isinstance(moment.event, Said) and type(moment.event.message) is Approve


def test_no_mail_without_a_yes(moments):
    """A first round begins with somebody's yes, and with nothing else (runbook §7)."""
    first = [m for m in moments if any(mail.round == 1 for mail in m.asked(MailCustomers))]

    assert first
    assert [m.event for m in first if not said_yes(m)] == []


def test_the_yes_was_of_somebody_who_may_give_it(moments):
    """Whoever leads, or comms; never of nobody."""
    yes = [m for m in moments if said_yes(m) and m.asked(MailCustomers)]

    assert [m.event for m in yes if m.event.message.by not in {m.before.lead, m.before.roles.get("comms")}] == []


def test_at_most_one_mail_for_each_customer_and_version(lives):
    """A later round holds only those to whom nothing was sent."""
    for life in lives:
        sent, tried = set(), Counter()
        for moment in life.moments:
            if isinstance(moment.event, CustomersMailed):
                told = moment.event.fates.items()
                sent |= {(moment.event.version, key) for key, fate in told if fate is not Fate.UNREACHABLE}
            for mail in moment.asked(MailCustomers):
                tried.update((mail.version, mail.round, key) for key in mail.customers)
                again = {(mail.version, key) for key in mail.customers} & sent if mail.round > 1 else set()
                assert again == set()
        assert [times for times in tried.values() if times > 1] == []


def test_what_goes_out_is_fit_for_customers(moments):
    """Every mail, every notice, whatever a playbook or a person says."""
    texts = [(mail.subject + "\n" + mail.text, m) for m in moments for mail in m.asked(MailCustomers)]
    texts += [(e.notice.title + "\n" + e.notice.text, m) for m in moments for e in m.asked(SetStatusPage)]

    assert [text for text, m in texts if objection(text, m.after.policy.customers.vocabulary)] == []


def hurts(incident: Incident) -> bool:
    return incident.phase in (Phase.TRIAGE, Phase.MITIGATE, Phase.RESOLVE)


def test_a_promise_is_never_forgotten(moments):
    """While an incident goes on, whoever was promised a mail has a clock for it."""
    promised = [m for m in moments if hurts(m.after) and m.after.customers.promised]

    assert promised
    assert [m.event for m in promised if Due.PROMISE not in m.after.due] == []


def test_a_promise_that_came_due_is_told_in_the_same_moment(moments):
    """Unless the mail went out."""
    late = [m for m in moments if isinstance(m.event, CameDue) and m.event.what is Due.PROMISE and hurts(m.before)]

    assert late
    assert [m.event for m in late if not any("were promised a mail" in e.what for e in m.after.timeline)] == []


def test_an_open_draft_never_promises_the_past(moments):
    """It could be approved at any moment."""
    drafts = [(m, m.after.customers.open_letter) for m in moments if m.after.customers.open_letter]

    assert [letter for m, letter in drafts if letter.promises and letter.promises <= m.now] == []


def test_who_was_written_to_hears_the_end(moments):
    """No incident closes by a postmortem while the last mail is undecided."""
    closed = [m for m in moments if m.before.phase is Phase.POSTMORTEM and m.after.phase is Phase.CLOSED]

    assert [m.event for m in closed if m.before.customers.open_letter] == []


def test_one_notice_is_on_its_way_at_a_time(lives):
    """An older text never replaces a newer one."""
    for life in lives:
        numbers = [e.number for m in life.moments for e in m.asked(SetStatusPage)]

        assert numbers == sorted(set(numbers))
        assert len({e.mark for m in life.moments for e in m.asked(SetStatusPage)}) <= 1


def test_no_notice_without_a_yes(moments):
    """The public reads nothing that no person has agreed to."""
    assert [m.event for m in moments if m.asked(SetStatusPage) and m.after.status_page.leave != "given"] == []


def test_finance_is_waited_for(moments):
    """No resolution while an answer is missing (runbook §3.1)."""
    resolutions = [m for m in moments if m.after.resolved_at == m.now != m.before.resolved_at]

    assert [m.event for m in resolutions if any(refund.answer is None for refund in m.after.refunds)] == []


def test_these_lives_reach_what_they_are_about(moments):
    """A property of states nobody reaches says nothing."""
    wanted = {
        f"{Due.STATUS_PAGE} came due",
        *(f"{due} came due" for due in (Due.CUSTOMERS, Due.PROMISE, Due.MAIL_AGAIN, Due.RETURNED, Due.REFUND)),
        *(f"a {kind} mail" for kind in ("first", "follow-up", "last")),
        *(f"the page says {state}" for state in ("investigating", "monitoring", "resolved")),
        *(f"a mail {fate}" for fate in Fate),
        *(f"finance {answer}" for answer in ("refunded", "declined")),
    }
    told = [m.event.fates.values() for m in moments if isinstance(m.event, CustomersMailed)]
    reached = {
        *(f"{m.event.what} came due" for m in moments if isinstance(m.event, CameDue)),
        *(f"a {mail.moment} mail" for m in moments for mail in m.asked(MailCustomers)),
        *(f"the page says {e.notice.state}" for m in moments for e in m.asked(SetStatusPage)),
        *(f"a mail {fate}" for fates in told for fate in fates),
        *(f"a mail {fate}" for m in moments for fate in m.after.customers.unreached.values()),
        *(f"finance {refund.answer}" for m in moments for refund in m.after.refunds),
    }

    assert wanted - reached == set()
