"""Bodies nobody understood: kept, but never more than so many; told, but not more than once a minute."""

import asyncio
from pathlib import Path

from bridge.refused import Refused
from bridge.telling import Operator
from tests.waiting import eventually

MANY = 10**9


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*"))]


def test_the_newest_bodies_stay(tmp_path: Path) -> None:
    """One more than the folder takes: the oldest goes."""
    refused = Refused(tmp_path, most_files=2, most_bytes=MANY)
    for content in (b"1", b"2", b"3"):
        refused.keep("alertmanager", content)
    assert contents(tmp_path) == [b"2", b"3"]


def test_the_folder_is_bounded_in_bytes(tmp_path: Path) -> None:
    """Few large bodies count as much as many small ones."""
    refused = Refused(tmp_path, most_files=1000, most_bytes=250)
    for digit in b"123":
        refused.keep("alertmanager", bytes([digit]) * 100)
    assert contents(tmp_path) == [b"2" * 100, b"3" * 100]


def test_a_body_larger_than_the_folder_is_kept_alone(tmp_path: Path) -> None:
    """The newest one is always there to be read."""
    refused = Refused(tmp_path, most_files=1000, most_bytes=10)
    refused.keep("alertmanager", b"small")
    refused.keep("alertmanager", b"x" * 100)
    assert contents(tmp_path) == [b"x" * 100]


def test_a_restarted_bridge_bounds_what_was_there(tmp_path: Path) -> None:
    """Files of before count too."""
    for content in (b"1", b"2", b"3"):
        Refused(tmp_path, most_files=2, most_bytes=MANY).keep("alertmanager", content)
    assert contents(tmp_path) == [b"2", b"3"]


class Chat:
    """Takes every line, or says why not."""

    def __init__(self, why_not: str = "") -> None:
        self.why_not, self.lines = why_not, list[str]()

    async def say(self, line: str) -> str:
        self.lines.append(line)
        return self.why_not

    async def heard(self, count: int) -> bool:
        return len(self.lines) >= count


async def test_the_first_line_is_told_at_once() -> None:
    """Nobody waits a minute to learn that alerting is broken."""
    operator = Operator((chat := Chat()).say)
    operator.tell("bad body")
    await eventually(lambda: chat.heard(1), "the line was said")
    await operator.close()
    assert chat.lines == ["bad body"]


async def test_what_follows_comes_as_one_line_with_its_count() -> None:
    """A vendor that changed its format must not flood the chat."""
    operator = Operator((chat := Chat()).say, every_s=0.2)
    operator.tell("first")
    await eventually(lambda: chat.heard(1), "the first line was said")
    for number in range(3):
        operator.tell(f"later {number}")
    await eventually(lambda: chat.heard(2), "the rest was said")
    await operator.close()
    assert chat.lines == ["first", "later 0 (and 2 more like it)"]


async def test_nothing_more_is_said_within_the_minute() -> None:
    """One line, however many bodies."""
    operator = Operator((chat := Chat()).say)
    operator.tell("first")
    await eventually(lambda: chat.heard(1), "the first line was said")
    operator.tell("second")
    await asyncio.sleep(0)
    await operator.close()
    assert chat.lines == ["first"]


async def test_a_chat_that_is_down_stops_nobody() -> None:
    """The next line is tried all the same."""
    operator = Operator((chat := Chat(why_not="chat is down")).say, every_s=0.01)
    operator.tell("first")
    operator.tell("second")
    await eventually(lambda: chat.heard(1), "tried once")
    operator.tell("third")
    await eventually(lambda: chat.heard(2), "tried again")
    await operator.close()
