"""The public status page: what it should say now, and whether it may (runbook §7).

The first notice of an episode waits for a yes of IC or comms. What follows from the incident's course after that, an
update when the impact stops, at each cadence, and at resolution, goes out by itself, from the runbook's texts. One
notice is on its way at a time, so that an older one never replaces a newer one.
"""

from dataclasses import replace

from incident.model.effects import RecordKind, SetStatusPage
from incident.model.incident import SPEAKERS, Aim, Due, Incident, Phase, Proposal, ProposalState
from incident.model.language import objection
from incident.model.lever import LeverPlan
from incident.model.outcomes import StatusPageNotSet, StatusPageSet
from incident.model.playbook import Approval
from incident.model.severity import Severity
from incident.model.status_page import Leave, Notice, Shown, StatusPage
from incident.model.timeline import Kind
from incident.policy import approvals, archive, cadence
from incident.policy.draft import Draft
from incident.policy.levers import set_state
from incident.policy.texts import agree, clock, command

STATES = {
    Phase.MITIGATE: Shown.INVESTIGATING,
    Phase.RESOLVE: Shown.MONITORING,
    Phase.POSTMORTEM: Shown.RESOLVED,
    Phase.CLOSED: Shown.RESOLVED,
}
"""In triage nothing is said yet: it may be one flaky vantage (runbook §2.1)."""


def settle(draft: Draft) -> Draft:
    """After every event: ask for leave, take the question back, or bring the page up to date."""
    if not draft.playbook.customer_visible:
        return draft
    draft = _of_this_episode(draft)
    state = STATES.get(draft.incident.phase)
    match _page(draft).leave:
        case Leave.NOT_ASKED if state is Shown.INVESTIGATING and draft.incident.severity is not Severity.SEV3:
            return _ask(draft)
        case Leave.ASKED if state is not Shown.INVESTIGATING:
            return _take_back(draft)
        case Leave.GIVEN if state and _says(draft) not in (None, state):
            return _want(draft, state)
    return draft


def _page(draft: Draft) -> StatusPage:
    return draft.incident.status_page


def _set(draft: Draft, **changes: object) -> Draft:
    return draft.set(status_page=replace(_page(draft), **changes))  # type: ignore[arg-type]


def _of_this_episode(draft: Draft) -> Draft:
    """It fired again. A page that already shows it is brought up to date; else leave is asked anew."""
    if _page(draft).episode == draft.incident.episode:
        return draft
    leave = Leave.GIVEN if _page(draft).leave is Leave.GIVEN else Leave.NOT_ASKED
    return _set(draft, episode=draft.incident.episode, leave=leave)


def _says(draft: Draft) -> Shown | None:
    """What the page will say once everything under way has arrived; None: nothing was ever posted."""
    page = _page(draft)
    newest = page.waiting or page.sending or page.shown
    return newest.state if newest else None


def _notice(draft: Draft, state: Shown, more: str = "") -> Notice | None:
    """The runbook's text; None: it has none, or it is not fit for customers."""
    template = draft.policy.customers.notices.get(state)
    plainly = draft.playbook.plainly
    if template is None or not plainly:
        return None
    words = {"affected": plainly, "component": draft.playbook.component or "Service"}
    text = " ".join(part for part in (template.text.format(**words), more) if part)
    return Notice(state=state, title=template.subject.format(**words), text=text)


def objection_to(incident: Incident, notice: Notice) -> str:
    """Why customers must not read it; empty: they may."""
    vocabulary = incident.policy.customers.vocabulary if incident.policy else None
    return objection(f"{notice.title}\n{notice.text}", vocabulary) if vocabulary else ""


# ── leave ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ask(draft: Draft) -> Draft:
    notice = _notice(draft, Shown.INVESTIGATING)
    if notice is None or objection_to(draft.incident, notice):
        why = objection_to(draft.incident, notice) if notice else "the runbook has no plain words for it"
        return _set(draft, leave=Leave.REFUSED).tell(Kind.CUSTOMERS, "nothing for the status page", because=why)
    proposal = Proposal(
        id=f"status-{draft.incident.episode}",
        plan=LeverPlan(lever="status_page", target="the status page", would=f"Post on the status page: {notice.text}"),
        approval=Approval.APPROVAL,
        proposed_at=draft.now,
        aim=Aim.STATUS_PAGE,
        needs=SPEAKERS,
    )
    if any(p.id == proposal.id for p in draft.incident.proposals):
        proposal = replace(proposal, id=f"{proposal.id}-{len(draft.incident.proposals)}")
    draft = _set(draft, leave=Leave.ASKED).set(proposals=(*draft.incident.proposals, proposal))
    draft = draft.tell(Kind.CUSTOMERS, f"{proposal.id} proposed: a notice on the status page")
    return cadence.post(
        draft,
        f"{proposal.id} for the status page needs a yes of IC or comms",
        f"*{notice.title}*",
        f"> {notice.text}",
        commands=(
            agree(draft.incident, proposal),
            command(draft.incident, "reject", proposal=proposal.id, by="you", why="…"),
        ),
    )


