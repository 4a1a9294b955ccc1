"""Which open incident a person means who has only a part of its id, or nothing, at hand."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from workflows.contract import WORKFLOW_TYPE

OPEN = f"WorkflowType='{WORKFLOW_TYPE}' AND ExecutionStatus='Running'"
WITHIN = timedelta(seconds=5)
MOST = 200
MOST_NAMED = 10


class NotOne(Exception):
    """None, or more than one. The message says which there are."""


async def open_incidents(client: Client) -> list[str]:
    """Their ids, in order. Raises NotOne where the engine does not answer."""
    try:
        runs = client.list_workflows(OPEN, limit=MOST, rpc_timeout=WITHIN)
        return sorted({run.id async for run in runs})
    except (RPCError, RuntimeError):
        raise NotOne("the engine does not answer: nobody can tell which incidents are open") from None


def named(part: str, ids: list[str]) -> str:
    """The one of `ids` that `part` names, whole or in part (case does not matter); empty: none, or several."""
    if part in ids:
        return part
    matching = [known for known in ids if part and part.lower() in known.lower()]
    return matching[0] if len(matching) == 1 else ""


def called(word: str, ids: list[str]) -> str:
    """The one whose alert, or whole id, is `word`: in a sentence, a part of an id proves nothing. Empty: none."""
    matching = [known for known in ids if word.lower() in _names(known)]
    return matching[0] if len(matching) == 1 else ""


def _names(incident: str) -> tuple[str, ...]:
    bare = incident.lower().removeprefix("incident-")
    return (incident.lower(), bare, bare.split("-", 1)[0])


def only(ids: list[str]) -> str:
    """The only one there is. Raises NotOne naming what there is."""
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise NotOne("no incident is open")
    more = f"\n… and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    listed = "".join(f"\n• {known}" for known in ids[:MOST_NAMED])
    raise NotOne(f"which one? Say a part of its id:{listed}{more}")
