"""The fence round the reconcile cron: leases in the note, other people's pauses left as they were."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from saga.fence import OPENING, Lease, Pause, held, holds, read, released, swept

NOW = datetime(2026, 6, 16, 3, 28, tzinfo=UTC)
RUNNING = Pause(paused=False, note="")
PAUSED_BY_BO = Pause(paused=True, note="bo: quota service is sick\nask me first")


def lease(holder: str = "redrive-1-create_database", minutes: int = 10) -> Lease:
    return Lease(holder=holder, incident="incident-A", until=NOW + timedelta(minutes=minutes))


def test_a_fence_says_who_holds_it_and_until_when() -> None:
    """A person who reads the note knows when it may be lifted."""
    assert held(RUNNING, lease()).note.splitlines() == [
        "Paused by the incident orchestrator while one failed step is re-driven.",
        "It may be un-paused after the last of these:",
        "- redrive-1-create_database for incident-A until 2026-06-16T03:38:00Z",
    ]


def test_the_schedule_runs_again_after_the_last_release() -> None:
    """Nothing of ours stays in the note."""
    both = held(held(RUNNING, lease("a")), lease("b"))

    assert released(both, "a").paused
    assert released(released(both, "a"), "b") == RUNNING


def test_a_pause_of_somebody_else_outlives_ours_with_its_note() -> None:
    """We never lift what we did not set."""
    assert released(held(PAUSED_BY_BO, lease("a")), "a") == PAUSED_BY_BO


def test_a_pause_of_somebody_else_is_never_swept() -> None:
    """A note without our words has no lease that could end."""
    assert swept(PAUSED_BY_BO, NOW + timedelta(days=365)) == PAUSED_BY_BO


def test_a_lease_that_has_ended_is_swept_away() -> None:
    """Its holder is dead: the cron must not stay paused for ever."""
    assert swept(held(RUNNING, lease(minutes=10)), NOW + timedelta(minutes=10)) == RUNNING


def test_a_lease_that_stands_is_not_swept() -> None:
    """Only the dead lose their hold."""
    both = held(held(RUNNING, lease("short", 1)), lease("long", 60))

    assert holds(swept(both, NOW + timedelta(minutes=5)), "long")
    assert not holds(swept(both, NOW + timedelta(minutes=5)), "short")


def test_a_holder_renews_its_own_lease() -> None:
    """The newer one counts, and it is there once."""
    fence = read(held(held(RUNNING, lease(minutes=1)), lease(minutes=9)))

    assert fence is not None
    assert [known.until for known in fence.leases] == [NOW + timedelta(minutes=9)]


def test_a_note_that_only_quotes_ours_is_not_ours() -> None:
    """Somebody may paste our words further down in theirs."""
    assert read(Pause(paused=True, note=f"bo: saw this earlier:\n{OPENING}")) is None


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["hold", "release", "sweep"])), max_size=20)


@given(steps=STEPS, note=st.text(max_size=200), paused=st.booleans())
def test_whatever_happens_in_between_the_schedule_ends_as_it_was(
    steps: list[tuple[str, str]], note: str, paused: bool
) -> None:
    """Held, released, swept in any order by any number of holders: in the end the state is the one before us."""
    before = Pause(paused=paused, note="" if note.startswith(OPENING) else note)
    state = before
    for holder, what in steps:
        if what == "hold":
            state = held(state, lease(holder))
        else:
            state = released(state, holder) if what == "release" else swept(state, NOW)

    assert swept(state, NOW + timedelta(days=1)) == before
