"""The cross product, played on the real engine: whatever fails, wherever we are cut off, whoever races us."""

import asyncio
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.redrive.lane import Lane
from tests.redrive.play import Played, play
from tests.redrive.product import SHAPES, Case, chosen, drawn, everything, read, worlds

NUMBERS = itertools.count(1)
SLOW = 1200
"""Seconds for one test: a machine may be busy with much else."""


async def played(lanes: list[Lane], cases: Iterable[Case], say_every: int = 0) -> list[Played]:
    """All of them, each lane one at a time."""
    waiting, results, began = iter(sorted(cases, key=_is_quick)), [], time.monotonic()

    async def work(lane: Lane) -> None:
        while case := next(waiting, None):
            results.append(await _safely(lane, case))
            if say_every:
                _say(results, say_every, time.monotonic() - began)

    await asyncio.gather(*(work(lane) for lane in lanes))
    return results


def _is_quick(case: Case) -> bool:
    """The slow ones first, so that no lane waits for one at the end."""
    return not (case.cut and case.cut[1] in {"late", "kill", "kill_after"})


def _say(results: list[Played], every: int, seconds: float) -> None:
    if results[-1].wrong:
        print(*results[-1].wrong, sep="\n", file=sys.stderr, flush=True)
    if len(results) % every == 0:
        wrong = sum(bool(one.wrong) for one in results)
        print(f"{len(results)} cases, {wrong} wrong, {seconds:.0f} s", file=sys.stderr, flush=True)


async def _safely(lane: Lane, case: Case) -> Played:
    """A case that breaks is a wrong case; the others go on."""
    try:
        return await play(lane, case, next(NUMBERS))
    except (AssertionError, TimeoutError) as error:
        return Played(case, wrong=[f"{case}: {type(error).__name__}: {error}"])


def told(results: list[Played]) -> str:
    """What went wrong, and how to run it again."""
    wrong = [line for one in results for line in one.wrong]
    again = " ".join(str(one.case) for one in results if one.wrong)
    return "\n".join([*wrong, f"run again: REDRIVE_CASES='{again}' .venv/bin/pytest {__file__}"])


def table(results: list[Played]) -> str:
    """Shape × how it ended, in counts."""
    counted = Counter((one.case.shape, one.end) for one in results)
    ends = sorted({end for _, end in counted})
    lines = [" ".join([f"{'shape':14}", *(f"{end:>18}" for end in ends)])]
    lines += [" ".join([f"{shape:14}", *(f"{counted[shape, end]:18}" for end in ends)]) for shape in SHAPES]
    reached = sum(one.cut_reached for one in results)
    return "\n".join(
        [*lines, f"{len(results)} cases; cut off in {reached}, raced in {sum(one.raced for one in results)}"]
    )


@pytest.fixture(scope="session")
async def every_day(lanes: list[Lane]) -> list[Played]:
    """The chosen cases, all in one go: so no lane waits for another at the end of a shape."""
    return await played(lanes, chosen())


@pytest.mark.timeout(SLOW)
@pytest.mark.parametrize("shape", SHAPES)
async def test_no_case_of_this_shape_does_harm(every_day: list[Played], shape: str) -> None:
    """At most one deployment, the paid quota, only the target run again, the cron free, and nobody left unasked."""
    results = [one for one in every_day if one.case.shape == shape]
    assert results
    assert not [one for one in results if one.wrong], told(results)


@pytest.mark.at_length
@pytest.mark.timeout(24 * 3600)
async def test_the_cases_asked_for_do_no_harm(lanes: list[Lane]) -> None:
    """`worlds`: whatever fails, nobody cut off or raced; `chosen`: those of every day; `all`: the whole product;
    `500`: so many drawn from it; or the cases themselves."""
    asked = os.environ["REDRIVE_CASES"]
    sets = {"all": everything, "worlds": worlds, "chosen": chosen}
    cases = sets[asked]() if asked in sets else drawn(int(asked)) if asked.isdigit() else map(read, asked.split())
    results = await played(lanes, cases, say_every=20)
    print(table(results), file=sys.stderr, flush=True)
    assert not [one for one in results if one.wrong], told(results)
