"""Whole incidents, played out by a virtual clock: a world drawn from a seed, people in it, and the shell's own ways.

Everything is an appointment (`at`): alerts, answers of the world, what people do, deadlines. `Play` does with them what
`workflows/incident.py` does, nothing more: it decides, withdraws pages that are no longer true, starts what was asked
for, and brings back what came of it. In an outage of ours nobody decides: what happens meanwhile waits, activities on
their way are lost and begun anew, a page that waited too long comes back as late, and the bridge's second path pages.

What is kept is what a bystander sees: `sent` (who was paged, why, when), `posts`, and each moment's incident.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from incident.model.alert import AlertStatus
from incident.model.already_paged import EarlierPage
from incident.model.customers import Affected, Fate
from incident.model.effects import (
    ApplyLever,
    Brief,
    Effect,
    Look,
    MailCustomers,
    Page,
    PlanLever,
    Post,
    SetStatusPage,
    Settle,
    WriteRecord,
)
from incident.model.events import AlertTold, AlreadyPaged, CameDue, Declared, Event, Said
from incident.model.finding import Finding
from incident.model.incident import Incident, Phase
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.messages import (
    Ack,
    Approve,
    Confirm,
    Escalate,
    FileActionItem,
    Message,
    Mitigated,
    Note,
    Postmortem,
    Resolve,
    SetSeverity,
    Unack,
)
from incident.model.outcomes import (
    Arrival,
    Briefed,
    CustomersMailed,
    Delivery,
    LeverApplied,
    LeverPlanned,
    Looked,
    Outcome,
    Paged,
    PageFailed,
    Posted,
    PostFailed,
    Recorded,
    Settled,
    StatusPageSet,
)
from incident.model.playbook import Approval, Playbook
from incident.model.severity import Severity
from incident.policy.decide import decide
from incident.policy.paging import still_true
from runbook.response import RESPONSE
from tests.policy.story import BLIND, PLAYBOOK, finding, shop_alert, with_levers

MONDAY = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
HORIZON = timedelta(hours=9)
STALE = timedelta(seconds=60)
"""A page that waited so long for a worker comes back as late (`workflows/effects.py`)."""
SECOND_PATH = timedelta(seconds=60)
PLAYBOOKS = (
    PLAYBOOK,
    PLAYBOOK,
    BLIND,
    with_levers("restart", approval=Approval.AUTOMATIC),
    with_levers("restart", "scale", approval=Approval.TWO_PEOPLE),
)
CUSTOMERS = (Affected(key="acme"), Affected(key="globex"))
"""Whom an impact hurts, in worlds where it hurts customers."""
PLAINLY = "You cannot buy at the moment."
Span = tuple[datetime, datetime]


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@dataclass(frozen=True, kw_only=True)
class Human:
    """Somebody who can be paged. `answers_after` None: sleeps through everything."""

    key: str
    channels: tuple[str, ...]
    answers_after: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that reached somebody. `by` is `policy`, or the `second path`."""

    at: datetime
    person: str
    page: Page | None
    severity: Severity
    incident: Incident
    """As it was known when it was sent."""
    by: str = "policy"


@dataclass
class World:
    """What is drawn before anything happens."""

    luck: random.Random
    begins: datetime
    playbook: Playbook
    severity: Severity | None
    people: dict[str, Human]
    broken: dict[str, tuple[Span, ...]]
    """Channel → when it delivers nothing."""
    outages: tuple[Span, ...]
    """Of ours."""
    mended_at: datetime
    """When the impact ends, if no lever ends it sooner."""
    customers: tuple[Affected, ...]

    def works(self, channel: str, at: datetime) -> bool:
        return not any(since <= at < until for since, until in self.broken.get(channel, ()))

    def outage_at(self, at: datetime) -> Span | None:
        return next(((since, until) for since, until in self.outages if since <= at < until), None)


