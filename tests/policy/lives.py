"""Incidents that live through anything: random steps, played as the shell and a moody world would play them.

A `Life` takes each step and keeps every moment of it, so that a property is a sentence about moments. A step says what
happens in general ("the oldest look answers, badly"); what exactly that is depends on the life so far, so that random
lives reach deep states: reopened, postmortem, closed and fired again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Any

from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st

from incident.model.alert import Alert, AlertStatus
from incident.model.customers import Affected, Fate
from incident.model.effects import (
    ApplyLever,
    Brief,
    ConsultRunbook,
    Effect,
    Look,
    MailCustomers,
    Page,
    PlanLever,
    Post,
    Purpose,
    RecordKind,
    SetStatusPage,
    Settle,
    ShowCard,
    Standing,
    WriteRecord,
)
from incident.model.events import AlertTold, CameDue, Continuing, Declared, Event, NotUnderstood, Said
from incident.model.finding import Finding, Status
from incident.model.incident import Criterion, Incident, Phase
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.messages import (
    Ack,
    AnswerRefund,
    Approve,
    Assign,
    Confirm,
    Escalate,
    FileActionItem,
    Message,
    Mitigated,
    Note,
    Postmortem,
    Reject,
    Resolve,
    SetSeverity,
    Take,
    TellCustomers,
    Unack,
)
from incident.model.outcomes import (
    Arrival,
    Briefed,
    CardFailed,
    CardShown,
    Consulted,
    CustomersMailed,
    Delivery,
    LeverApplied,
    LeverPlanFailed,
    LeverPlanned,
    Looked,
    LookFailed,
    Outcome,
    Paged,
    PageFailed,
    Posted,
    PostFailed,
    Recorded,
    RecordFailed,
    Settled,
    SettleFailed,
    StatusPageNotSet,
    StatusPageSet,
)
from incident.model.playbook import Approval, LeverUse, Playbook
from incident.model.refund import RefundAnswer
from incident.model.role import Role
from incident.model.severity import Severity
from incident.policy.decide import decide
from incident.policy.draft import Decision
from runbook.response import RESPONSE
from tests.policy.story import (
    BLIND,
    NIGHT,
    NOON,
    PLAYBOOK,
    delivered,
    finding,
    shop_alert,
    undelivered,
    with_levers,
)

PLAYBOOKS = (
    PLAYBOOK,
    BLIND,
    with_levers("restart", "scale", approval=Approval.AUTOMATIC),
    with_levers("restart", approval=Approval.TWO_PEOPLE),
    with_levers("restart", "scale", approval=Approval.MANUAL),
    replace(PLAYBOOK, automation_check=None, journey_check=None, data_check=None),
    replace(
        PLAYBOOK,
        plainly="You cannot buy at the moment.",
        plainly_past="You cannot buy at the moment.",
        customer_visible=True,
        component="Shop",
    ),
    replace(
        PLAYBOOK,
        automation_check=None,
        levers=(LeverUse(lever="redrive", per_subject=True, at_once=2),),
        sla=timedelta(hours=1),
        plainly="What you paid for is not there yet.",
        plainly_past="What you paid for is not there yet.",
    ),
)
WAITING = ("job-1", "job-2", "job-3")
"""Who is hurt, where the playbook's lever helps each of them."""
CUSTOMERS = ("acme", "globex")
SEEN = ("ok", "bad", "unknown", "acting", "healed")


@dataclass(frozen=True)
class Moment:
    """One decision: what was, what happened, what came of it."""

    before: Incident
    event: Event
    decision: Decision
    now: datetime

    @property
    def after(self) -> Incident:
        return self.decision.incident

    def asked(self, *kinds: type[Effect]) -> list[Any]:
        return [effect for effect in self.decision.effects if isinstance(effect, kinds)]


