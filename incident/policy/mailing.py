"""What came of a mail to customers: counts on the timeline, a second try, and a person for those it did not reach."""

from collections import Counter
from dataclasses import replace

from incident.model.customers import Fate, Letter, LetterState
from incident.model.effects import RecordKind
from incident.model.incident import Due, Phase
from incident.model.outcomes import CustomersMailed
from incident.model.timeline import Kind
from incident.policy import archive, cadence, customers
from incident.policy.draft import Draft
from incident.policy.letters import whom
from incident.policy.texts import clock, command

SAID = {
    Fate.REFUSED: "refused for good",
    Fate.UNREACHABLE: "not delivered",
    Fate.UNKNOWN: "unknown whether it arrived",
    Fate.NO_ADDRESS: "no address",
    Fate.BOUNCED: "came back",
}


def mailed(draft: Draft, outcome: CustomersMailed) -> Draft:
    """Every mail has a fate; those not delivered yet are tried again a few times, then people are asked."""
    letter = next((one for one in draft.incident.customers.letters if one.version == outcome.version), None)
    draft = _tell(draft, outcome)
    if letter is not None and letter.state is LetterState.SENDING:
        draft = _settled(draft, letter, outcome)
    # Its record is written already: the last word on it belongs there too.
    return archive.record(draft, RecordKind.CLOSED) if draft.incident.phase is Phase.CLOSED else draft


def again(draft: Draft) -> Draft:
    """Those who could not be reached a while ago."""
    for letter in draft.incident.customers.letters:
        if letter.state is LetterState.SENDING and letter.waiting:
            draft = customers.send(draft, replace(letter, waiting=()), letter.waiting)
    return draft


def _tell(draft: Draft, outcome: CustomersMailed) -> Draft:
    counts = Counter(outcome.fates.values())
    bad = ", ".join(f"{counts[fate]} {words}" for fate, words in SAID.items() if counts[fate])
    what = f"mail-{outcome.version} sent to {counts[Fate.SENT]} of {len(outcome.fates)} customers"
    return draft.tell(Kind.CUSTOMERS, f"{what}; {bad}" if bad else what, because=outcome.why)


def _settled(draft: Draft, letter: Letter, outcome: CustomersMailed) -> Draft:
    waiting = _of(outcome, Fate.UNREACHABLE)
    may_try = letter.round < draft.policy.customers.rounds and draft.incident.phase is not Phase.CLOSED
    retried = waiting if may_try else ()
    lost: dict[str, Fate] = {key: f for key, f in outcome.fates.items() if f is not Fate.SENT and key not in retried}
    state = LetterState.SENDING if retried else LetterState.SENT
    draft = _keep(draft, replace(letter, state=state, waiting=retried), lost)
    if retried:
        draft = draft.due(Due.MAIL_AGAIN, draft.now + draft.policy.customers.mail_again_after)
    return _ask_a_person(draft, outcome, lost, retried) if lost else draft


def _of(outcome: CustomersMailed, fate: Fate) -> tuple[str, ...]:
    return tuple(key for key, found in outcome.fates.items() if found is fate)


def _keep(draft: Draft, letter: Letter, lost: dict[str, Fate]) -> Draft:
    known = draft.incident.customers
    kept = tuple(letter if one.version == letter.version else one for one in known.letters)
    return draft.set(customers=replace(known, letters=kept, unreached={**known.unreached, **lost}))


def _ask_a_person(draft: Draft, outcome: CustomersMailed, lost: dict[str, Fate], retried: tuple[str, ...]) -> Draft:
    """`2 of 7 customers could not be mailed`: somebody has to call them, or to mend their address."""
    what = f"{len(lost)} of {len(outcome.fates)} customers could not be mailed"
    reasons = [
        f"*{words.capitalize()}:* {whom(_keys(lost, fate))}" for fate, words in SAID.items() if _keys(lost, fate)
    ]
    at = draft.incident.due.get(Due.MAIL_AGAIN)
    if draft.incident.phase is Phase.CLOSED:
        return draft
    return cadence.post(
        draft,
        what,
        *reasons,
        f"{len(retried)} more are tried again at {clock(at)}." if retried and at else "",
        "Reach them another way, then say so; or mend the address and have it sent again.",
        commands=(
            command(draft.incident, "customers", told=sorted(lost)[:10], by="you"),
            command(draft.incident, "customers", again=sorted(lost)[:10], by="you"),
        ),
    )


def _keys(lost: dict[str, Fate], fate: Fate) -> tuple[str, ...]:
    return tuple(key for key, found in lost.items() if found is fate)
