"""Customers hear of it: who is hurt, what is proposed to be mailed, what they were promised (runbook §7).

How to think about it. What customers are owed follows from the incident as it is, so `settle` works it out anew after
every event, and an event that changes nothing proposes nothing. A mail is a proposal like a lever's: people read every
word and say yes. What was promised is a deadline; missing one is told by itself.
"""

from dataclasses import replace
from datetime import datetime

from incident.model.customers import MOST_AFFECTED, Affected, Customers, Letter, LetterState, Moment
from incident.model.effects import MailCustomers
from incident.model.incident import SPEAKERS, Aim, Due, Incident, Phase, Proposal, ProposalState
from incident.model.language import objection
from incident.model.lever import LeverPlan
from incident.model.messages import TellCustomers
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import approvals, cadence, letters, returned
from incident.policy.draft import Draft
from incident.policy.letters import HURTING, stage_of, whom
from incident.policy.levers import set_state
from incident.policy.texts import agree, command, day_clock

KEPT = 5
"""Letters an incident carries along; older ones stand on its timeline."""


def settle(draft: Draft) -> Draft:
    """After every event: propose what customers are owed, withdraw what is no longer true, keep the promise's clock."""
    draft = _scoped(_of_this_episode(draft))
    if draft.incident.phase is Phase.CLOSED or not _known(draft).affected:
        return _left_untold(returned.closing(draft)).not_due(Due.CUSTOMERS, Due.PROMISE)
    return _clocks(_propose(_withdraw_stale(draft)))


def _left_untold(draft: Draft) -> Draft:
    """A SEV-3 closes at once, and nobody can say yes to a mail any more: then at least the team knows."""
    if draft.incident.phase is not Phase.CLOSED or not _known(draft).written or _known(draft).last_done:
        return draft
    what = "customers who were written to have not been told that it is over"
    return cadence.post(_set(draft, last_done=True).tell(Kind.CUSTOMERS, what), what)


def _known(draft: Draft) -> Customers:
    return draft.incident.customers


def _set(draft: Draft, **changes: object) -> Draft:
    return draft.set(customers=replace(_known(draft), **changes))  # type: ignore[arg-type]


# ── who is hurt ──────────────────────────────────────────────────────────────────────────────────────────────────


def _of_this_episode(draft: Draft) -> Draft:
    """It fired again: whoever is hurt now is written to anew."""
    if _known(draft).episode == draft.incident.episode:
        return draft
    return _set(draft, episode=draft.incident.episode, written=(), promised=None, wanted_text=False, last_done=False)


def _scoped(draft: Draft) -> Draft:
    """Whom the impact check names. Who was hurt once stays: they are to hear the end of it too."""
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    return _add(draft, impact.customers, by="orchestrator", how=impact.check) if impact else draft


def _add(draft: Draft, found: tuple[Affected, ...], *, by: str, how: str = "") -> Draft:
    known = _known(draft).affected
    fresh = {one.key: one for one in found if one.key not in known}
    if not fresh or len(known) + len(fresh) > MOST_AFFECTED:
        return draft
    what = f"{whom(tuple(fresh))} affected"
    return _set(draft, affected={**known, **fresh}).tell(Kind.CUSTOMERS, what, because=how, by=by)


# ── drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _withdraw_stale(draft: Draft) -> Draft:
    """A draft speaks of the impact as it was, to whom it was known, and promises a time: all three may have passed."""
    letter = _known(draft).open_letter
    if letter is None:
        return draft
    why = _stale(draft, letter)
    return _ended(draft, letter, LetterState.WITHDRAWN, ProposalState.WITHDRAWN, why=why) if why else draft


def _stale(draft: Draft, letter: Letter) -> str:
    if _proposal(draft.incident, letter) is None:
        return "it is not on the table any more"
    if letter.stage is not stage_of(draft.incident):
        return "the impact is another one now"
    if letter.moment is Moment.FIRST and set(_unwritten(draft)) - set(letter.to):
        return "more customers are affected"
    if letter.promises and letter.promises - draft.policy.customers.renew_before <= draft.now:
        return "too little is left of the time it promises"
    return ""


