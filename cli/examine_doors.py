"""What `incidents doctor` says about the bridge's doors for people: which are open, and who is known at them."""

from collections.abc import Iterator

from cli.doctor import Line, Verdict
from worker.keys import FILE
from worker.settings import Settings

PRIVATE = 0o077
"""Bits of a file's mode that let others in."""


def examine_doors(settings: Settings) -> Line:
    """One line. Bad: a key that others can read. A door that nobody opened is only told."""
    path = settings.home / FILE
    if not settings.bridge.action_secret and path.exists() and path.stat().st_mode & PRIVATE:
        seen = f"{path} can be read by others: whoever has it can act as anybody"
        return Line(what="doors", verdict=Verdict.BAD, seen=seen, do=f"chmod 600 {path}")
    return Line(what="doors", verdict=Verdict.OK, seen="; ".join(_doors(settings)))


def _doors(settings: Settings) -> Iterator[str]:
    people = settings.oncall.people.values()
    url = settings.bridge.public_url
    yield f"links lead to {url}" if url else "pages carry no links (INCIDENTS_BRIDGE__PUBLIC_URL)"
    slack = sum(bool(person.slack) for person in people)
    yield f"slack is open, knows {slack}" if settings.chat.signing_secret else _closed("slack", "CHAT__SIGNING_SECRET")
    known = sum(bool(person.pagerduty) for person in people)
    is_open = settings.pager.pagerduty_webhook_secret is not None
    yield f"pagerduty is open, knows {known}" if is_open else _closed("pagerduty", "PAGER__PAGERDUTY_WEBHOOK_SECRET")
    if settings.mail.host:  # else nothing goes out that could come back
        door = "mails that come back"
        yield f"{door} are taken" if settings.bridge.token else _closed(f"{door}: the door", "BRIDGE__TOKEN")


def _closed(door: str, setting: str) -> str:
    return f"{door} is closed (INCIDENTS_{setting})"
