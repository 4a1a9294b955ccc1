"""What people say to an incident: one command for each message of `incident/model/messages.py`.

Each is the update of the same name, so it is answered; `--signal` leaves it with the engine instead, for a time when no
worker runs.
"""

import getpass
import shlex
from typing import Annotated, Any

import typer
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from cli.connect import PATIENCE, SayNo, ask, open_id
from incident.model.incident import Criterion
from incident.model.refund import RefundAnswer
from incident.model.role import Role
from incident.model.severity import Severity
from worker.settings import Settings

Payload = dict[str, Any]


def whoami() -> str:
    """This machine's user: the default of `--by`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a passwd entry
        return "someone"


ID = Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or a part of it that only one has.")]
By = Annotated[str, typer.Option("--by", default_factory=whoami, help="Who says so.", show_default="you")]
Signal = Annotated[bool, typer.Option("--signal", help="Leave it with the engine; nobody answers.")]


def tell(part: str, name: str, payload: Payload, *, signal: bool) -> None:
    """Say it and print the answer. Raises SayNo where it was refused, or nobody answered."""
    said = {key: value for key, value in payload.items() if value not in ("", False, 0, [])}

    async def work(client: Client, _: Settings) -> str:
        workflow_id = await open_id(client, part)
        return await (_signal if signal else _update)(client, workflow_id, name, said)

    typer.echo(ask(work))


async def _update(client: Client, workflow_id: str, name: str, said: Payload) -> str:
    handle = client.get_workflow_handle(workflow_id)
    try:
        answer: str = await handle.execute_update(name, said, result_type=str, rpc_timeout=PATIENCE)
        return answer
    except WorkflowUpdateFailedError as refused:
        raise SayNo(str(getattr(refused.cause, "message", refused.cause))) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise SayNo(_nobody_answers(workflow_id, name)) from None
    except RPCError as error:
        raise _no(error, workflow_id, name) from None


async def _signal(client: Client, workflow_id: str, name: str, said: Payload) -> str:
    try:
        await client.get_workflow_handle(workflow_id).signal(name, said, rpc_timeout=PATIENCE)
    except RPCError as error:
        raise _no(error, workflow_id, name) from None
    return f"{name} is with the engine; {workflow_id} takes it as soon as a worker runs (see `incidents show`)"


def _no(error: RPCError, workflow_id: str, name: str) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        return SayNo(
            f"{workflow_id} is closed: it takes no {name} any more (`incidents show {shlex.quote(workflow_id)}`)"
        )
    if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.UNAVAILABLE):
        return SayNo(_nobody_answers(workflow_id, name))
    return error


def _nobody_answers(workflow_id: str, name: str) -> str:
    return (
        f"no answer from {workflow_id} in {PATIENCE.total_seconds():.0f} s: whether it took the {name} is unknown.\n"
        "Most likely no worker runs: start one with `incidents worker` and look with `incidents doctor`.\n"
        "Or repeat the command with --signal: the engine then keeps it until a worker is back."
    )


def ack(part: ID, by: By, signal: Signal = False) -> None:
    """You have it: the pager stops.

    Example: incidents ack AppDBDown --by ana
    """
    tell(part, "ack", {"by": by}, signal=signal)


def unack(
    part: ID,
    why: Annotated[str, typer.Argument(help="Why you cannot keep it.")],
    by: By,
    signal: Signal = False,
) -> None:
    """You no longer have it: people are paged again, from the first one on.

    Example: incidents unack AppDBDown "my train goes into a tunnel" --by ana
    """
    tell(part, "unack", {"why": why, "by": by}, signal=signal)


def escalate(
    part: ID,
    why: Annotated[str, typer.Argument(help="Why those at work are not enough.")],
    by: By,
    *,
    to: Annotated[str, typer.Option(help="owner, everyone, rotation:NAME, or a person's key.")] = "owner",
    signal: Signal = False,
) -> None:
    """Wake somebody else, at any hour: the owner, everyone, a rotation or a person.

    Example: incidents escalate AppDBDown "it needs somebody who knows DNS" --to rotation:edge
    """
    tell(part, "escalate", {"why": why, "to": to, "by": by}, signal=signal)


def resolve(
    part: ID,
    by: By,
    note: Annotated[str, typer.Option(help="What was done.")] = "",
    signal: Signal = False,
) -> None:
    """Ask to resolve. Too early is remembered; the answer says what is still missing.

    Example: incidents resolve AppDBDown --note "pool rebuilt"
    """
    tell(part, "resolve", {"by": by, "note": note}, signal=signal)


def note(
    part: ID,
    text: Annotated[str, typer.Argument(help="What you saw, or what you think.")],
    by: By,
    hypothesis: Annotated[bool, typer.Option("--hypothesis", help="It is the team's working hypothesis.")] = False,
    signal: Signal = False,
) -> None:
    """Write a line on the timeline.

    Example: incidents note AppDBDown "the password was rotated at 03:10" --hypothesis
    """
    tell(part, "note", {"text": text, "by": by, "hypothesis": hypothesis}, signal=signal)


def severity(
    part: ID,
    value: Annotated[Severity, typer.Argument(metavar="SEV-1|SEV-2|SEV-3", case_sensitive=False)],
    why: Annotated[str, typer.Option(help="What customers or money lose, or no longer lose.")],
    by: By,
    signal: Signal = False,
) -> None:
    """Set the severity, up or down, by impact.

    Example: incidents severity AppDBDown SEV-1 --why "nobody can log in"
    """
    tell(part, "severity", {"severity": value.value, "why": why, "by": by}, signal=signal)


def take(
    part: ID,
    role: Annotated[Role, typer.Argument(case_sensitive=False)],
    by: By,
    signal: Signal = False,
) -> None:
    """Take a role yourself. Whoever has it now hands it over, with a summary in the thread.

    Example: incidents take AppDBDown scribe --by ana
    """
    tell(part, "take", {"role": role.value, "by": by}, signal=signal)


def assign(
    part: ID,
    role: Annotated[Role, typer.Argument(case_sensitive=False)],
    to: Annotated[str, typer.Argument(metavar="WHO")],
    by: By,
    signal: Signal = False,
) -> None:
    """Give somebody a role.

    Example: incidents assign AppDBDown ic ana
    """
    tell(part, "assign", {"role": role.value, "to": to, "by": by}, signal=signal)


Proposal = Annotated[str, typer.Argument(metavar="[PROPOSAL]", help="Which plan; may be left out when only one waits.")]
Why = Annotated[str, typer.Option(help="Your reason, for the timeline.")]


Of = Annotated[str, typer.Option("--of", help="For whom you speak, where a plan is theirs to decide: finance.")]


def approve(part: ID, by: By, proposal: Proposal = "", *, why: Why = "", of: Of = "", signal: Signal = False) -> None:
    """Let a proposed lever go ahead.

    Example: incidents approve AppDBDown redeploy_app-1
    """
    tell(part, "approve", {"proposal": proposal, "by": by, "why": why, "of": of}, signal=signal)


def reject(part: ID, by: By, proposal: Proposal = "", *, why: Why = "", of: Of = "", signal: Signal = False) -> None:
    """Turn a proposed lever down.

    Example: incidents reject AppDBDown redeploy_app-1 --why "self-heal is already at it"
    """
    tell(part, "reject", {"proposal": proposal, "by": by, "why": why, "of": of}, signal=signal)


def mitigated(
    part: ID,
    by: By,
    how: Annotated[str, typer.Option(help="What stopped it.")] = "",
    signal: Signal = False,
) -> None:
    """Customers are no longer hurt.

    Example: incidents mitigated AppDBDown --how "rolled back the last deploy"
    """
    tell(part, "mitigated", {"by": by, "how": how}, signal=signal)


def confirm(
    part: ID,
    criterion: Annotated[Criterion, typer.Argument(case_sensitive=False)],
    evidence: Annotated[str, typer.Argument(help="How you know.")],
    by: By,
    signal: Signal = False,
) -> None:
    """Give your word that a resolve criterion holds.

    Example: incidents confirm AppDBDown durable "rotation now restarts the app"
    """
    tell(part, "confirm", {"criterion": criterion.value, "evidence": evidence, "by": by}, signal=signal)


def postmortem(
    part: ID,
    url: Annotated[str, typer.Argument(help="Where it is published.")],
    by: By,
    signal: Signal = False,
) -> None:
    """The postmortem is published: the incident closes.

    Example: incidents postmortem AppDBDown https://wiki.example.org/pm/42
    """
    tell(part, "postmortem", {"url": url, "by": by}, signal=signal)


def action_item(
    part: ID,
    what: Annotated[str, typer.Argument(help="What is to be done.")],
    by: By,
    *,
    owner: Annotated[str, typer.Option(help="Who does it.")] = "",
    due: Annotated[str, typer.Option(help="Until when, as 2026-07-01.")] = "",
    url: Annotated[str, typer.Option(help="Where it is tracked.")] = "",
    signal: Signal = False,
) -> None:
    """File a follow-up. It also meets the criterion "durable".

    Example: incidents action-item AppDBDown "alert on deep readiness" --owner ana --due 2026-07-01
    """
    payload: Payload = {"what": what, "owner": owner, "due": due, "url": url, "by": by}
    tell(part, "action_item", payload, signal=signal)


def customers(
    part: ID,
    by: By,
    *,
    affected: Annotated[list[str], typer.Option(help="Customer's key; may be repeated.", default_factory=list)],
    count: Annotated[int, typer.Option(help="How many, where nobody knows who.")] = 0,
    text: Annotated[str, typer.Option(help="What the next mail to them says.")] = "",
    again: Annotated[list[str], typer.Option(help="Write to this one again.", default_factory=list)],
    told: Annotated[list[str], typer.Option(help="This one was told by other means.", default_factory=list)],
    bounced: Annotated[list[str], typer.Option(help="The newest mail to this one came back.", default_factory=list)],
    signal: Signal = False,
) -> None:
    """Say which customers are hurt, or what the next mail to them says. By key, never by address.

    Example: incidents customers ProvisioningJobsStuck --affected acme --affected globex
    """
    payload: Payload = {
        "affected": affected, "count": count, "text": text,
        "again": again, "told": told, "bounced": bounced, "by": by,
    }  # fmt: skip
    tell(part, "customers", payload, signal=signal)


def refund(
    part: ID,
    answer: Annotated[RefundAnswer, typer.Argument(case_sensitive=False)],
    by: By,
    *,
    proposal: Annotated[str, typer.Option(help="Which request; may be left out when only one waits.")] = "",
    reference: Annotated[str, typer.Option(help="Where it is booked.")] = "",
    of: Of = "",
    signal: Signal = False,
) -> None:
    """Tell what finance did about a refund it was asked for: finance's own people say it.

    Example: incidents refund ProvisioningJobsStuck refunded --reference INV-12 --of finance
    """
    payload: Payload = {"proposal": proposal, "answer": answer.value, "reference": reference, "by": by, "of": of}
    tell(part, "refund", payload, signal=signal)


COMMANDS = (
    ack, unack, escalate, resolve, note, severity, take, assign,
    approve, reject, mitigated, confirm, postmortem, action_item,
    customers, refund,
)  # fmt: skip
"""In the order they are usually needed. `action_item` is typed `action-item`."""
