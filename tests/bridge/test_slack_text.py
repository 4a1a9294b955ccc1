"""What was written in Slack, as people read it elsewhere."""

import pytest

from bridge.slack_text import MOST, plain


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("the pool is empty", "the pool is empty"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<@U0BO> knows", "@bo knows"),
        ("<@U9|cy> knows", "@cy knows"),
        ("<@U9> knows", "@U9 knows"),
        ("see <#C1|general>", "see #general"),
        ("<!channel> look", "@channel look"),
        ("<!subteam^S1|@dba> look", "@dba look"),
        ("<https://wiki.example/1>", "https://wiki.example/1"),
        ("<https://wiki.example/1|the page>", "the page (https://wiki.example/1)"),
        ("  two\nlines ", "two\nlines"),
        ("&amp;lt;@U0BO&amp;gt;", "&lt;@U0BO&gt;"),
    ],
)
def test_slack_s_markup_becomes_words(written: str, expected: str) -> None:
    """Mentions, channels, links and escapes ("Formatting message text")."""
    assert plain(written, {"U0BO": "bo"}.get) == expected  # type: ignore[arg-type]


def test_what_is_too_long_is_cut() -> None:
    """A note takes no more."""
    assert len(plain("x" * 40_000, lambda _: "")) == MOST