def world(seed: int) -> World:
    luck = random.Random(seed)
    begins = MONDAY + seconds(luck.randrange(7 * 86400))

    def spans(most: int, longest_min: float) -> tuple[Span, ...]:
        starts = sorted(begins + seconds(luck.uniform(-300, 4 * 3600)) for _ in range(luck.randint(0, most)))
        return tuple((at, at + timedelta(minutes=luck.uniform(0.2, longest_min))) for at in starts)

    def human(key: str) -> Human:
        channels = tuple(luck.sample(["ntfy", "chat", "mail"], luck.randint(1, 3)))
        after = luck.choice([None, None, 0.5, 2, 4, 8, 70])
        return Human(key=key, channels=channels, answers_after=timedelta(minutes=after) if after else None)

    return World(
        luck=luck,
        begins=begins,
        playbook=replace(
            luck.choice(PLAYBOOKS), plainly=PLAINLY, plainly_past=PLAINLY, customer_visible=luck.random() < 0.5
        ),
        severity=luck.choice([None, None, *Severity]),
        people={key: human(key) for key in ("ana", "olga", "bo")},
        broken={channel: spans(2, 90) for channel in ("ntfy", "chat", "mail", "thread")},
        outages=_apart(spans(2, 100)),
        mended_at=begins + timedelta(minutes=luck.choice([3, 20, 45, 200, 900])),
        customers=luck.choice([(), (), CUSTOMERS[:1], CUSTOMERS]),
    )