def _ended(draft: Draft, letter: Letter, state: LetterState, proposal: ProposalState, *, why: str) -> Draft:
    draft = set_state(_change(draft, replace(letter, state=state)), letter.proposal, proposal)
    return draft.tell(Kind.CUSTOMERS, f"{letter.proposal} {state}", because=why)


def _propose(draft: Draft) -> Draft:
    """The one mail that is owed now, if one is and nobody has it before them."""
    owed = None if _known(draft).open_letter else _owed(draft)
    if owed is None:
        return draft
    moment, to = owed
    return on_the_table(draft, letters.written(draft, moment, to, _known(draft).text), by=_known(draft).text_by)


def _owed(draft: Draft) -> tuple[Moment, tuple[str, ...]] | None:
    known, phase = _known(draft), draft.incident.phase
    everybody = tuple(known.affected)
    if phase is Phase.POSTMORTEM:
        return (Moment.LAST, everybody) if owes_last(draft.incident) else None
    if known.wanted_text and not known.text:
        return None
    if _unwritten(draft) and draft.incident.severity is Severity.SEV1:
        return Moment.FIRST, _unwritten(draft)
    if known.promised and known.promised - draft.policy.customers.draft_ahead <= draft.now:
        return Moment.FOLLOW_UP, known.written
    return None


def owes_last(incident: Incident) -> bool:
    """Who was written to, or should have been, hears that it is over."""
    known = incident.customers
    if not known.affected or known.last_done:
        return False
    return bool(known.written) or (incident.severity is Severity.SEV1 and not known.wanted_text)


def is_telling(incident: Incident) -> bool:
    """Is the last mail still to be decided on, or on its way?"""
    under_way = (LetterState.OPEN, LetterState.SENDING)
    return owes_last(incident) or any(letter.state in under_way for letter in incident.customers.letters)


def _unwritten(draft: Draft) -> tuple[str, ...]:
    done = set(_known(draft).written)
    return tuple(key for key in _known(draft).affected if key not in done)


def on_the_table(draft: Draft, letter: Letter, *, by: str) -> Draft:
    """People see every word of it, and say yes or no. `by`: the person who wants it; empty: the orchestrator does."""
    plan = LeverPlan(lever="mail", target=whom(letter.to), would=f"Mail {whom(letter.to)}: “{letter.subject}”.")
    proposal = Proposal(
        id=letter.proposal,
        plan=plan,
        approval=draft.policy.customers.approval,
        proposed_at=draft.now,
        proposed_by=by,
        proposed_verified=bool(draft.voice and draft.voice.by == by and draft.voice.verified),
        aim=Aim.MAIL,
        needs=SPEAKERS,
    )
    draft = _set(draft, versions=letter.version, letters=(*_known(draft).letters, letter)[-KEPT:], text="", text_by="")
    draft = draft.set(proposals=(*draft.incident.proposals, proposal))
    what = f"{letter.proposal} proposed: {letter.moment} mail to {whom(letter.to)}"
    draft = draft.tell(Kind.CUSTOMERS, what, by=by or "orchestrator")
    wrong = letters.wrong_with(letter, draft.policy.customers)
    return cadence.post(
        draft,
        f"{letter.proposal} to customers needs {'words' if wrong else letters.wanted_yes(proposal)}",
        *letters.preview(letter),
        f"*Not yet:* {wrong}" if wrong else "",
        commands=(
            *(() if wrong else (agree(draft.incident, proposal),)),
            command(draft.incident, "reject", proposal=proposal.id, by="you", why="…"),
            command(draft.incident, "customers", text="…", by="you"),
        ),
    )


