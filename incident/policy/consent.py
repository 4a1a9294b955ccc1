"""What a yes or a no means, for each thing that can be proposed. Who may say it is for `approvals` to judge."""

from collections.abc import Callable, Mapping
from typing import Protocol

from incident.model.incident import Aim, Incident, Proposal
from incident.policy import customers, levers, refund, status_page
from incident.policy.draft import Draft


class Word(Protocol):
    def __call__(self, draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft: ...


YES: Mapping[Aim, Word] = {
    Aim.LEVER: levers.approved,
    Aim.MAIL: customers.approved,
    Aim.STATUS_PAGE: status_page.approved,
    Aim.REFUND: refund.approved,
}
NO: Mapping[Aim, Word] = {
    Aim.LEVER: levers.rejected,
    Aim.MAIL: customers.rejected,
    Aim.STATUS_PAGE: status_page.rejected,
    Aim.REFUND: refund.rejected,
}
UNFIT: Mapping[Aim, Callable[[Incident, Proposal], str]] = {Aim.MAIL: customers.not_approvable}


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    return YES[proposal.aim](draft, proposal, by=by, why=why)


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    return NO[proposal.aim](draft, proposal, by=by, why=why)


def unfit(incident: Incident, proposal: Proposal) -> str:
    """What is wrong with it, whoever says yes; empty: nothing."""
    judge = UNFIT.get(proposal.aim)
    return judge(incident, proposal) if judge else ""
