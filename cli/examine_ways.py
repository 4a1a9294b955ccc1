"""What `incidents doctor` says about the ways to reach people: those in use, and what they lack. Nobody is paged."""

from collections.abc import Iterator

import httpx

from cli.doctor import Line, Verdict
from integrations.reach import Reach, all_ways, ways
from worker.settings import Settings


def examine_ways(settings: Settings, http: httpx.AsyncClient) -> Line:
    """One line. Bad: a way that is counted on and cannot be used here, or nobody can be reached at all."""
    pagers, missing = ways(Reach(settings.pager, settings.chat, settings.mail), http)
    used = _used(settings)
    wrong = [f"{name} is none of {', '.join(all_ways())}" for name in used if name not in all_ways()]
    wrong += [f"{name} lacks {missing[name]}" for name in used if name in missing and name in _named(settings)]
    reached = [name for name in used if name in pagers and (name in _named(settings) or _teams_own(settings, name))]
    if not reached:
        do = "set INCIDENTS_PAGER__NTFY_URL, another way of INCIDENTS_PAGER__TEAM, or contacts of people"
        return Line(what="paging", verdict=Verdict.BAD, seen="; ".join(["nobody can be reached", *wrong]), do=do)
    if wrong:
        return Line(what="paging", verdict=Verdict.BAD, seen="; ".join(wrong), do="set what lacks, or drop the contact")
    return Line(what="paging", verdict=Verdict.OK, seen=f"by {', '.join(reached)} (no message was sent)")


def _used(settings: Settings) -> tuple[str, ...]:
    """Each once, those of people first."""
    return tuple(dict.fromkeys((*_named(settings), *settings.pager.team)))


def _named(settings: Settings) -> tuple[str, ...]:
    """The ways that somebody's contacts count on."""
    return tuple(dict.fromkeys(c.channel for person in settings.oncall.people.values() for c in person.contacts))


def _teams_own(settings: Settings, name: str) -> bool:
    """Has the team an address there? One that is no vendor's of ours is trusted to have."""
    return dict(_addresses(settings)).get(name, True)


def _addresses(settings: Settings) -> Iterator[tuple[str, bool]]:
    pager, chat = settings.pager, settings.chat
    yield "ntfy", pager.ntfy_url is not None
    yield "pagerduty", pager.pagerduty_routing_key is not None
    yield "mail", pager.mail_to is not None
    yield "apprise", pager.apprise_url is not None
    yield "chat", chat.webhook_url is not None
    yield "slack", bool(chat.bot_token and chat.channel)
