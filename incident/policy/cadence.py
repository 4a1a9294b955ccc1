"""What the thread hears, and when: at declaration, at each cadence, and when something changes (runbook §1, §7)."""

from incident.model.effects import Post
from incident.model.incident import Due, Phase
from incident.model.playbook import Link
from incident.model.timeline import Kind
from incident.policy import resolution
from incident.policy.draft import Draft
from incident.policy.texts import agree, clock, command, finding_line, headline


def post(
    draft: Draft,
    title: str,
    *lines: str,
    commands: tuple[str, ...] = (),
    links: tuple[Link, ...] = (),
    broadcast: bool = False,
) -> Draft:
    """Say something in the thread. Every post is one effect with a number of its own."""
    numbered = draft.set(posts=draft.incident.posts + 1)
    return numbered.do(new_post(numbered, title, *lines, commands=commands, links=links, broadcast=broadcast))


def new_post(
    draft: Draft,
    title: str,
    *lines: str,
    commands: tuple[str, ...] = (),
    links: tuple[Link, ...] = (),
    broadcast: bool = False,
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
        severity=incident.severity,
        broadcast=broadcast,
    )


def keep(draft: Draft) -> Draft:
    """Start the clock of the next update, as the severity of now asks for (runbook §1)."""
    every = draft.policy.rule(draft.incident.severity).cadence
    if every is None or draft.incident.phase in (Phase.POSTMORTEM, Phase.CLOSED):
        return draft.not_due(Due.CADENCE)
    return draft.due(Due.CADENCE, draft.now + every)


def update(draft: Draft) -> Draft:
    """The update that came due: severity, impact, hypothesis, what is being done, next update (runbook §7)."""
    draft = keep(draft).tell(
        Kind.POST, "posted the update that was due", because=f"cadence of {draft.incident.severity}"
    )
    return post(draft, "update", *situation(draft), commands=wanted(draft))


def situation(draft: Draft) -> tuple[str, ...]:
    """What is known now, and honestly what is not."""
    incident = draft.incident
    impact = incident.findings.get(draft.playbook.impact_check or "")
    owner = incident.acked_by or "nobody yet"
    return (
        f"*Phase:* {incident.phase} · *Owned by:* {owner}",
        f"*Impact:* {finding_line(impact) if impact else draft.playbook.means}",
        f"*Hypothesis:* {incident.hypothesis or 'none yet'}",
        *[f"*Waiting for:* {what}" for what in resolution.waiting_for(incident, draft.now)],
        next_update(draft),
    )


def next_update(draft: Draft) -> str:
    at = draft.incident.due.get(Due.CADENCE)
    return f"*Next update:* {clock(at)}" if at else "*Next update:* at resolution"


def wanted(draft: Draft) -> tuple[str, ...]:
    """The commands that would help most right now."""
    incident = draft.incident
    ack = () if incident.acked_by else (command(incident, "ack", by="you"),)
    return (*ack, *(agree(incident, p) for p in incident.open_proposals))
