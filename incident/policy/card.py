"""The live card: shown with the first words, and again whenever what it shows has changed.

Never more than one edit is under way, and none sooner than a few seconds after the last: a storm of changes is one
edit. A chat without threads has no card, and is never asked for one again.
"""

import hashlib

from incident.model.card import Card, Press, Thread
from incident.model.effects import ShowCard
from incident.model.incident import Due, Incident, Phase
from incident.model.outcomes import Briefed, CardFailed, CardShown
from incident.model.playbook import Approval
from incident.policy import resolution, situation
from incident.policy.draft import Draft
from incident.policy.texts import clock, headline, short

OVER = (Phase.POSTMORTEM, Phase.CLOSED)
MARKS = {True: "✓", False: "✗", None: "?"}


def settle(draft: Draft) -> Draft:
    """After every event: show the card anew where it would look different."""
    incident = draft.incident
    if not incident.thread or incident.showing or mark(card(draft)) == incident.card:
        return draft
    soonest = (incident.card_at or incident.opened_at) + draft.policy.card_every
    if incident.phase is Phase.CLOSED or draft.now >= soonest:
        return show(draft)
    return draft if Due.CARD in incident.due else draft.due(Due.CARD, soonest)


def show(draft: Draft) -> Draft:
    """Show it as it is now."""
    shown = card(draft)
    draft = remember(draft, shown).not_due(Due.CARD)
    draft = draft.set(cards=draft.incident.cards + 1, showing=draft.incident.cards + 1)
    incident = draft.incident
    return draft.do(
        ShowCard(
            key=f"{incident.key}/card/{incident.cards}",
            incident_id=incident.id,
            number=incident.cards,
            card=shown,
            thread=thread_of(incident),
        )
    )


def came_due(draft: Draft) -> Draft:
    """An edit that had to wait, or one that failed a while ago."""
    return draft if draft.incident.showing else show(draft)


def remember(draft: Draft, shown: Card) -> Draft:
    """What the thread's first message shows from now on."""
    return draft.set(card=mark(shown), card_at=draft.now)


def opened(draft: Draft, event: Briefed) -> Draft:
    """The thread was opened with the card in it; or it could not be, and is tried again after a while."""
    if event.thread:
        return draft.set(thread=event.thread)
    return _later(draft) if event.not_posted else draft


def shown(draft: Draft, event: CardShown | CardFailed) -> Draft:
    """What came of showing it. Without a thread the chat has none: it is not asked again."""
    if event.number != draft.incident.showing:
        return draft
    draft = draft.set(showing=0)
    if isinstance(event, CardFailed):
        return _later(draft.set(card=""))
    return draft.set(thread=event.thread or draft.incident.thread)


def _later(draft: Draft) -> Draft:
    if draft.incident.phase is Phase.CLOSED:
        return draft  # the last words are in the thread all the same, and an end must not wait for a chat
    return draft.due(Due.CARD, draft.now + draft.policy.retry_record_every)


def thread_of(incident: Incident) -> Thread:
    """Where everything of this incident is said."""
    return Thread(key=incident.key, since=incident.opened_at, at=incident.thread)


def mark(shown: Card) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def card(draft: Draft) -> Card:
    """Severity, phase, who, impact, criteria, next update, and the buttons that help now."""
    incident = draft.incident
    title = f"{headline(incident)}: {incident.phase}"
    return Card(incident_id=incident.id, title=title, lines=_lines(draft), presses=_presses(incident))


def _lines(draft: Draft) -> tuple[str, ...]:
    incident = draft.incident
    summary = f"*{short(incident.alert.summary)}*" if incident.alert.summary else ""
    stands = situation.lines(draft)
    stands = stands[:-1] if incident.phase in OVER else stands  # no update is due any more
    return tuple(filter(None, (summary, *stands, *_criteria(draft), _end(incident))))


def _criteria(draft: Draft) -> tuple[str, ...]:
    if draft.incident.phase is not Phase.RESOLVE:
        return ()
    standings = resolution.standings(draft.incident, draft.now)
    return (f"*Criteria:* {' · '.join(f'{MARKS[s.met]} {s.name}' for s in standings)}",)


def _end(incident: Incident) -> str:
    return f"*Resolved:* {clock(incident.resolved_at)}" if incident.resolved_at and incident.phase in OVER else ""


def _presses(incident: Incident) -> tuple[Press, ...]:
    """None once it is over."""
    if incident.phase in OVER:
        return ()
    ack = () if incident.acked_by else (Press(action="ack", label="I have it", main=True),)
    plans = tuple(
        press
        for p in incident.open_proposals
        if p.approval is not Approval.MANUAL
        for press in (
            Press(action="approve", about=p.id, label=f"Yes: {p.id}", main=True),
            Press(action="reject", about=p.id, label=f"No: {p.id}", no=True),
        )
    )
    takes = tuple(Press(action="take", about=role.value, label=f"Take {role.called}") for role in incident.empty_roles)
    resolve = (Press(action="resolve", label="Ask to resolve"),) if incident.phase is Phase.RESOLVE else ()
    return (*ack, *plans, *takes, *resolve)