def _apart(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Never two at the same time."""
    kept: list[Span] = []
    for span in spans:
        if not kept or kept[-1][1] < span[0]:
            kept.append(span)
    return tuple(kept)


BEHIND = {"on-call": ("ana",), "owner": ("olga",), "everyone": ("ana", "olga", "bo")}


def behind(page: Page) -> list[str]:
    """Everybody its targets stand for."""
    return [key for target in page.targets for key in BEHIND.get(target, (target.partition(":")[2],))]


@dataclass
class Play:
    """One incident's whole life in its world."""

    world: World
    sent: list[Sent] = field(default_factory=list)
    posts: list[tuple[datetime, Post]] = field(default_factory=list)
    """When they were asked for: on their way, one may overtake the other."""
    roots: list[tuple[datetime, Brief]] = field(default_factory=list)
    mails: list[tuple[datetime, MailCustomers, Incident]] = field(default_factory=list)
    """With the incident as it was known then."""
    moments: list[tuple[datetime, Event, Incident, Incident]] = field(default_factory=list)
    """Instant, event, the incident before and after it."""

    def __post_init__(self) -> None:
        self.now = self.world.begins
        self._numbers = count()
        self._diary: list[tuple[datetime, int, Callable[[], None]]] = []
        self._outbox: list[Effect] = []
        self._on_their_way: dict[str, Page] = {}
        self._remembered: set[tuple[str, str]] = set()
        self._told = False
        self._alarms: set[datetime] = set()

    def live(self) -> "Play":
        """From the alert until it is closed, or nine hours have passed."""
        alert = shop_alert(starts_at=self.world.begins)
        self.incident = Incident(id="incident-ShopDown-a", opened_at=self.now, alert=alert, severity=Severity.SEV2)
        self._hear(Declared(severity=self.world.severity, playbook=self.world.playbook, policy=RESPONSE))
        self._plan_second_path()
        self._plan_people()
        self._plan_vendor()
        while self._diary and self._diary[0][0] < self.world.begins + HORIZON:
            self.now, _, happens = heapq.heappop(self._diary)
            happens()
            if self.incident.closed_recorded:
                break
        return self

    def at(self, when: datetime, happens: Callable[[], None]) -> None:
        heapq.heappush(self._diary, (max(when, self.now), next(self._numbers), happens))

    # ── the shell ────────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, event: Event) -> None:
        """A signal, or an outcome: kept by the engine while nobody of ours works."""
        outage = self.world.outage_at(self.now)
        if outage:
            self.at(outage[1], lambda: self._hear(event))
            return
        self._take(event)
        self._activate()

    def _take(self, event: Event) -> None:
        before, decision = self.incident, decide(self.incident, event, self.now)
        self.incident = decision.incident
        self._outbox += decision.effects
        self.moments.append((self.now, event, before, self.incident))

    def _activate(self) -> None:
        """What the shell does after it has taken something: withdraw, start, set the alarm."""
        for page in [effect for effect in self._outbox if isinstance(effect, Page)]:
            if not still_true(self.incident, page.number, self.now):
                self._outbox.remove(page)
                self._take(PageFailed(number=page.number, why="overtaken before it was sent", late=True))
        effects, self._outbox = self._outbox, []
        for effect in effects:
            self._start(effect)
        if self.incident.due:
            self._set_alarm(max(min(self.incident.due.values()), self.now))

    def _set_alarm(self, at: datetime) -> None:
        """One for each instant: a second one at the same instant would find nothing due."""
        if at not in self._alarms:
            self._alarms.add(at)
            self.at(at, self._ring)

    def _ring(self) -> None:
        """The alarm: what came due is compared, never trusted."""
        self._alarms.discard(self.now)
        outage = self.world.outage_at(self.now)
        if outage:
            self.at(outage[1], self._ring)
            return
        due = sorted((at, what) for what, at in self.incident.due.items() if at <= self.now)
        for _, what in due:
            if what in self.incident.due and self.incident.due[what] <= self.now:
                self._take(CameDue(what=what))
        if due:
            self._activate()

    def _start(self, effect: Effect) -> None:
        if isinstance(effect, Post | Brief):
            self.posts.append((self.now, effect.post if isinstance(effect, Brief) else effect))
        match effect:
            case Page():
                self._on_their_way[effect.key] = effect
                self.at(self.now + seconds(self.world.luck.uniform(0.1, 3)), lambda: self._send(effect, self.now))
            case Look():
                self._watch(effect, self.now + effect.patience)
            case _:
                self.at(self.now + seconds(self.world.luck.uniform(0.1, 5)), lambda: self._answer(effect))

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, page: Page, asked_at: datetime) -> None:
        """The activity. An outage begins it anew; one that lasts makes it late."""
        outage = self.world.outage_at(self.now)
        if outage:
            late = outage[1] - asked_at > STALE
            failed = PageFailed(number=page.number, why="no answer in time (schedule_to_start)", late=True)
            self.at(outage[1], (lambda: self._came_back(page, failed)) if late else lambda: self._send(page, asked_at))
            return
        if not still_true(self.incident, page.number, self.now):  # an ack withdraws it
            self._came_back(page, PageFailed(number=page.number, why="overtaken while it was on its way", late=True))
            return
        deliveries = tuple(delivery for key in self._behind(page) for delivery in self._reach(page, key))
        self._came_back(page, Paged(number=page.number, deliveries=deliveries))

    def _behind(self, page: Page) -> list[str]:
        keys = behind(page)
        keys = [key for key in keys if key not in page.spared] or keys
        return list(dict.fromkeys(keys))

    def _came_back(self, page: Page, outcome: Outcome) -> None:
        self._on_their_way.pop(page.key, None)
        self._hear(outcome)

    def _reach(self, page: Page, key: str) -> list[Delivery]:
        """One person, by one way after the other."""
        human, told = self.world.people.get(key), list[Delivery]()
        if human is None:
            return [Delivery(person=key, outcome=Arrival.NOBODY, why="nobody we know")]
        for channel in human.channels:
            if self.world.works(channel, self.now):
                self._arrives(Sent(at=self.now, person=key, page=page, severity=page.severity, incident=self.incident))
                return [*told, Delivery(person=key, channel=channel, outcome=Arrival.DELIVERED, receipt="r")]
            told.append(Delivery(person=key, channel=channel, outcome=Arrival.UNREACHABLE, why="down"))
        return told

    def _arrives(self, sent: Sent) -> None:
        self.sent.append(sent)
        human = self.world.people[sent.person]
        if human.answers_after is not None:
            self.at(self.now + human.answers_after, lambda: self._say(Ack(by=sent.person)))

    def _plan_second_path(self) -> None:
        """The bridge pages whoever is on call while we are away, after a minute and then hourly."""
        for since, until in self.world.outages:
            at = since + SECOND_PATH
            while at < until:
                self.at(at, lambda until=until: self._second_path(until))  # type: ignore[misc]
                at += RESPONSE.repage_every

    def _second_path(self, until: datetime) -> None:
        """It knows of nobody's ack that we knew before, but of incidents that wait; there is one only if work waits."""
        incident = self.incident
        waits = any(at <= self.now for at in incident.due.values()) or not incident.pages
        if incident.acked_by or not waits or not RESPONSE.pages_at(incident.severity, self.now):
            return
        human = self.world.people["ana"]
        channel = next((name for name in human.channels if self.world.works(name, self.now)), "")
        if incident.phase in (Phase.POSTMORTEM, Phase.CLOSED) or not channel:
            return
        self._arrives(
            Sent(
                at=self.now,
                person="ana",
                page=None,
                severity=incident.severity,
                incident=incident,
                by="second path",
            )
        )
        page = EarlierPage(at=self.now, channel=channel, person="ana")
        self.at(until, lambda: self._hear(AlreadyPaged(pages=(page,))))

    # ── the rest of the world ────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, effect: Effect) -> None:
        outage = self.world.outage_at(self.now)
        if outage:
            self.at(outage[1] + seconds(1), lambda: self._answer(effect))
            return
        self._hear(self._outcome(effect))

    def _outcome(self, effect: Effect) -> Outcome:
        match effect:
            case Post():
                return self._posted(effect)
            case Brief():
                self.roots.append((self.now, effect))
                seen = self._findings(effect.look.checks if effect.look else ())
                return Briefed(not_posted="", findings=seen, number=effect.look.number if effect.look else 0)
            case PlanLever():
                return LeverPlanned(plan=LeverPlan(lever=effect.lever, target="shop", would=f"{effect.lever} the shop"))
            case ApplyLever():
                return self._applied(effect)
            case MailCustomers():
                return self._mailed(effect)
            case SetStatusPage():
                return StatusPageSet(number=effect.number, id="status-1")
            case Settle():
                return Settled(standing=effect.standing, channels=("pagerduty",))
            case WriteRecord():
                return Recorded(reason=effect.reason, path="records/x")
        raise AssertionError(f"nobody plays {effect.kind}")

    def _mailed(self, effect: MailCustomers) -> Outcome:
        self.mails.append((self.now, effect, self.incident))
        fates = {key: self.world.luck.choice([Fate.SENT, Fate.SENT, *Fate]) for key in effect.customers}
        return CustomersMailed(version=effect.version, fates=fates, why="")

    def _posted(self, post: Post) -> Outcome:
        if self.world.works("thread", self.now):
            return Posted(key=post.key)
        return PostFailed(key=post.key, title=post.title, why="chat is down")

    def _applied(self, effect: ApplyLever) -> Outcome:
        helps = self.world.luck.random() < 0.5
        if helps:
            self.world.mended_at = min(self.world.mended_at, self.now + timedelta(minutes=2))
            self._plan_vendor()
        outcome = LeverOutcome.APPLIED if helps else self.world.luck.choice([LeverOutcome.APPLIED, LeverOutcome.FAILED])
        return LeverApplied(
            proposal=effect.proposal, report=LeverReport(lever=effect.plan.lever, outcome=outcome, detail="x")
        )

    def _watch(self, look: Look, until: datetime) -> None:
        """A patient look comes back when something differs, or its patience is over; one that is superseded never."""
        if look.number != self.incident.looking:
            return
        news = not look.known or any(look.known.get(name) != self._state(name) for name in look.checks)
        if self.world.outage_at(self.now) or not (news or self.now >= until):
            self.at(self.now + timedelta(minutes=1), lambda: self._watch(look, until))
            return
        self.at(
            self.now + look.every,
            lambda: self._hear(Looked(number=look.number, purpose=look.purpose, findings=self._findings(look.checks))),
        )

    def _is_bad(self, name: str) -> bool:
        return name in ("probe", "journey") and self.now < self.world.mended_at

    def _state(self, name: str) -> str:
        return "bad" if self._is_bad(name) else "ok"

    def _findings(self, checks: tuple[str, ...]) -> tuple[Finding, ...]:
        return tuple(self._finding(name, hurt=self._is_bad(name)) for name in checks)

    def _finding(self, name: str, *, hurt: bool) -> Finding:
        seen = finding(name, "bad" if hurt else "ok", self.now)
        return replace(seen, customers=self.world.customers) if hurt else seen

    def _plan_vendor(self) -> None:
        """Two minutes after the impact has ended the alert clears; some fire again."""
        cleared = self.world.mended_at + timedelta(minutes=2)
        self.at(cleared, self._clears)

    def _clears(self) -> None:
        if self._told or self.now < self.world.mended_at:
            return
        self._told = True
        self._hear(AlertTold(alert=shop_alert(starts_at=self.world.begins, cleared=True)))
        if self.world.luck.random() < 0.3:
            again = self.now + timedelta(minutes=self.world.luck.uniform(1, 90))
            self.at(again, self._fires_again)

    def _fires_again(self) -> None:
        self._told = False
        self.world.mended_at = self.now + timedelta(minutes=self.world.luck.uniform(5, 60))
        self._hear(AlertTold(alert=shop_alert(starts_at=self.now)))
        self._plan_vendor()

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_people(self) -> None:
        """Whoever owns it looks in now and then, and does what is wanted; some change their mind about the severity."""
        for n in range(40):
            self.at(self.world.begins + timedelta(minutes=3 + 13 * n), self._work)
        for _ in range(self.world.luck.randint(0, 2)):
            when = self.world.begins + timedelta(minutes=self.world.luck.uniform(0, 240))
            said = self.world.luck.choice([Unack(why="a tunnel", by="ana"), Escalate(why="we need them", by="ana")])
            self.at(when, lambda said=said: self._say(said))  # type: ignore[misc]
        for _ in range(self.world.luck.randint(0, 3)):
            when = self.world.begins + timedelta(minutes=self.world.luck.uniform(0, 240))
            wanted = self.world.luck.choice(list(Severity))
            self.at(when, lambda wanted=wanted: self._say(SetSeverity(severity=wanted, why="we know more", by="ana")))  # type: ignore[misc]

    def _work(self) -> None:
        incident, luck = self.incident, self.world.luck
        if not incident.acked_by:
            return
        for proposal in incident.open_proposals:
            for by in ("ana", "bo"):
                self._say(Approve(by=by, proposal=proposal.id))
        match incident.phase:
            case Phase.TRIAGE | Phase.MITIGATE if self.now > self.world.mended_at and luck.random() < 0.5:
                self._say(Mitigated(by=incident.acked_by, how="by hand"))
            case Phase.TRIAGE | Phase.MITIGATE:
                self._say(luck.choice([Note(by="bo", text="looking", hypothesis=True), Resolve(by="ana")]))
            case Phase.RESOLVE:
                self._say(FileActionItem(by="ana", what="an alert that sees it sooner"))
                for criterion in ("impact_gone", "data_reconciled"):
                    self._say(Confirm(by="ana", criterion=criterion, evidence="seen"))
            case Phase.POSTMORTEM:
                self._say(Postmortem(by="ana", url="https://wiki.test/1"))

    def _say(self, message: Message) -> None:
        self._hear(Said(message=message))


def fires(incident: Incident) -> bool:
    return bool(incident.firing) or incident.alert.status is AlertStatus.FIRING
