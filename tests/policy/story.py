"""Incidents as stories: a driver that feeds `decide` as the shell does, with the clock in the test's hand.

`Story` takes each event at its own `now`, collects what is asked of the world, and answers the parts that need no
thought (a page arrives, a post is posted, a record is written). What the world shows, and what levers do, the test
tells: `sees`, `plans`, `applies`. Time only passes in `after`, deadline by deadline as `workflows/incident.py` takes
them, or in `asleep`, when nothing of ours was running.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from incident.model.alert import Alert, AlertStatus
from incident.model.effects import ApplyLever, Brief, Effect, Look, Page, PlanLever, Post, Settle, ShowCard, WriteRecord
from incident.model.events import AlertTold, CameDue, Declared, Event, Said
from incident.model.finding import Finding, Status
from incident.model.incident import Criterion, Due, Incident, Phase, Proposal
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.messages import Ack, Confirm, Message, Mitigated, SetSeverity
from incident.model.outcomes import (
    Arrival,
    Briefed,
    CardShown,
    Delivery,
    LeverApplied,
    LeverPlanned,
    Looked,
    Outcome,
    Paged,
    Posted,
    PostFailed,
    Recorded,
    Settled,
)
from incident.model.playbook import Approval, LeverUse, Playbook
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity
from incident.policy.decide import decide
from incident.policy.paging import still_true
from runbook.response import RESPONSE

E = TypeVar("E")

NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)
"""A Tuesday, by day: chat is read."""
NIGHT = datetime(2026, 6, 16, 23, 0, tzinfo=UTC)
"""The same Tuesday, overnight: chat is not read."""

TEAM = ("ntfy", "chat")
"""Channels of the whole team, in order."""

PLAYBOOK = Playbook(
    alert="ShopDown",
    severity=Severity.SEV1,
    domain="shop",
    owner="shop owner",
    means="Customers cannot buy.",
    first_actions=("Look at the till.",),
    identity_labels=("instance",),
    checks=("probe", "healer"),
    impact_check="probe",
    automation_check="healer",
    levers=(LeverUse(lever="restart"), LeverUse(lever="scale")),
    journey_check="journey",
    data_check="books",
)
"""An alert with everything: an impact check, an automation, two levers, a journey and books to reconcile."""

BLIND = Playbook(alert="ShopDown", severity=Severity.SEV1, domain="shop", owner="shop owner", means="Something.")
"""No checks and no levers: only the alert itself and people can tell."""


def with_levers(*levers: str, approval: Approval = Approval.APPROVAL) -> Playbook:
    return replace(PLAYBOOK, levers=tuple(LeverUse(lever=name, approval=approval) for name in levers))


def shop_alert(subject: str = "a", *, starts_at: datetime | None = NOON, cleared: bool = False, **more: Any) -> Alert:
    """The alert as Alertmanager tells it for one subject."""
    status = AlertStatus.RESOLVED if cleared else AlertStatus.FIRING
    given = {"summary": "the shop is down", "source": "alertmanager"} | more
    return Alert(name="ShopDown", fingerprint=subject, starts_at=starts_at, status=status, **given)


@dataclass
class Story:
    """One incident's life. Every step returns the story, so that a life reads as a sentence."""

    at: datetime = NOON
    alert: Alert | None = None
    playbook: Playbook = PLAYBOOK
    policy: ResponsePolicy = RESPONSE
    severity: Severity | None = None
    dead: set[str] = field(default_factory=set)
    """Channels that deliver no page; `thread` for the chat thread."""
    keepers: set[str] = field(default_factory=set)
    """Channels whose provider keeps an incident of its own."""
    people: dict[str, tuple[str, ...]] | None = None
    """Target → who stands behind it; None: no people are written down, the team's channels are everybody."""
    slow_pager: bool = False
    """Pages stay on their way until the test answers them."""
    id: str = "incident-ShopDown-a"
    asked: list[tuple[datetime, Effect]] = field(default_factory=list)
    """Everything asked of the world, with its instant."""

    def __post_init__(self) -> None:
        self.now, self.began = self.at, self.at
        alert = self.alert or shop_alert(starts_at=self.at)
        self.incident = Incident(id=self.id, opened_at=self.at, alert=alert, severity=Severity.SEV2)
        self.takes(Declared(severity=self.severity, playbook=self.playbook, policy=self.policy))

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    def takes(self, event: Event) -> "Story":
        decision = decide(self.incident, event, self.now)
        self.incident = decision.incident
        self.asked += [(self.now, effect) for effect in decision.effects]
        for effect in decision.effects:
            answer = self._answer(effect)
            if answer:
                self.takes(answer)
        return self

    def _answer(self, effect: Effect) -> Outcome | None:
        match effect:
            case Page() if self.slow_pager:
                return None
            case Page():
                return Paged(number=effect.number, deliveries=tuple(self._deliveries(effect)))
            case Settle():
                return Settled(standing=effect.standing, channels=tuple(sorted(self.keepers)))
            case ShowCard():
                return CardShown(number=effect.number, thread=effect.thread.at)
            case Post() if "thread" in self.dead:
                return PostFailed(key=effect.key, title=effect.title, why="chat is down")
            case Post():
                return Posted(key=effect.key)
            case WriteRecord():
                return Recorded(reason=effect.reason, path="records/shop.md")
        return None

    def _deliveries(self, page: Page) -> Iterator[Delivery]:
        """As `integrations/delivery.py` does it: each person's ways in order, until one delivers."""
        for person in self.behind(page):
            for channel in TEAM:
                dead = channel in self.dead
                outcome, why = (Arrival.REFUSED, f"{channel} is down") if dead else (Arrival.DELIVERED, "")
                alarm = (page.alarm or self.incident.key) if channel in self.keepers and not dead else ""
                yield Delivery(person=person, channel=channel, outcome=outcome, why=why, alarm=alarm)
                if not dead:
                    break
        if self.people is not None:
            for target in page.targets:
                if not self.people.get(target):
                    yield Delivery(person=target, outcome=Arrival.NOBODY, why=f"no {target} is set")

    def behind(self, page: Page) -> list[str]:
        """Keys of the people a page is for, each once."""
        if self.people is None:
            return ["on-call"]
        keys = list(dict.fromkeys(key for target in page.targets for key in self.people.get(target, ())))
        return [key for key in keys if key not in page.spared] or keys

    def after(self, **span: float) -> "Story":
        """Time passes, and whatever comes due is taken at its instant."""
        until = self.now + timedelta(**span)
        while self.incident.due and min(self.incident.due.values()) <= until:
            self.now = max(self.now, min(self.incident.due.values()))
            self._take_due()
        self.now = until
        return self

    def asleep(self, **span: float) -> "Story":
        """Nothing of ours runs; on waking, what has come due meanwhile is taken at once."""
        self.now += timedelta(**span)
        self._take_due()
        return self

    def _take_due(self) -> None:
        for _, what in sorted((at, what) for what, at in self.incident.due.items() if at <= self.now):
            if what in self.incident.due and self.incident.due[what] <= self.now:
                self.takes(CameDue(what=what))

    def fires(self, subject: str = "a") -> "Story":
        """The vendor tells that the subject fires, since now."""
        return self.takes(AlertTold(alert=shop_alert(subject, starts_at=self.now)))

    def clears(self, subject: str = "a") -> "Story":
        since = self.incident.firing.get(subject, self.began)
        return self.takes(AlertTold(alert=shop_alert(subject, starts_at=since, cleared=True)))

    def says(self, message: Message) -> "Story":
        return self.takes(Said(message=message))

    def acks(self, by: str = "ana") -> "Story":
        return self.says(Ack(by=by))

    def sets(self, severity: Severity, why: str = "we know more now") -> "Story":
        return self.says(SetSeverity(severity=severity, why=why, by="ana"))

    def confirms(self, *criteria: Criterion, by: str = "ana") -> "Story":
        for criterion in criteria:
            self.says(Confirm(criterion=criterion, evidence=f"saw {criterion}", by=by))
        return self

    def sees(self, **checks: str) -> "Story":
        """The look under way (or the briefing) answers: `ok`, `bad`, `unknown`, and `acting` or `healed` ok ones."""
        look = self.look
        findings = tuple(finding(name, checks[name], self.now) for name in look.checks if name in checks)
        assert self._comes_back(look, findings), f"{look.key} would still be waiting for something new"
        if isinstance(self._asker(look), Brief):
            return self.takes(Briefed(number=look.number, not_posted="", findings=findings))
        return self.takes(Looked(number=look.number, purpose=look.purpose, findings=findings))

    def _comes_back(self, look: Look, findings: tuple[Finding, ...]) -> bool:
        """A patient look answers when something differs from what is known, or its patience is over."""
        asked_at = next(at for at, effect in self.asked if effect is self._asker(look))
        news = any(look.known.get(seen.check) != seen.state for seen in findings)
        return news or self.now >= asked_at + look.patience

    def plans(self, **plan: Any) -> "Story":
        """The lever's plan that was asked for last is there."""
        lever = self.all(PlanLever)[-1].lever
        would = f"{lever} the shop"
        return self.takes(LeverPlanned(plan=LeverPlan(lever=lever, target="shop", would=would, **plan)))

    def applies(self, outcome: LeverOutcome = LeverOutcome.APPLIED, detail: str = "done") -> "Story":
        """The lever that was set in motion last reports."""
        effect = self.all(ApplyLever)[-1]
        report = LeverReport(lever=effect.plan.lever, outcome=outcome, detail=detail)
        return self.takes(LeverApplied(proposal=effect.proposal, report=report))

    # ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────

    def all(self, kind: type[E]) -> list[E]:
        return [effect for _, effect in self.asked if isinstance(effect, kind)]

    @property
    def look(self) -> Look:
        """The look under way."""
        looks = [*self.all(Look), *(brief.look for brief in self.all(Brief) if brief.look)]
        return next(look for look in looks if look.number == self.incident.looking)

    def _asker(self, look: Look) -> Effect:
        return next(e for _, e in self.asked if e is look or (isinstance(e, Brief) and e.look is look))

    @property
    def page_minutes(self) -> list[float]:
        """When each page was first asked for, in minutes since the beginning."""
        first = {page.number: at for at, page in reversed(self.asked) if isinstance(page, Page)}
        return [self._minutes(first[number]) for number in sorted(first)]

    def still_wanted(self, number: int) -> bool:
        """Would this page go out now?"""
        return still_true(self.incident, number, self.now)

    def post_minutes(self, title: str) -> list[float]:
        """When the posts whose title ends so were made, in minutes since the beginning."""
        return [self._minutes(at) for at, e in self.asked if isinstance(e, Post) and e.title.endswith(title)]

    def last_post(self, title: str) -> Post:
        """The newest post whose title ends so."""
        return [post for post in self.all(Post) if post.title.endswith(title)][-1]

    def due_in(self, what: Due) -> timedelta | None:
        at = self.incident.due.get(what)
        return at - self.now if at else None

    def _minutes(self, at: datetime) -> float:
        return (at - self.began) / timedelta(minutes=1)

    @property
    def phase(self) -> Phase:
        return self.incident.phase

    @property
    def lines(self) -> list[str]:
        return [entry.what for entry in self.incident.timeline]

    @property
    def proposal(self) -> Proposal:
        """The newest."""
        return self.incident.proposals[-1]