def _take_back(draft: Draft) -> Draft:
    """The impact stopped before anybody said yes: there is nothing to announce."""
    for proposal in draft.incident.open_proposals:
        if proposal.aim is Aim.STATUS_PAGE:
            draft = set_state(draft, proposal.id, ProposalState.WITHDRAWN)
            draft = draft.tell(Kind.CUSTOMERS, f"{proposal.id} withdrawn", because="customers are not hurt any more")
    return _set(draft, leave=Leave.NOT_ASKED)


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A yes: this notice, and those that follow from the incident's course."""
    done = replace(approvals.agreed(draft, proposal, by), state=ProposalState.SENT)
    draft = approvals.change(draft, done)
    draft = draft.tell(Kind.CUSTOMERS, f"{proposal.id} approved", because=why, by=by)
    return _want(_set(draft, leave=Leave.GIVEN), Shown.INVESTIGATING)


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A no holds for this episode."""
    draft = set_state(draft, proposal.id, ProposalState.REJECTED)
    return _set(draft, leave=Leave.REFUSED).tell(Kind.CUSTOMERS, f"{proposal.id} rejected", because=why, by=by)


# ── posting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def at_cadence(draft: Draft) -> Draft:
    """With each update of the thread, while customers are hurt: still at it, and when we say more (runbook §1, §7)."""
    page, at = _page(draft), draft.incident.due.get(Due.CADENCE)
    hurting = draft.incident.phase is Phase.MITIGATE
    if not hurting or page.leave is not Leave.GIVEN or at is None or not draft.playbook.customer_visible:
        return draft
    return _want(draft, Shown.INVESTIGATING, f"This is not over yet. Next update by {clock(at)[:5]} UTC.")


def _want(draft: Draft, state: Shown, more: str = "") -> Draft:
    notice = _notice(draft, state, more)
    if notice is None or objection_to(draft.incident, notice):
        return draft
    if _page(draft).sending:
        return _set(draft, waiting=notice)
    return _post(draft, notice)


def _post(draft: Draft, notice: Notice) -> Draft:
    draft = _set(draft, sending=notice, waiting=None, notices=_page(draft).notices + 1).not_due(Due.STATUS_PAGE)
    incident, page = draft.incident, _page(draft)
    return draft.do(
        SetStatusPage(
            key=f"{incident.key}/status/{page.notices}",
            incident_id=incident.id,
            number=page.notices,
            mark=incident.key,
            known_id=page.id,
            component=draft.playbook.component,
            notice=notice,
            severity=incident.severity,
        )
    )


def came_back(draft: Draft, outcome: StatusPageSet | StatusPageNotSet) -> Draft:
    """The page shows it, or does not; then whatever became due meanwhile."""
    page = _page(draft)
    if page.sending is None or outcome.number != page.notices:
        return draft
    if isinstance(outcome, StatusPageNotSet):
        draft = _not_set(draft, outcome, page.sending)
    else:
        draft = _set(draft, sending=None, shown=page.sending, shown_at=draft.now, id=outcome.id, trouble="")
        draft = draft.tell(Kind.CUSTOMERS, f"the status page says: {page.sending.state}", because=page.sending.text)
        waiting = _page(draft).waiting
        draft = _post(draft, waiting) if waiting else draft
    return archive.record(draft, RecordKind.CLOSED) if draft.incident.phase is Phase.CLOSED else draft


def _not_set(draft: Draft, outcome: StatusPageNotSet, notice: Notice) -> Draft:
    """Told once while it lasts, and tried again with the newest text, unless that cannot help."""
    told = _page(draft).trouble == outcome.why
    waiting = _page(draft).waiting or notice
    draft = _set(draft, sending=None, waiting=waiting, trouble=outcome.why)
    if not outcome.for_good and draft.incident.phase is not Phase.CLOSED:
        draft = draft.due(Due.STATUS_PAGE, draft.now + draft.policy.customers.show_again_after)
    if told or draft.incident.phase is Phase.CLOSED:
        return draft
    draft = draft.tell(Kind.CUSTOMERS, "the status page could not be set", because=outcome.why)
    return cadence.post(draft, "the status page could not be set", outcome.why, f"*It should say:* {waiting.text}")


def again(draft: Draft) -> Draft:
    """It could not be reached a while ago."""
    waiting = _page(draft).waiting
    return _post(draft, waiting) if waiting and not _page(draft).sending else draft
