"""Alerts small enough to travel through history."""

from hypothesis import given
from hypothesis import strategies as st

from incident.model.alert import Alert
from incident.model.bounded import MOST_LABELS, MOST_VALUE, bounded, cut

TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)


def test_a_short_alert_is_left_as_it_is() -> None:
    """Nothing changes within the limits."""
    alert = Alert(name="A", labels={"alertname": "A", "instance": "db-1"}, fingerprint="f" * 16)
    assert bounded(alert, None) == alert


def test_identity_labels_are_the_last_to_go() -> None:
    """Whatever sorts before them, the labels that say which subject it is stay."""
    labels = {f"a{n:03}": "x" for n in range(200)} | {"zone": "eu", "alertname": "A", "severity": "critical"}
    kept = bounded(Alert(name="A", labels=labels), ("zone",)).labels
    assert len(kept) == MOST_LABELS
    assert {"zone", "alertname", "severity"} <= kept.keys()


def test_two_long_values_stay_distinct() -> None:
    """Cut at the same place, told apart by the hash of the whole."""
    first, second = cut("x" * 5000 + "1", MOST_VALUE), cut("x" * 5000 + "2", MOST_VALUE)
    assert (len(first), len(second)) == (MOST_VALUE, MOST_VALUE)
    assert first != second


@given(st.dictionaries(TEXTS, TEXTS | st.just("y" * 9000), max_size=100))
def test_an_alert_is_bounded_whatever_its_labels(labels: dict[str, str]) -> None:
    """At most 64 labels, at most 2,000 characters each."""
    kept = bounded(Alert(name="A", labels=labels), None).labels
    assert len(kept) == min(len(labels), MOST_LABELS)
    assert all(len(value) <= MOST_VALUE for value in kept.values())


@given(st.dictionaries(TEXTS, TEXTS | st.just("y" * 9000), max_size=100))
def test_bounding_twice_changes_nothing_more(labels: dict[str, str]) -> None:
    """What fits, fits."""
    once = bounded(Alert(name="A", labels=labels), None)
    assert bounded(once, None) == once