def delivered(number: int = 1, *, channel: str = "ntfy", repeat: bool = False, alarm: str = "") -> Paged:
    """A page that arrived at the team's own channel."""
    arrived = Delivery(person="on-call", channel=channel, outcome=Arrival.DELIVERED, repeat=repeat, alarm=alarm)
    return Paged(number=number, deliveries=(arrived,))


def undelivered(number: int = 1, *, channel: str = "ntfy", why: str = "timeout") -> Paged:
    """A page that nobody took."""
    lost = Delivery(person="on-call", channel=channel, outcome=Arrival.UNREACHABLE, why=why)
    return Paged(number=number, deliveries=(lost,))


def finding(check: str, seen: str, at: datetime) -> Finding:
    """What a check saw; an automation `acting` or `healed` is itself ok."""
    status = Status.OK if seen in ("acting", "healed") else Status(seen)
    acting, healed = seen == "acting", seen == "healed"
    return Finding(check=check, status=status, summary=f"{check} {seen}", at=at, acting=acting, healed=healed)


# ── where many stories begin ─────────────────────────────────────────────────────────────────────────────────────


def hurting(**begin: Any) -> Story:
    """Customers are hurt, nobody's automation is at work: the first lever is being planned."""
    return Story(**begin).sees(probe="bad", healer="ok")


def mitigated(**begin: Any) -> Story:
    """Acknowledged, and the impact has stopped by a person's hand: the criteria are looked at."""
    return hurting(**begin).acks().says(Mitigated(by="ana", how="restarted by hand"))


def resolved(**begin: Any) -> Story:
    """All four criteria hold: SEV-1 and SEV-2 owe their postmortem, a SEV-3 is closed."""
    story = mitigated(**begin).clears()
    if story.incident.looking:
        story.sees(probe="ok", journey="ok", books="ok")
    return story.confirms(Criterion.DURABLE).after(hours=1)