# ── what people say ──────────────────────────────────────────────────────────────────────────────────────────────


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A yes: it goes out once enough people said so, and its promise is ours from now on."""
    letter = _letter(draft.incident, proposal)
    if letter is None:
        return draft
    draft = draft.tell(Kind.CUSTOMERS, f"{proposal.id} approved", because=why or letter.text, by=by)
    proposal = approvals.agreed(draft, proposal, by)
    draft = approvals.change(draft, proposal)
    if not approvals.enough(proposal, draft.policy):
        return cadence.post(draft, f"{proposal.id} needs one more yes", f"{by} said yes; a second person has to.")
    draft = approvals.change(draft, replace(proposal, state=ProposalState.SENT))
    draft = _set(
        _change(draft, letter),
        written=tuple(dict.fromkeys((*_known(draft).written, *letter.to))),
        unreached={key: fate for key, fate in _known(draft).unreached.items() if key not in letter.to},
        promised=letter.promises,
        last_done=_known(draft).last_done or letter.moment is Moment.LAST,
        wanted_text=False,
    )
    return send(draft.not_due(Due.PROMISE), letter, letter.to)


def send(draft: Draft, letter: Letter, to: tuple[str, ...]) -> Draft:
    """One round: those who could not be reached are tried again under the same version."""
    letter = replace(letter, state=LetterState.SENDING, round=letter.round + 1)
    incident = _change(draft, letter).incident
    return replace(draft, incident=incident).do(
        MailCustomers(
            key=f"{incident.key}/mail/{letter.version}/{letter.round}",
            incident_id=incident.id,
            mail_key=f"{incident.key}/mail/{letter.version}",
            version=letter.version,
            round=letter.round,
            moment=letter.moment,
            subject=letter.subject,
            text=letter.text,
            customers=to,
        )
    )


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A no: the next draft is a person's. What was promised stays promised."""
    letter = _letter(draft.incident, proposal)
    if letter is None:
        return draft
    draft = set_state(_change(draft, replace(letter, state=LetterState.REJECTED)), proposal.id, ProposalState.REJECTED)
    draft = _set(draft, wanted_text=True, last_done=_known(draft).last_done or letter.moment is Moment.LAST)
    draft = draft.tell(Kind.CUSTOMERS, f"{proposal.id} rejected", because=why, by=by)
    return cadence.post(
        draft,
        f"{proposal.id} rejected: what should customers read?",
        f"*Why:* {why}" if why else "",
        commands=(command(draft.incident, "customers", text="…", by="you"),),
    )


def told(draft: Draft, message: TellCustomers) -> Draft:
    """Who is affected, what the next mail says, who was told by other means, who is to be written to again."""
    draft = _add(draft, tuple(Affected(key=key) for key in message.affected), by=message.by)
    if message.count:
        draft = _set(draft, count=message.count)
        draft = draft.tell(Kind.CUSTOMERS, f"{message.count} customers affected", by=message.by)
    if message.told:
        left = {key: fate for key, fate in _known(draft).unreached.items() if key not in message.told}
        draft = _set(draft, unreached=left)
        draft = draft.tell(Kind.CUSTOMERS, f"{message.by} told {whom(message.told)} by other means", by=message.by)
    draft = returned.came_back(draft, message)
    if message.text:
        draft = _reworded(draft, message)
    return _again(draft, message) if message.again else draft


def _reworded(draft: Draft, message: TellCustomers) -> Draft:
    """Their words instead of ours: on the table at once if a draft is there, else kept for the next one."""
    draft = draft.tell(Kind.CUSTOMERS, f"{message.by} wrote the next mail to customers", by=message.by)
    letter = _known(draft).open_letter
    draft = _set(draft, text=message.text, text_by=message.by, wanted_text=False)
    if letter is None:
        return draft
    draft = _ended(draft, letter, LetterState.WITHDRAWN, ProposalState.WITHDRAWN, why=f"{message.by} wrote another")
    return on_the_table(draft, letters.written(draft, letter.moment, letter.to, message.text), by=message.by)


def _again(draft: Draft, message: TellCustomers) -> Draft:
    """The newest mail once more, as a new version that needs a yes of its own."""
    sent = _newest_sent(draft.incident)
    if sent is None:
        return draft
    fresh = letters.written(draft, sent.moment, message.again, "")
    same = replace(fresh, subject=sent.subject, text=sent.text, promises=sent.promises, stage=stage_of(draft.incident))
    draft = draft.tell(Kind.CUSTOMERS, f"{message.by} asks for {sent.proposal} again", by=message.by)
    return on_the_table(draft, same, by=message.by)


