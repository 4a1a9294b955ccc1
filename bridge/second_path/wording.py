"""What the second path says. A lock screen shows it: the runbook's own words, never what an alert carries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bridge.second_path.missed import Away, Missed
from bridge.second_path.rules import Group
from incident.model.alarm import second_path_alarm
from incident.model.effects import Page
from runbook.catalog import playbook_for

NAMED = 5
"""Other subjects that a page names; more is a number."""
TARGET = "on-call"
APART = " (second path)"
"""Behind an incident's id: providers are asked for a page by it, and must never take one for the incident's own."""
WHAT = {Away.ENGINE: "orchestrator unreachable", Away.WORKER: "orchestrator at a standstill"}
WHY = {
    Away.ENGINE: "the engine has not taken it since {since}",
    Away.WORKER: "the engine has it, and no worker has touched it since {since}",
}
HOW_TO_ACK = {
    Away.ENGINE: "Ack: by the button here, where there is one; until then you are paged again each hour.",
    Away.WORKER: "Ack: temporal workflow signal -w {incident} --name ack",
}


def page_for(group: Group, number: int) -> Page:
    """A page of these subjects; the first one gives it its title, its number and its key."""
    first = group[0]
    return Page(
        key=f"{first.key}/page/{number}",
        incident_id=_own_name(first),
        number=number,
        rung=1,
        targets=(TARGET,),
        domain=first.domain,
        severity=first.severity,
        title=f"{_headline(first)}: {WHAT[first.away]}",
        text=_text(group, number),
        audience=TARGET,
        urgent=True,
        not_before=first.since,
        because=_why(first),
        alarm=second_path_alarm(first.incident, first.since),
    )


def _own_name(missed: Missed) -> str:
    return f"{missed.incident}{APART}"


def _text(group: Group, number: int) -> str:
    first, others = group[0], group[1:]
    more = [f"Also firing: {_named(others)}."] if others else []
    playbook = playbook_for(first.alert)
    return "\n".join(
        (
            f"{WHAT[first.away].capitalize()}; {first.alert.name} is firing.",
            playbook.means,
            *more,
            f"Why now: {_why(first)}.",
            *[f"First: {action}" for action in playbook.first_actions[:1]],
            f"Page {number} of {_own_name(first)}, for {TARGET}.",
            HOW_TO_ACK[first.away].format(incident=first.incident),
        )
    )


def _named(others: Group) -> str:
    """Names only: the rest of an alert is not for a lock screen."""
    names = list(dict.fromkeys(missed.alert.name for missed in others))
    shown, rest = names[:NAMED], len(others) - NAMED
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _why(missed: Missed) -> str:
    return WHY[missed.away].format(since=clock(missed.since))


def _headline(missed: Missed) -> str:
    scope = missed.incident.removeprefix(f"incident-{missed.alert.name}").lstrip("-")
    return f"{missed.severity} {missed.alert.name} {scope}".rstrip()


def over(missed: Missed, now: datetime) -> str:
    """One line: it is over."""
    took = f"after {_minutes(now - missed.since)}"
    if missed.cleared:
        return f"{_headline(missed)}: the orchestrator is back {took}; meanwhile the alert has cleared"
    return f"{_headline(missed)}: the orchestrator is back {took}; {missed.incident} goes on, and knows who was paged"


def over_page(missed: Missed, line: str) -> Page:
    """The same as a page, for whoever was woken and has no chat to read it in: it rings as little as may be."""
    number = missed.pages + 1
    text = f"{line}\nPage {number} of {_own_name(missed)}, for {TARGET}."
    title = f"{_headline(missed)}: the orchestrator is back"
    page = page_for((missed,), number)
    return replace(page, key=f"{missed.key}/over", title=title, text=text, urgent=False, because="it is over")


def still_rings(missed: Missed, why: str) -> str:
    """Said aloud: somebody has to end it by hand."""
    return f"{_headline(missed)}: its incident at the provider that rang could not be ended, end it there ({why})"


def nobody(missed: Missed, why: str) -> str:
    """Said aloud: the page reached nobody."""
    return f"{_headline(missed)}: {WHAT[missed.away]}, and nobody could be paged ({why})"


def _minutes(span: timedelta) -> str:
    return f"{max(1, round(span / timedelta(minutes=1)))} min"


def clock(instant: datetime) -> str:
    """`03:28:05 UTC`, as everywhere."""
    return f"{instant.astimezone(UTC):%H:%M:%S} UTC"
