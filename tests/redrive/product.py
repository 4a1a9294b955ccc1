"""The cross product as data (issue 4 §5): whose saga × where it fails × how × where we are cut off × who races us.

A case is one line of text, `sequential/create_database/fail/act.move.lost/-`, so that a failing one is run again alone:

    REDRIVE_CASES='sequential/create_database/fail/act.move.lost/-' .venv/bin/pytest tests/redrive/test_product.py
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from gameday.provisioning.contract import STEPS, Patience
from tests.redrive.lane import MOVE, Place

NOTHING = "-"
SHAPES: dict[str, dict[str, Any]] = {
    "sequential": {},
    "parallel": {},
    "children": {},
    "local": {},
    "compensating": {},
    "parked": {},
    "resume_from": {},
    "continued": {},
    "long": {"notes": 10},
}


ONCE = Patience(attempts=1, attempt_s=5, first_wait_s=0.02)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How the step fails, and how patient its saga is. `times` None: it goes on failing."""

    kind: str
    times: int | None = 1
    seconds: float | None = None
    patience: Patience = ONCE


LATER = Patience(attempts=5, attempt_s=5, first_wait_s=90, longest_wait_s=90, total_s=600)
"""Longer than an SDK waits for a local activity within one workflow task (a minute)."""
FAILURES = {
    "fail": Failure(kind="fail"),
    "fail_after": Failure(kind="fail_after"),
    "reject": Failure(kind="reject"),
    "lost": Failure(kind="lost"),
    "hang": Failure(kind="hang", seconds=1.5, patience=Patience(attempts=1, attempt_s=1, first_wait_s=0.02)),
    "exhausted": Failure(kind="fail", times=2, patience=Patience(attempts=2, attempt_s=5, first_wait_s=0.02)),
    "waits": Failure(kind="fail", patience=LATER),
    "waits_done": Failure(kind="fail_after", patience=LATER),
    "stays": Failure(kind="fail", times=None),
}
"""`exhausted`: its own retries are used up. `waits`: its next attempt is far away. `stays`: whoever re-drives it
sees it fail again."""
LATE = "hangs_on"
ALL_FAILURES = FAILURES | {
    LATE: Failure(kind="hang", seconds=600, patience=Patience(attempts=1, attempt_s=1, first_wait_s=0.02))
}
"""And one in which the provider still works on a call that its saga has long given up."""

CALLS = {"plan": 5, "fence": 4, "guard": 5, "act": 6, "see": 7, "unfence": 3}
"""Calls of ours that a phase makes at least; the one that acts has a place of its own."""
CUTS = ("before", "lost", "kill", "kill_after", "late", "terminate", "cancel", "silent")
"""What becomes of us at a call: it is not made · its answer is lost · we are killed before it · after it · we stand
still until our attempt has timed out, and then make it · our workflow is terminated · cancelled · the provider
answers no question any more."""
PLACES = [
    *(Place(phase=phase, number=number) for phase, calls in CALLS.items() for number in range(calls)),
    Place(phase="act", number=MOVE),
]
RACERS = ("operator", "human", "naive", "cron")
"""A second operator from another incident · a person with the CLI who does the right thing · one who resets to the
first task · the naive cron, where it is not paused."""
MOMENTS = [
    *(Place(phase=phase, number=0) for phase in ("fence", "guard", "act", "see", "unfence")),
    Place(phase="act", number=1),
    Place(phase="act", number=MOVE),
]
FENCED_FROM = {Place(phase="act", number=MOVE)}
"""After the last look and before the move nobody can be seen: the fence and the one workflow id are all there is."""


@dataclass(frozen=True, kw_only=True)
class Case:
    shape: str
    step: str
    failure: str
    cut: tuple[Place, str] | None = None
    racer: tuple[Place, str] | None = None

    def __str__(self) -> str:
        return "/".join([self.shape, self.step, self.failure, _told(self.cut), _told(self.racer)])

    @property
    def order(self) -> dict[str, Any]:
        """What the customer buys."""
        return {"shape": self.shape, "patience": ALL_FAILURES[self.failure].patience} | SHAPES[self.shape]


def _told(at: tuple[Place, str] | None) -> str:
    return f"{at[0]}.{at[1]}" if at else NOTHING


def read(line: str) -> Case:
    """The case of a line."""
    shape, step, failure, cut, racer = line.strip().split("/")
    return Case(shape=shape, step=step, failure=failure, cut=_read(cut), racer=_read(racer))


def _read(text: str) -> tuple[Place, str] | None:
    if text == NOTHING:
        return None
    phase, number, what = text.split(".")
    return Place(phase=phase, number=number if number == MOVE else int(number)), what


def worlds() -> list[Case]:
    """Each saga, failing at each step, in each way."""
    return [Case(shape=s, step=t, failure=f) for s, t, f in product(SHAPES, STEPS, FAILURES)]


def cuts() -> list[tuple[Place, str]]:
    return [(place, how) for place, how in product(PLACES, CUTS) if not _pointless(place, how)]


def _pointless(place: Place, how: str) -> bool:
    """There is no workflow yet while a plan is made, and nobody stands still for it."""
    return place.phase == "plan" and how not in {"before", "lost", "silent"}


