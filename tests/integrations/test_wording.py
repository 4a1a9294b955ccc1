"""A page within a channel's limit: what a person needs to act is whole, however much else there is to say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from integrations.ports import Button
from integrations.wording import cut, fitted, mark_of, pressable
from tests.integrations.test_ntfy import PAGE

ACK = Button(label="Ack", url="https://bridge.example.org/act/abc")
LIMIT = 600
LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=900), max_size=6)


@given(text=st.text(max_size=400), most=st.integers(min_value=3, max_value=300))
def test_a_cut_text_is_whole_characters_within_the_limit(text: str, most: int) -> None:
    """Never half a character: the beginning of the text, and an ellipsis where it was cut."""
    shown = cut(text, most)

    assert len(shown.encode()) <= most
    assert text.startswith(shown.removesuffix("…") if shown != text else text)


@given(before=LINES)
def test_a_page_of_any_length_keeps_its_mark_and_its_links(before: list[str]) -> None:
    """What says which page it is, how to ack, and where."""
    page = replace(PAGE, text="\n".join([*before, f"{mark_of(PAGE)} for on-call.", "Ack: type this"]))
    shown = fitted(page, LIMIT, links=[ACK]).splitlines()

    assert {"Ack: type this", "Ack: https://bridge.example.org/act/abc"} <= set(shown)
    assert any(mark_of(PAGE) in line for line in shown)


@given(before=LINES, most=st.integers(min_value=10, max_value=2000))
def test_no_page_is_longer_than_its_limit(before: list[str], most: int) -> None:
    """Not even where the limit is less than what should stay."""
    page = replace(PAGE, text="\n".join([*before, mark_of(PAGE), "Ack: type this"]))

    assert len(fitted(page, most, links=[ACK]).encode()) <= most


def test_the_reason_gives_way_before_the_impact() -> None:
    """Its first line says what customers feel."""
    page = replace(PAGE, text="\n".join(["Customers cannot work.", "Why now: " + "x" * LIMIT, mark_of(PAGE)]))

    first, second, _ = fitted(page, LIMIT).splitlines()

    assert first == "Customers cannot work."
    assert second.endswith("…")


def test_a_page_that_fits_is_as_it_was_written() -> None:
    """The usual case."""
    assert fitted(PAGE, 4096) == PAGE.text


def test_beside_a_button_there_is_nothing_to_type() -> None:
    """A command on a lock screen helps nobody who has a thumb."""
    page = replace(PAGE, text=f"Customers cannot work.\n{mark_of(PAGE)}\nAck: type this")

    assert pressable(page, [ACK]).text == f"Customers cannot work.\n{mark_of(PAGE)}"


def test_a_button_that_only_opens_something_replaces_no_command() -> None:
    """The runbook acknowledges nothing."""
    page = replace(PAGE, text="Ack: type this")

    assert pressable(page, [replace(ACK, acts=False)]) == page