def refusal(incident: Incident, message: TellCustomers) -> str:
    """Why this cannot be done; empty: it can."""
    known = incident.customers
    if not any((message.affected, message.count, message.text, message.again, message.told, message.bounced)):
        return "it says nothing: affected, count, text, again, told or bounced"
    if len({*known.affected, *message.affected}) > MOST_AFFECTED:
        return f"more than {MOST_AFFECTED} customers: say how many with count, and use the status page"
    strangers = [key for key in (*message.again, *message.told, *message.bounced) if key not in known.affected]
    if strangers:
        return f"not known to be affected: {', '.join(strangers[:5])}"
    if message.again and (known.open_letter or _newest_sent(incident) is None):
        return "answer the open draft first" if known.open_letter else "no mail was sent yet"
    if message.text and incident.policy:
        wrong = objection(message.text, incident.policy.customers.vocabulary)
        return wrong or returned.refusal(incident, message)
    return returned.refusal(incident, message)


def not_approvable(incident: Incident, proposal: Proposal) -> str:
    """What is wrong with the words of this mail; empty: nothing."""
    letter = _letter(incident, proposal)
    if letter is None or incident.policy is None:
        return ""
    wrong = letters.wrong_with(letter, incident.policy.customers)
    return f"{proposal.id} cannot go out: {wrong}" if wrong else ""


# ── promises ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _clocks(draft: Draft) -> Draft:
    """When the next draft is due, and when a promise is."""
    known, rules = _known(draft), draft.policy.customers
    over = draft.incident.phase is Phase.POSTMORTEM
    draft = _due(draft, Due.CUSTOMERS, _next_draft(draft))
    if over or known.promised is None:
        return draft.not_due(Due.PROMISE)
    if Due.PROMISE in draft.incident.due:
        return draft
    return draft.due(Due.PROMISE, max(known.promised, draft.now + rules.remind_every * (known.promised <= draft.now)))


def _next_draft(draft: Draft) -> datetime | None:
    known, rules = _known(draft), draft.policy.customers
    letter = known.open_letter
    if letter:
        return letter.promises - rules.renew_before if letter.promises else None
    if known.promised is None or draft.incident.phase is Phase.POSTMORTEM:
        return None
    return known.promised - rules.draft_ahead


def _due(draft: Draft, what: Due, at: datetime | None) -> Draft:
    return draft.due(what, at) if at and at > draft.now else draft.not_due(what)


def late(draft: Draft) -> Draft:
    """Customers expected a mail by now."""
    promised = _known(draft).promised
    if promised is None or draft.incident.phase not in (*HURTING, Phase.RESOLVE):
        return draft
    what = f"customers were promised a mail by {day_clock(promised)} and have none"
    letter = _known(draft).open_letter
    waits = f"{letter.proposal} waits for a yes" if letter else "a text is wanted"
    draft = draft.tell(Kind.CUSTOMERS, what, because=waits)
    draft = draft.due(Due.PROMISE, draft.now + draft.policy.customers.remind_every)
    lines = (command(draft.incident, "customers", text="…", by="you"),) if letter is None else ()
    return cadence.post(draft, what, f"*Now:* {waits}", commands=(*cadence.wanted(draft), *lines), broadcast=True)


# ── finding letters ──────────────────────────────────────────────────────────────────────────────────────────────


def _letter(incident: Incident, proposal: Proposal) -> Letter | None:
    return next((letter for letter in incident.customers.letters if letter.proposal == proposal.id), None)


def _proposal(incident: Incident, letter: Letter) -> Proposal | None:
    return next((p for p in incident.open_proposals if p.id == letter.proposal), None)


def _newest_sent(incident: Incident) -> Letter | None:
    sent = [letter for letter in incident.customers.letters if letter.state is LetterState.SENT]
    return sent[-1] if sent else None


def _change(draft: Draft, letter: Letter) -> Draft:
    changed = tuple(letter if known.version == letter.version else known for known in _known(draft).letters)
    return _set(draft, letters=changed)