def races() -> list[tuple[Place, str]]:
    """A person between our last look and our move is seen by nobody: the engine offers no reset "only if still"."""
    people = {"human", "naive"}
    return [(place, who) for place, who in product(MOMENTS, RACERS) if not (who in people and place in FENCED_FROM)]


def everything() -> Iterator[Case]:
    """Every world alone, with each cut, with each racer; and each cut with each racer in a world drawn for it."""
    yield from worlds()
    for world, cut in product(worlds(), cuts()):
        yield replace(world, cut=cut)
    for world, race in product(worlds(), races()):
        yield replace(world, racer=race)
    drawn = random.Random(4)
    for cut, race in product(cuts(), races()):
        yield replace(drawn.choice(worlds()), cut=cut, racer=race)


def drawn(count: int, seed: int = 4) -> list[Case]:
    """So many of them, the same ones each time."""
    return random.Random(seed).sample(list(everything()), count)


ACTING = (
    *(("sequential", step, "fail") for step in STEPS),
    ("sequential", "create_database", "exhausted"),
    ("sequential", "create_database", "reject"),
    ("sequential", "create_dns", "lost"),
    ("sequential", "activate_billing", "stays"),
    ("sequential", "set_quota", "waits"),
    ("sequential", "create_database", "waits"),
    ("sequential", "create_database", "waits_done"),
    ("parallel", "create_dns", "hang"),
    ("parallel", "send_welcome", "fail"),
    ("children", "activate_billing", "fail"),
    ("local", "create_database", "fail"),
    ("local", "send_welcome", "reject"),
    ("compensating", "reserve_deployment", "reject"),
    ("compensating", "create_dns", "waits"),
    ("parked", "reserve_deployment", "fail"),
    ("parked", "create_database", "fail"),
    ("parked", "create_database", "fail_after"),
    ("parked", "set_quota", "lost"),
    ("parked", "send_welcome", "stays"),
    ("resume_from", "create_database", "fail_after"),
    ("resume_from", "reserve_deployment", "lost"),
    ("resume_from", "set_quota", "hang"),
    ("continued", "create_database", "reject"),
    ("continued", "activate_billing", "lost"),
    ("long", "create_database", "fail"),
    ("long", "create_dns", "exhausted"),
)
"""Worlds in which something is to be done: what cuts and racers are tried on first."""


LATE_ANSWERS = (
    "sequential/create_database/hangs_on/-/guard.0.provider",
    "parallel/send_welcome/hangs_on/-/act.0.provider",
    "resume_from/reserve_deployment/hangs_on/-/fence.0.provider",
    "parked/create_database/hangs_on/-/guard.0.provider",
)
CAUGHT_BY = {
    "the plan is not looked at again": "sequential/create_database/fail/-/fence.0.human",
    "nor at the last moment": "sequential/create_database/fail/-/act.0.human",
    "the cron is not fenced": "sequential/create_database/fail/-/act.move.cron",
    "the provider always says: it did not happen": "sequential/create_database/fail_after/-/-",
    "who cannot tell is taken to say no": "sequential/reserve_deployment/fail_after/plan.0.silent/-",
    "the provider is not asked again": "sequential/create_database/hangs_on/-/act.0.provider",
    "re-drives are not counted": "sequential/activate_billing/stays/-/-",
    "the move is made again when it failed": "sequential/create_database/fail/act.move.before/-",
    "what else would run does not matter": "parallel/create_database/fail/-/-",
    "two may work on one step": "sequential/create_database/fail/-/act.move.operator",
    "a late wake-up acts": "sequential/create_database/fail/act.2.late/-",
    "cancelled, nobody waits for the act": "sequential/create_database/fail/fence.0.cancel/-",
    "the cron is not let go": "sequential/create_dns/fail/-/-",
    "a pause of ours stays": "sequential/create_database/waits/act.move.lost/-",
}
"""Guard switched off → the case that notices (test_mutations.py)."""


def chosen(seed: int = 4) -> list[Case]:
    """A few hundred: every racer, every cut but for some looks at the end, and every shape × way of failing."""
    drawn = random.Random(seed)
    acting = [Case(shape=s, step=t, failure=f) for s, t, f in ACTING]
    cases = [replace(_next(acting, n), cut=cut) for n, cut in enumerate(_shuffled(_telling(cuts()), drawn))]
    cases += [replace(_next(acting, n), racer=race) for n, race in enumerate(_shuffled(races(), drawn))]
    cases += map(read, (*CAUGHT_BY.values(), *LATE_ANSWERS))
    cases += [Case(shape=s, step=drawn.choice(STEPS), failure=f) for s, f in product(SHAPES, FAILURES)]
    return list(dict.fromkeys(cases))


def _telling(cuts: list[tuple[Place, str]]) -> list[tuple[Place, str]]:
    """A look at the world is like another: the first ones of each stand for all."""
    return [(place, how) for place, how in cuts if place.phase != "see" or place.number in range(4)]


def _next(worlds: list[Case], number: int) -> Case:
    return worlds[number % len(worlds)]


def _shuffled(items: list[Any], drawn: random.Random) -> list[Any]:
    return drawn.sample(items, len(items))
