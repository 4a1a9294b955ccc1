"""What the thread hears, and when: at declaration, at each cadence, and when something changes (runbook §1, §7)."""

from datetime import timedelta

from incident.model.card import Thread
from incident.model.effects import Act, Post
from incident.model.incident import Due, Incident, Phase
from incident.model.playbook import Approval, Link
from incident.model.timeline import Kind
from incident.policy import situation as standing
from incident.policy.draft import Draft
from incident.policy.texts import agree, clock, command, headline


def post(
    draft: Draft,
    title: str,
    *lines: str,
    commands: tuple[str, ...] = (),
    links: tuple[Link, ...] = (),
    broadcast: bool = False,
    mentions: tuple[str, ...] = (),
) -> Draft:
    """Say something in the thread. Every post is one effect with a number of its own."""
    numbered = draft.set(posts=draft.incident.posts + 1)
    said = new_post(numbered, title, *lines, commands=commands, links=links, broadcast=broadcast, mentions=mentions)
    return numbered.do(said)


def new_post(
    draft: Draft,
    title: str,
    *lines: str,
    commands: tuple[str, ...] = (),
    links: tuple[Link, ...] = (),
    broadcast: bool = False,
    mentions: tuple[str, ...] = (),
) -> Post:
    """The post itself, for those who send it together with something else."""
    incident = draft.incident
    return Post(
        key=f"{incident.key}/post/{incident.posts}",
        incident_id=incident.id,
        title=f"{headline(incident)}: {title}",
        lines=tuple(line for line in lines if line),
        commands=commands,
        links=links,
        acts=acts(incident) if commands else (),
        severity=incident.severity,
        broadcast=broadcast,
        mentions=mentions,
        thread=Thread(key=incident.key, since=incident.opened_at, at=incident.thread),
    )


def keep(draft: Draft) -> Draft:
    """Start the clock of the next update, as the severity of now asks for (runbook §1)."""
    every = draft.policy.rule(draft.incident.severity).cadence
    if every is None or draft.incident.phase in (Phase.POSTMORTEM, Phase.CLOSED):
        return draft.not_due(Due.CADENCE, Due.UPDATE_NEAR)
    draft = draft.due(Due.CADENCE, draft.now + every)
    near = every - draft.policy.remind_before_update
    return draft.due(Due.UPDATE_NEAR, draft.now + near) if near > timedelta(0) else draft.not_due(Due.UPDATE_NEAR)


def update(draft: Draft) -> Draft:
    """The update that came due: severity, impact, hypothesis, what is being done, next update (runbook §7)."""
    draft = keep(draft).tell(
        Kind.POST, "posted the update that was due", because=f"cadence of {draft.incident.severity}"
    )
    same_since = draft.incident.told_at if draft.incident.told == standing.mark(draft) else None
    no_change = f"*No change* since {clock(same_since)}" if same_since else ""
    return post(told(draft), "update", *situation(draft), no_change, commands=wanted(draft))


def told(draft: Draft) -> Draft:
    """People have been told how it stands: the next update can say honestly that nothing has changed since."""
    mark = standing.mark(draft)
    return draft if mark == draft.incident.told else draft.set(told=mark, told_at=draft.now)


def remind(draft: Draft) -> Draft:
    """The next update is near, and goes out by itself: whoever owns the cadence can still say more (runbook §7)."""
    incident, at = draft.incident, draft.incident.due.get(Due.CADENCE)
    if at is None or at <= draft.now or _written(draft):
        return draft
    return post(
        draft,
        f"the next update goes out at {clock(at)}",
        f"It will say: *Hypothesis:* {incident.hypothesis or 'none yet'}. Is that still what you think?",
        commands=(command(incident, "note", hypothesis="…", by="you"),),
        mentions=(incident.lead,) if incident.lead else (),
    )


def _written(draft: Draft) -> bool:
    """Has somebody written a hypothesis since the last update?"""
    every, at = draft.policy.rule(draft.incident.severity).cadence, draft.incident.due.get(Due.CADENCE)
    return bool(every and at and draft.incident.hypothesis_at and draft.incident.hypothesis_at >= at - every)


def situation(draft: Draft) -> tuple[str, ...]:
    """What is known now, and honestly what is not."""
    return standing.lines(draft)


def next_update(draft: Draft) -> str:
    return standing.next_update(draft)


def acts(incident: Incident) -> tuple[Act, ...]:
    """What waits for a tap now; what is done by hand, or needs words, is not among it."""
    ack = () if incident.acked_by else (Act(action="ack"),)
    plans = [p.id for p in incident.open_proposals if p.approval is not Approval.MANUAL]
    return (*ack, *(Act(action=action, proposal=plan) for plan in plans for action in ("approve", "reject")))


def wanted(draft: Draft) -> tuple[str, ...]:
    """The commands that would help most right now."""
    incident = draft.incident
    ack = () if incident.acked_by else (command(incident, "ack", by="you"),)
    return (*ack, *(agree(incident, p) for p in incident.open_proposals))
