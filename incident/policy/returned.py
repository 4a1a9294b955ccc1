"""A mail that was taken and comes back later: on the timeline, and a person for the customer it did not reach.

Whoever says so, it is one fact for each mail and customer: said again it changes nothing. Many come back within
minutes, so the thread asks once, and then for all of the next while together.
"""

from dataclasses import replace

from incident.model.customers import Fate, LetterState
from incident.model.incident import Due, Incident, Phase
from incident.model.messages import TellCustomers
from incident.model.timeline import Kind
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.letters import whom
from incident.policy.texts import command


def came_back(draft: Draft, message: TellCustomers) -> Draft:
    """Those it is not known of yet are told, and looked after. `refusal` has been asked."""
    version = _version(draft.incident, message)
    known = draft.incident.customers
    fresh = tuple(dict.fromkeys(key for key in message.bounced if known.returned.get(key, 0) < version))
    if not fresh:
        return draft
    known = replace(
        known,
        returned=known.returned | dict.fromkeys(fresh, version),
        unreached=known.unreached | dict.fromkeys(fresh, Fate.BOUNCED),
        returned_untold=(*known.returned_untold, *(key for key in fresh if key not in known.returned_untold)),
    )
    what = f"mail-{version} came back from {whom(fresh)}"
    draft = draft.set(customers=known).tell(Kind.CUSTOMERS, what, because=message.code, by=message.by)
    return draft if Due.RETURNED in draft.incident.due else ask(draft)


def ask(draft: Draft) -> Draft:
    """In the thread, for all that came back since it last asked and that nobody has told yet."""
    known = draft.incident.customers
    left = tuple(key for key in known.returned_untold if known.unreached.get(key) is Fate.BOUNCED)
    draft = draft.set(customers=replace(known, returned_untold=()))
    if not left:
        return draft
    if draft.incident.phase is not Phase.CLOSED:
        draft = draft.due(Due.RETURNED, draft.now + draft.policy.customers.mail_again_after)
    return cadence.post(
        draft,
        f"a mail came back from {whom(left)}",
        "Reach them another way, then say so; or mend the address and have it sent again.",
        commands=(
            command(draft.incident, "customers", told=sorted(left)[:10], by="you"),
            command(draft.incident, "customers", again=sorted(left)[:10], by="you"),
        ),
    )


def closing(draft: Draft) -> Draft:
    """Nothing comes due any more: whoever is still to be told of is told of now."""
    return ask(draft) if draft.incident.phase is Phase.CLOSED and draft.incident.customers.returned_untold else draft


def refusal(incident: Incident, message: TellCustomers) -> str:
    """Why nothing can have come back; empty: it can."""
    if not message.bounced:
        return ""
    version, newest = _version(incident, message), incident.customers.versions
    if not version:
        return "no mail was sent yet"
    return f"there is no mail-{version}" if version > newest else ""


def _version(incident: Incident, message: TellCustomers) -> int:
    """Of the mail that is named, else of the newest that went out; 0: none did."""
    if message.mail:
        return int(message.mail.removeprefix("mail-"))
    gone = (LetterState.SENDING, LetterState.SENT)
    return max((one.version for one in incident.customers.letters if one.state in gone), default=0)