@dataclass
class Life:
    """One incident, its clock, what was asked of the world and not answered yet, and all its moments."""

    incident: Incident
    now: datetime
    pending: list[Effect] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    late_keys: set[str] = field(default_factory=set)
    """Pages that were never sent because nobody took them in time: the same one may be asked for again."""
    left_due: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Deadlines still at or before `now` after all that was due had been taken."""

    def __repr__(self) -> str:
        return f"<a life of {len(self.moments)} moments, now in {self.incident.phase}>"

    def take(self, event: Event) -> None:
        decision = decide(self.incident, event, self.now)
        self.moments.append(Moment(self.incident, event, decision, self.now))
        self.incident = decision.incident
        self.pending += decision.effects

    def take_due(self) -> None:
        """As `workflows/incident.py` does."""
        for _, what in sorted((at, what) for what, at in self.incident.due.items() if at <= self.now):
            if what in self.incident.due and self.incident.due[what] <= self.now:
                self.take(CameDue(what=what))
        self.left_due += [(self.now, at) for at in self.incident.due.values() if at <= self.now]

    def answer(self, effect: Effect, mood: int) -> None:
        self.pending.remove(effect)
        self.take(_answer(self, effect, mood))


Step = Callable[[Life], None]


# ── how a world in some mood answers ─────────────────────────────────────────────────────────────────────────────


def _answer(life: Life, effect: Effect, mood: int) -> Outcome:  # noqa: C901 - one row per effect: a table
    """Mood 0 is the best of worlds."""
    match effect:
        case ConsultRunbook():
            return Consulted(playbook=PLAYBOOKS[mood % len(PLAYBOOKS)], policy=RESPONSE)
        case Page():
            return _page_answer(life, effect, mood)
        case Post():
            return PostFailed(key=effect.key, title=effect.title, why="down") if mood == 1 else Posted(key=effect.key)
        case Brief() | ShowCard():
            return _thread_answer(life, effect, mood)
        case Look() if mood == 7:
            return LookFailed(number=effect.number, purpose=effect.purpose, why="lost")
        case Look():
            findings = _findings(effect, mood, life.now)
            return Looked(number=effect.number, purpose=effect.purpose, findings=findings)
        case PlanLever() | ApplyLever():
            return _lever_answer(effect, mood)
        case Settle():
            failed_to = SettleFailed(standing=effect.standing, why="away")
            return failed_to if mood == 1 else Settled(standing=effect.standing, channels=("pagerduty",))
        case MailCustomers() | SetStatusPage():
            return _outside_answer(effect, mood)
        case WriteRecord():
            failed = RecordFailed(reason=effect.reason, why="disk full")
            return failed if mood == 1 else Recorded(reason=effect.reason, path="records/x")


def _thread_answer(life: Life, effect: Brief | ShowCard, mood: int) -> Outcome:
    """A chat that is down, one with threads, or one without."""
    if isinstance(effect, ShowCard):
        failed = CardFailed(number=effect.number, why="chat is down")
        return failed if mood == 1 else CardShown(number=effect.number, thread=effect.thread.at or "C1/1.2")
    number, findings = effect.look.number if effect.look else 0, _findings(effect.look, mood, life.now)
    not_posted, thread = ("chat is down", "") if mood == 1 else ("", "C1/1.2" if mood % 2 == 0 else "")
    return Briefed(not_posted=not_posted, thread=thread, findings=findings, number=number)


def _page_answer(life: Life, page: Page, mood: int) -> Outcome:
    if mood == 2:
        life.late_keys.add(page.key)
        return PageFailed(number=page.number, why="nobody took it", late=True)
    if mood == 5:
        return PageFailed(number=page.number, why="no answer in time")
    if mood == 1:
        return undelivered(page.number)
    if mood == 4:
        nobody = tuple(Delivery(person=t, outcome=Arrival.NOBODY, why="a gap") for t in page.targets)
        return Paged(number=page.number, deliveries=nobody)
    return delivered(page.number, repeat=mood == 3, alarm=(page.alarm or life.incident.key) if mood in (3, 6) else "")


def _outside_answer(effect: MailCustomers | SetStatusPage, mood: int) -> Outcome:
    if isinstance(effect, SetStatusPage):
        return _status_answer(effect, mood)
    fates = [Fate.SENT, *AT_ONCE] if mood else [Fate.SENT]
    told = {key: fates[(mood * (n + 1)) % len(fates)] for n, key in enumerate(effect.customers)}
    return CustomersMailed(version=effect.version, fates=told, why="550 5.1.1" if mood else "")


def _status_answer(effect: SetStatusPage, mood: int) -> Outcome:
    if mood in (1, 2):
        return StatusPageNotSet(number=effect.number, why="down", for_good=mood == 2)
    return StatusPageSet(number=effect.number, id="status-1")


def _findings(look: Look | None, mood: int, at: datetime) -> tuple[Finding, ...]:
    """All well in mood 0; else each check sees something else."""
    checks = look.checks if look else ()
    return tuple(_named(finding(name, SEEN[(mood * (n + 1)) % len(SEEN)], at)) for n, name in enumerate(checks))


def _named(seen: Finding) -> Finding:
    """Whom it hurts, and since when."""
    if seen.status is not Status.BAD:
        return seen
    hurt = tuple(Affected(key=key, plan="L") for key in CUSTOMERS)
    return replace(seen, subjects=WAITING, customers=hurt, hurt_since=seen.at - timedelta(minutes=20))


def _lever_answer(effect: PlanLever | ApplyLever, mood: int) -> Outcome:
    if isinstance(effect, ApplyLever):
        applied = LeverOutcome.VERIFIED if effect.plan.subject else LeverOutcome.APPLIED
        outcome = (applied, LeverOutcome.FAILED, LeverOutcome.HELD)[mood % 3]
        report = LeverReport(lever=effect.plan.lever, outcome=outcome, detail="it is said")
        return LeverApplied(proposal=effect.proposal, report=report)
    if mood == 1:
        return LeverPlanFailed(lever=effect.lever, why="no answer")
    held, impossible = ("busy" if mood == 2 else ""), ("no such service" if mood == 3 else "")
    plan = LeverPlan(lever=effect.lever, target="shop", would="help", held=held, impossible=impossible)
    if not effect.subjects:
        return LeverPlanned(plan=plan)
    first, *more = (replace(plan, subject=subject, target=subject) for subject in effect.subjects)
    return LeverPlanned(plan=first, more=tuple(more))


# ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Say:
    message: Message

    def __call__(self, life: Life) -> None:
        life.take(Said(message=self.message))


@dataclass(frozen=True)
class Tell:
    """The vendor tells, perhaps late, perhaps again."""

    subject: str
    cleared: bool
    minutes_ago: int | None

    def __call__(self, life: Life) -> None:
        starts_at = None if self.minutes_ago is None else life.now - timedelta(minutes=self.minutes_ago)
        life.take(AlertTold(alert=replace(shop_alert(self.subject, cleared=self.cleared), starts_at=starts_at)))


@dataclass(frozen=True)
class Clear:
    """Everything that fires clears."""

    def __call__(self, life: Life) -> None:
        life.take(AlertTold(alert=Alert(name="ShopDown", status=AlertStatus.RESOLVED)))


@dataclass(frozen=True)
class Answer:
    """One of the effects under way comes back."""

    which: int
    mood: int

    def __call__(self, life: Life) -> None:
        if life.pending:
            life.answer(life.pending[self.which % len(life.pending)], self.mood)


@dataclass(frozen=True)
class AnswerAll:
    """Everything under way comes back, as in the best of worlds, or all in one bad mood."""

    mood: int

    def __call__(self, life: Life) -> None:
        for effect in list(life.pending):
            life.answer(effect, self.mood)


@dataclass(frozen=True)
class Levers:
    """Every plan and every application under way comes back."""

    mood: int

    def __call__(self, life: Life) -> None:
        for effect in list(life.pending):
            if isinstance(effect, PlanLever | ApplyLever):
                life.answer(effect, self.mood)


@dataclass(frozen=True)
class Hurt:
    """Every look under way sees that customers are hurt and no automation is at work."""

    def __call__(self, life: Life) -> None:
        for effect in list(life.pending):
            if isinstance(effect, Look | Brief):
                life.pending.remove(effect)
                life.take(_hurting(effect, life.now))


def _hurting(effect: Look | Brief, at: datetime) -> Outcome:
    look = effect.look if isinstance(effect, Brief) else effect
    checks = look.checks if look else ()
    seen = tuple(_named(finding(name, "bad" if name == "probe" else "ok", at)) for name in checks)
    if isinstance(effect, Brief):
        return Briefed(not_posted="", findings=seen, number=look.number if look else 0, thread="C1/1.2")
    return Looked(number=effect.number, purpose=effect.purpose, findings=seen)


@dataclass(frozen=True)
class Wait:
    """Time passes, and then what has come due is taken: a deadline may be hours old after an outage."""

    minutes: float

    def __call__(self, life: Life) -> None:
        life.now += timedelta(minutes=self.minutes)
        life.take_due()


@dataclass(frozen=True)
class NextDeadline:
    """The alarm rings, in time."""

    def __call__(self, life: Life) -> None:
        life.now = max([life.now, *sorted(life.incident.due.values())[:1]])
        life.take_due()


@dataclass(frozen=True)
class Stale:
    """An outcome nobody waits for: of an older number, or of something nobody knows."""

    kind: int
    ago: int

    def __call__(self, life: Life) -> None:
        life.take(_stale(life, self.ago)[self.kind % len(_stale(life, self.ago))])


def _stale(life: Life, ago: int) -> tuple[Outcome, ...]:
    incident = life.incident
    seen = (finding("probe", SEEN[ago % len(SEEN)], life.now),)
    report = LeverReport(lever="restart", outcome=LeverOutcome.APPLIED, detail="late")
    known = [p.id for p in incident.proposals if p.state != "approved"]
    return (
        delivered(incident.pages - ago, channel="chat"),
        delivered(incident.pages - ago, channel="pagerduty", alarm=incident.key),
        Settled(standing=Standing.RESOLVED, channels=("pagerduty",)),
        PageFailed(number=incident.pages - ago, why="late", late=ago > 1),
        Looked(number=incident.looking - ago, purpose=Purpose.HOLD, findings=seen),
        Looked(number=0, purpose=Purpose.CRITERIA, findings=seen),
        LookFailed(number=incident.looking - ago, purpose=Purpose.HOLD, why="lost"),
        LeverPlanned(plan=LeverPlan(lever="pigeon", target="x", would="fly")),
        LeverPlanFailed(lever="restart", why="late"),
        LeverApplied(proposal="pigeon-1", report=report),
        *(LeverApplied(proposal=name, report=report) for name in known[:1]),
        Posted(key="x"),
        CardShown(number=incident.cards - ago, thread="C1/1.2"),
        PostFailed(key="x", title="x", why=f"down {ago}"),
        Consulted(playbook=BLIND, policy=RESPONSE),
        Recorded(reason=RecordKind.DRAFT, path="records/x"),
        RecordFailed(reason=RecordKind.CONTINUED, why="disk full"),
        CustomersMailed(version=ago, fates={"acme": Fate.UNKNOWN}),
        StatusPageSet(number=incident.status_page.notices - ago, id="x"),
        StatusPageNotSet(number=0, why="late"),
    )


@dataclass(frozen=True)
class GoOn:
    """People do what would move the incident on."""

    def __call__(self, life: Life) -> None:
        for message in _wanted(life.incident):
            life.take(Said(message=message))


def _wanted(incident: Incident) -> list[Message]:
    match incident.phase:
        case Phase.TRIAGE | Phase.MITIGATE:
            return [Ack(by="ana"), Mitigated(by="ana", how="by hand")]
        case Phase.RESOLVE:
            seen = (Criterion.IMPACT_GONE, Criterion.DATA_RECONCILED, Criterion.DURABLE)
            return [Confirm(criterion=name, evidence="seen", by="ana") for name in seen]
        case Phase.POSTMORTEM:
            return [Postmortem(url="https://wiki.example/pm")]
    return []


@dataclass(frozen=True)
class Agree:
    """Two people say yes to all that is on the table."""

    def __call__(self, life: Life) -> None:
        for proposal in life.incident.open_proposals:
            for by in ("ana", "bo"):
                life.take(Said(message=Approve(by=by, proposal=proposal.id, of="".join(proposal.needs))))


@dataclass(frozen=True)
class Happen:
    event: Event

    def __call__(self, life: Life) -> None:
        life.take(self.event)


PEOPLE = st.sampled_from(["ana", "bo", "someone", "Ünïcødé 🦆"])
TEXTS = st.sampled_from(["x", "a|b\nc", '"quoted" & <b>', "日本語", "e" * 300])
KEYS = st.lists(st.sampled_from(["acme", "globex", "initech"]), max_size=2, unique=True).map(tuple)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Ack, by=PEOPLE),
    st.builds(Unack, by=PEOPLE, why=TEXTS),
    st.builds(Escalate, by=PEOPLE, why=TEXTS, to=st.sampled_from(["owner", "everyone", "rotation:edge", "bo"])),
    st.builds(Resolve, by=PEOPLE, note=st.just("") | TEXTS),
    st.builds(Note, by=PEOPLE, text=TEXTS, hypothesis=st.booleans() | TEXTS),
    st.builds(SetSeverity, by=PEOPLE, severity=st.sampled_from(Severity), why=TEXTS),
    st.builds(Assign, by=PEOPLE, role=st.sampled_from(Role), to=PEOPLE),
    st.builds(Take, by=PEOPLE, role=st.sampled_from(Role)),
    st.builds(
        Approve,
        by=PEOPLE,
        proposal=st.sampled_from(["", "restart-1", "scale-2", "pigeon"]),
        of=st.sampled_from(["", "finance"]),
    ),
    st.builds(Reject, by=PEOPLE, proposal=st.sampled_from(["", "restart-1"]), why=TEXTS),
    st.builds(Mitigated, by=PEOPLE, how=st.just("") | TEXTS),
    st.builds(Confirm, by=PEOPLE, criterion=st.sampled_from(Criterion), evidence=TEXTS),
    st.builds(Postmortem, by=PEOPLE, url=st.just("https://wiki.example/pm")),
    st.builds(FileActionItem, by=PEOPLE, what=TEXTS, owner=st.just("") | PEOPLE),
    st.builds(TellCustomers, by=PEOPLE, affected=KEYS, told=KEYS, text=st.sampled_from(["", "We are on it.", "AWS"])),
    st.builds(TellCustomers, by=PEOPLE, bounced=KEYS, mail=st.sampled_from(["", "mail-1", "mail-2"])),
    st.builds(TellCustomers, by=PEOPLE, count=st.integers(0, 5), again=KEYS),
    st.builds(AnswerRefund, by=PEOPLE, answer=st.sampled_from(RefundAnswer), of=st.sampled_from(["", "finance"])),
)
AT_ONCE = tuple(fate for fate in Fate if fate is not Fate.BOUNCED)
"""What a mail server says at once."""
MOODS = st.integers(0, 7)
ANYTHING: st.SearchStrategy[Step] = st.one_of(
    st.builds(Say, MESSAGES),
    st.builds(Answer, st.integers(0, 9), MOODS),
    st.builds(AnswerAll, MOODS),
    st.builds(Tell, st.sampled_from(["a", "b", ""]), st.booleans(), st.none() | st.sampled_from([0, 1, 90])),
    st.builds(Wait, st.sampled_from([0, 0.25, 1, 5, 11, 31, 61, 125, 600, 1500, 12000])),
    st.just(NextDeadline()),
    st.builds(Stale, st.integers(0, 17), st.integers(1, 3)),
    st.just(Happen(Continuing())),
    st.just(Happen(NotUnderstood(signal="ack", why="a list", expected="a name"))),
)
WELL = AnswerAll(0)
CHAPTERS: st.SearchStrategy[tuple[Step, ...]] = st.one_of(
    st.lists(ANYTHING, min_size=1, max_size=5).map(tuple),
    st.just((WELL, Hurt())),
    st.just((Hurt(), Levers(0), Say(Approve(by="ana")), Say(Approve(by="bo")), Levers(0))),
    st.builds(Levers, MOODS).map(lambda levers: (Hurt(), levers)),
    st.just((Hurt(), Levers(0), Say(Reject(by="ana")))),
    st.just((WELL, Hurt(), Levers(0), Wait(61), Agree(), Levers(0))),
    st.just((Hurt(), Levers(0), Wait(61), Agree(), Levers(0))),
    st.just((GoOn(), Clear(), Wait(1), Tell("a", cleared=False, minutes_ago=0))),
    st.just((Hurt(), Wait(11), Hurt())),
    st.just((Hurt(), Wait(31))),
    st.just((Say(SetSeverity(severity=Severity.SEV2, why="x")), Wait(601))),
    st.just((GoOn(), Clear(), WELL, GoOn(), Wait(61))),
    st.just((AnswerAll(7), Wait(1))),
    st.just((GoOn(), AnswerAll(1), Wait(31))),
    st.just((GoOn(), Clear(), WELL, GoOn(), Wait(61), Wait(12000))),
    st.just((Tell("a", cleared=False, minutes_ago=0),)),
    st.just((WELL, Hurt(), Say(Ack(by="ana")), Agree(), WELL)),
    st.builds(lambda mood: (Hurt(), Say(Ack(by="ana")), Agree(), AnswerAll(mood), Wait(6)), MOODS),
    st.just(
        (Hurt(), Wait(61), Agree(), Wait(250), Say(AnswerRefund(answer=RefundAnswer.REFUNDED, by="fin", of="finance")))
    ),
)
"""What tends to happen together, so that lives get far; between the chapters anything may."""


def live(at: datetime, playbook: Playbook | None, severity: Severity | None, chapters: list[tuple[Step, ...]]) -> Life:
    """From the declaration through all the chapters; without a playbook the runbook is consulted first."""
    alert = shop_alert(starts_at=at)
    life = Life(Incident(id="incident-ShopDown-a", opened_at=at, alert=alert, severity=Severity.SEV2), at)
    life.take(Declared(severity=severity, playbook=playbook, policy=RESPONSE if playbook else None))
    if not playbook:
        life.answer(life.pending[0], 0)
    for step in chain.from_iterable(chapters):
        step(life)
    return life


LIVES = st.builds(
    live,
    at=st.sampled_from([NOON, NIGHT]),
    playbook=st.none() | st.sampled_from((*PLAYBOOKS, PLAYBOOKS[-1])),
    severity=st.none() | st.sampled_from(Severity),
    chapters=st.lists(CHAPTERS, min_size=6, max_size=16),
)


def phase_lines(moment: Moment) -> list[str]:
    """The phases a moment passed through, as its timeline tells: `triage → mitigate`."""
    fresh = moment.after.timeline[len(moment.before.timeline) :]
    return [entry.what for entry in fresh if entry.kind == "phase" and "→" in entry.what]


def turns(moment: Moment) -> list[tuple[Phase, Phase]]:
    """From which phase to which, step by step."""
    pairs = [line.split(" → ") for line in phase_lines(moment)]
    return [(Phase(before), Phase(after)) for before, after in pairs]


def is_chain(moment: Moment) -> bool:
    """Do the turns lead from the phase before to the phase after without a gap?"""
    stations = [(moment.before.phase, moment.before.phase), *turns(moment), (moment.after.phase, moment.after.phase)]
    return all(left[1] == right[0] for left, right in pairwise(stations))


def shortest(breaks: Callable[[Life], bool]) -> Life:
    """For whoever hunts a bug: the shortest life that breaks a rule; print its `moments`. Raises NoSuchExample."""
    hunt = settings(max_examples=5000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    return find(LIVES, breaks, settings=hunt)
