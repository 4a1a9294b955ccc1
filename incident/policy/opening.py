"""How an incident begins: a page before anything else, then the thread and the first look (design §9)."""

from incident.model.effects import Brief, Look, Purpose
from incident.model.incident import Due, Phase
from incident.model.playbook import Link
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import alerts, cadence, card, escalation, looking, severity
from incident.policy.draft import Draft
from incident.policy.situation import roles_line
from incident.policy.texts import words


def declare(draft: Draft, chosen: Severity | None) -> Draft:
    """The first line of the story."""
    alert = draft.incident.alert
    draft = alerts.remember(draft, alert)
    if chosen:
        draft = draft.set(severity=chosen, severity_chosen=True)
    return draft.tell(Kind.ALERT, f"{alert.name} fires", because=alert.summary or alert.description, by=alert.source)


def begin(draft: Draft) -> Draft:
    """The runbook is known: severity, page, clocks."""
    if not draft.incident.severity_chosen:
        draft = draft.set(severity=severity.opening(draft.incident.alert, draft.playbook))
    incident, playbook = draft.incident, draft.playbook
    why = "chosen at the start" if incident.severity_chosen else _says_who(draft)
    draft = draft.tell(Kind.SEVERITY, f"{incident.severity}, owner: {playbook.owner}", because=why)
    draft = cadence.keep(escalation.plan(draft, f"{incident.alert.name} fires"))
    return draft if draft.incident.pages else brief(draft)


def _says_who(draft: Draft) -> str:
    if draft.playbook.known:
        return f"the runbook's entry for {draft.playbook.alert}"
    labelled = "severity" in draft.incident.alert.labels
    source = "from the alert's severity label" if labelled else "SEV-2 until somebody says otherwise"
    return f"no runbook for {draft.playbook.alert}; {source}"


def brief(draft: Draft) -> Draft:
    """Open the thread and look for the first time: once, and only after the page had its turn."""
    if draft.incident.briefed or draft.incident.phase is Phase.CLOSED:
        return draft
    draft = cadence.told(draft.set(briefed=True, posts=draft.incident.posts + 1))
    draft, first_look = _first_look(draft)
    incident = draft.incident
    root = cadence.new_post(
        draft,
        incident.alert.summary or f"{incident.alert.name} fires",
        *_what_it_is(draft),
        commands=cadence.wanted(draft),
        links=_links(draft),
        broadcast=incident.severity is Severity.SEV1,
    )
    shown = card.card(draft)
    return card.remember(draft, shown).do(Brief(key=f"{incident.key}/brief", post=root, look=first_look, card=shown))


def _first_look(draft: Draft) -> tuple[Draft, Look | None]:
    """None where people were faster than the pager: the incident is past its triage."""
    return looking.new_look(draft, Purpose.TRIAGE) if draft.incident.phase is Phase.TRIAGE else (draft, None)


def _what_it_is(draft: Draft) -> tuple[str, ...]:
    incident, playbook = draft.incident, draft.playbook
    ack_by = f"within {words(draft.policy.ack_within)}" if Due.ACK in incident.due else "when you take it"
    return (
        incident.alert.description,
        f"*Means:* {playbook.means}",
        "*First actions:*\n" + "\n".join(f"{n}. {action}" for n, action in enumerate(playbook.first_actions, 1)),
        f"*Owner:* {playbook.owner} · *Acknowledge* {ack_by}",
        roles_line(incident),
        cadence.next_update(draft),
    )


def _links(draft: Draft) -> tuple[Link, ...]:
    alert, playbook = draft.incident.alert, draft.playbook
    own = Link(label="runbook", url=alert.runbook_url) if alert.runbook_url else None
    source = Link(label="alert", url=alert.link) if alert.link else None
    return tuple(link for link in (own or playbook.runbook, *playbook.dashboards, source) if link)
