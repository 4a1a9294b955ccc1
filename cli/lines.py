"""The exact lines a person types at Temporal's own CLI."""

import json
import shlex
from collections.abc import Mapping

from incident.policy.texts import command_line


def signal_line(workflow_id: str, name: str, payload: Mapping[str, object]) -> str:
    """`temporal workflow signal …`, quoted for a shell: told, kept by the engine, not answered."""
    return command_line(workflow_id, name, dict(payload))


def update_line(workflow_id: str, name: str, payload: Mapping[str, object]) -> str:
    """`temporal workflow update execute …`, quoted for a shell: answered yes or no, with the reason."""
    body = f" --input {shlex.quote(json.dumps(dict(payload), ensure_ascii=False))}" if payload else ""
    return f"temporal workflow update execute -w {shlex.quote(workflow_id)} --name {name}{body}"
