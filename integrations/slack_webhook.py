"""A Slack-compatible incoming webhook: the thread people read. Facts from Slack's pages "Sending messages using
incoming webhooks", "Blocks", "Section block", "Header block", "Text object" and "Formatting message text".

A webhook has no threads and cannot be asked what it took: each message carries the incident id, and a repeat says so.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from incident.model.effects import Page, Post
from incident.model.playbook import Link
from integrations.http import failure_of, key_header, unreachable
from integrations.ports import Button, Receipt
from integrations.slack_buttons import block_of
from integrations.wording import fitted

MOST_HEADER = 150
"""Characters ("Header block"); none at all is refused too."""
MOST_SECTION = 3000
"""Characters ("Section block"); none at all is refused too."""
FITTED_BYTES = (MOST_SECTION - 100, MOST_SECTION // 2 - 50, MOST_SECTION // 5 - 20)
"""Sizes of a page's text that are tried: `&`, `<` and `>` become up to five characters each."""
MOST_CONTEXT = 2000
"""Ours: no limit is documented for the text of a context's element."""
MOST_BLOCKS = 50
"""In one message ("Blocks")."""
MOST_EACH_HALF = 6000
"""Ours, for what is said and again for what is to be done: Slack answers `msg_blocks_too_long` from about 13,000
characters on, which only its error tables mention (chat.postMessage, "Errors")."""
MOST_ACTIONS = 20
MOST_LINES = MOST_BLOCKS - MOST_ACTIONS - 4
"""A header, the buttons, the context and the line that says there was more take a block each."""
MOST_URL, MOST_LABEL = 1000, 100
"""Ours: a link is shown whole or not at all, because half of one would be broken text."""

EVERYBODY = "<!channel>"
MORE = "… and more: read on in the Web UI."
IN_A_URL = "%/:?#[]@!$&'()*+,;=~"
Block = dict[str, Any]


@dataclass(frozen=True)
class SlackWebhook:
    """Plays `Chat`, and `Pager` where no better channel delivers."""

    http: httpx.AsyncClient
    url: SecretStr
    buttons: bool = False
    """Slack knows where taps go: its app's interactivity leads to the bridge."""
    remembers: ClassVar[bool] = False

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say it. Raises Unreachable, RateLimited, Refused."""
        return await self._send(message_of(post, link, buttons=self.buttons), post.key)

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Wake the channel, whoever `to` is: a webhook has one channel. Raises Unreachable, RateLimited, Refused."""
        return await self._send(page_of(page, click, buttons), page.key)

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """A webhook cannot tell: None."""
        return None

    async def said(self, post: Post) -> Receipt | None:
        """A webhook cannot tell: None."""
        return None

    async def _send(self, body: dict[str, Any], key: str) -> Receipt:
        try:
            answer = await self.http.post(self.url.get_secret_value(), json=body, headers=key_header(key))
        except httpx.HTTPError as error:
            raise unreachable("the chat webhook", error) from None
        failure = failure_of("the chat webhook", answer, answer.text if answer.is_error else "")
        if failure:
            raise failure
        return Receipt()


def page_of(page: Page, click: str, buttons: Iterable[Button] = (), call: str = EVERYBODY) -> dict[str, Any]:
    """A page as blocks that wake whom `call` mentions.

    No button that acts is in it: its link is one person's, and a whole channel reads along.
    """
    title = page.title.strip() or page.incident_id
    links = _links(Link(label=button.label, url=button.url) for button in buttons if not (button.acts or button.mine))
    blocks = [
        header_of(title),
        _section(f"{call} {_words(page)}"),
        *([_section(links)] if links else []),
        story_of(page.incident_id, click),
    ]
    return {"text": _cut(f"{call} {escape(title)}", MOST_SECTION), "blocks": blocks}


def _words(page: Page) -> str:
    """The page's text, escaped, and short enough that its last line, how to ack, is in it."""
    versions = (escape(fitted(page, most)) for most in FITTED_BYTES)
    return next(text for text in versions if len(text) <= FITTED_BYTES[0])


def message_of(post: Post, link: str, *, call: str = "", buttons: bool = False) -> dict[str, Any]:
    """A post as blocks, within Slack's limits; `text` is what a notification shows. `call`: whom it mentions."""
    title = post.title.strip() or post.incident_id
    call = " ".join(filter(None, (EVERYBODY if post.broadcast else "", call)))
    call = f"{call} " if call else ""
    taps = block_of(post) if buttons else None
    said = [header_of(title), *_lines(post, call), *_actions(post)]
    blocks = [*said, *([taps] if taps else []), story_of(post.incident_id, link)]
    return {"text": _cut(f"{escape(post.incident_id)}: {call}{escape(title)}", MOST_SECTION), "blocks": blocks}


def _lines(post: Post, call: str) -> list[Block]:
    said = [escape(line) for line in post.lines if line.strip()]
    if call:
        said[:1] = [call + "".join(said[:1])]
    return sections_of(said)


def sections_of(said: Iterable[str]) -> list[Block]:
    """A block for each line of chat markdown, as many as fit; that there was more is said."""
    blocks = [_section(line) for line in said]
    kept = _that_fit(blocks, MOST_LINES)
    return kept if len(kept) == len(blocks) else [*kept, _section(MORE)]


def _actions(post: Post) -> list[Block]:
    """Where to look and what to type; they keep their room however much is said."""
    links = _links(post.links)
    commands = [f"```{_unfenced(escape(line))}```" for line in post.commands if line.strip()]
    return _that_fit([_section(text) for text in (links, *commands) if text], MOST_ACTIONS)


def _unfenced(text: str) -> str:
    """Three backticks inside a code block would end it."""
    return text.replace("```", "'''")


def _that_fit(blocks: Sequence[Block], most: int) -> list[Block]:
    sizes = accumulate(len(block["text"]["text"]) for block in blocks)
    return [block for block, size in zip(blocks, sizes, strict=True) if size <= MOST_EACH_HALF][:most]


def _links(links: Iterable[Link]) -> str:
    shown = [_link(link.url, link.label) for link in links]
    sizes = accumulate(len(link) + len(" · ") for link in shown)
    return " · ".join(link for link, size in zip(shown, sizes, strict=True) if size <= MOST_SECTION)


def _link(url: str, label: str) -> str:
    """`<url|label>`; only the label, where it is no web address: `<!channel>` and `<@U…>` are written alike."""
    shown = escape(" ".join((label.strip() or url).split())[:MOST_LABEL])
    address = quote(url, safe=IN_A_URL).replace("&", "&amp;")
    if not re.match(r"https?://[^/]", address) or len(address) > MOST_URL:
        return shown
    return f"<{address}|{shown}>"


def escape(text: str) -> str:
    """Slack's three control characters; otherwise an alert's text could ping people or fake a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def header_of(title: str) -> Block:
    """The first line, large."""
    words = _cut(" ".join(title.split()), MOST_HEADER)
    return {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, MOST_SECTION)}}


def story_of(incident_id: str, link: str) -> Block:
    """The last line, small: which incident, and where its story is read."""
    words = f"{_cut(escape(incident_id), MOST_CONTEXT // 4)} · {_link(link, 'story in the Web UI')}"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}


def _cut(text: str, most: int) -> str:
    """At most so many characters, never half an escaped one; a code block that is cut is closed again."""
    if len(text) <= most:
        return text
    fence = "```" if text.startswith("```") else ""
    return re.sub(r"&[a-z]{0,3}$", "", text[: most - 1 - len(fence)]) + "…" + fence
