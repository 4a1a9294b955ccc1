"""The parts of README.md that are generated from the code: `python -m tests.house.regenerate` writes them anew.

Each stands between `<!-- name -->` and `<!-- /name -->`; `test_readme.py` compares.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cli.lines import signal_line, update_line
from cli.people import COMMANDS
from incident.model.messages import MESSAGES
from incident.policy.lifecycle import as_mermaid
from integrations.settings import AppSettings
from runbook.catalog import catalogue
from worker.settings import PREFIX, Settings, default_home

README = Path(__file__).parents[2] / "README.md"
INCIDENT = "incident-AppDBDown-app.tlsstress.art"
EXAMPLES: dict[str, dict[str, Any]] = {
    "ack": {"by": "ana"},
    "unack": {"why": "my train goes into a tunnel", "by": "ana"},
    "escalate": {"why": "it needs somebody who knows DNS", "to": "rotation:edge", "by": "ana"},
    "resolve": {"by": "ana", "note": "pool rebuilt"},
    "note": {"hypothesis": "the password was rotated at 03:10", "by": "ana"},
    "severity": {"severity": "SEV-2", "why": "only exports are hurt", "by": "ana"},
    "take": {"role": "scribe", "by": "bo"},
    "assign": {"role": "ic", "to": "ana", "by": "bo"},
    "approve": {"proposal": "redeploy_app-1", "by": "ana"},
    "reject": {"proposal": "redeploy_app-1", "by": "ana", "why": "self-heal is at it"},
    "mitigated": {"by": "ana", "how": "rolled back the last deploy"},
    "confirm": {"criterion": "durable", "evidence": "rotation restarts the app now", "by": "ana"},
    "postmortem": {"url": "https://wiki.example.org/pm/42", "by": "ana"},
    "action_item": {"what": "alert on deep readiness", "owner": "ana", "due": "2026-07-01", "by": "ana"},
    "customers": {"affected": ["acme", "globex"], "by": "ana"},
    "refund": {"proposal": "refund_path-1", "answer": "refunded", "reference": "INV-12", "by": "fin", "of": "finance"},
    "alert": {"status": "resolved"},
}
"""What a person would type. `alert` has no command and no update: machines tell it, and now and then a hand."""
ALERT_MEANS = "The alert cleared, or fires again. The bridge sends it; you do for an incident typed by hand."


def signals() -> str:
    """Every signal: what it does, what to put into the Web UI's form, and the command of ours."""
    means = {command.__name__: inspect.getdoc(command) or "" for command in COMMANDS}
    rows = ["| signal | what it does | Web UI: *Data* | `incidents` |", "|---|---|---|---|"]
    for name in (*MESSAGES, "alert"):
        first, _, rest = (means.get(name) or ALERT_MEANS).partition("\n")
        command = re.search(r"Example: (.+)", rest)
        rows.append(f"| `{name}` | {first} | `{_json(EXAMPLES[name])}` | {_code(command[1]) if command else ''} |")
    return "\n".join(rows)


def lines() -> str:
    """The same for a terminal, once as a signal and once as an update."""
    told = [signal_line(INCIDENT, name, EXAMPLES[name]) for name in (*MESSAGES, "alert")]
    asked = [update_line(INCIDENT, name, EXAMPLES[name]) for name in MESSAGES]
    title = "# {}\n{}"
    told_block = title.format("signals: kept by the engine, not answered", "\n".join(told))
    asked_block = title.format("updates: answered yes or no, with the reason", "\n".join(asked))
    return f"```sh\n{told_block}\n```\n\n```sh\n{asked_block}\n```"


def alerts() -> str:
    """The alerts the runbook has an entry for."""
    rows = ["| alert | severity | owner | checks | levers |", "|---|---|---|---|---|"]
    for name, known in catalogue().items():
        single = (known.impact_check, known.automation_check, known.journey_check, known.data_check)
        checks = dict.fromkeys(check for check in (*known.checks, *single) if check)
        levers = [f"`{use.lever}` ({use.approval.replace('_', ' ')})" for use in known.levers]
        listed = ", ".join(map(_code, checks)), ", ".join(levers) or "none"
        rows.append(f"| `{name}` | {known.severity} | {known.owner} | {listed[0]} | {listed[1]} |")
    return "\n".join(rows)


def settings() -> str:
    """Every environment name of the settings model."""
    rows = ["| environment | default | what for |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {_default(field)} | {_one_line(field.description)} |" for name, field in fields(Settings, PREFIX)
    ]
    return "\n".join(rows)


def _one_line(text: str | None) -> str:
    """A row that is broken ends the table."""
    return " ".join((text or "").split())


def apps() -> str:
    """What one entry of INCIDENTS_APPS may hold."""
    rows = ["| field | default | what for |", "|---|---|---|"]
    rows += [f"| `{n}` | {_default(f)} | {_one_line(f.description)} |" for n, f in AppSettings.model_fields.items()]
    return "\n".join(rows)


def fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    """Environment name and field of every setting, those of nested models too."""
    for name, field in model.model_fields.items():
        kind, full = field.annotation, f"{prefix}{name}".upper()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields(kind, f"{full}__")
        else:
            yield full, field


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    made = field.default_factory
    if made is default_home:
        return "`~/.local/state/incidents`"  # the machine's own would change the README
    value = made() if made else field.default  # type: ignore[call-arg]
    if value in (None, "", []):
        return "none"
    if isinstance(value, tuple):
        return _code(json.dumps(value))
    if isinstance(value, list):
        return _code(json.dumps([item.model_dump(exclude_defaults=True) for item in value]))
    return _code(str(value).rstrip("/"))


def _json(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False)


def _code(text: str) -> str:
    return f"`{text}`"


BLOCKS: dict[str, Callable[[], str]] = {
    "lifecycle": lambda: f"```mermaid\n{as_mermaid()}\n```",
    "alerts": alerts,
    "signals": signals,
    "lines": lines,
    "settings": settings,
    "apps": apps,
}


def regenerated(text: str) -> str:
    """The README with every generated part as it should be. Raises KeyError for a mark nobody generates."""

    def anew(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- {name} -->\n\n{BLOCKS[name]()}\n\n<!-- /{name} -->"

    return re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", anew, text, flags=re.DOTALL)


if __name__ == "__main__":
    README.write_text(regenerated(README.read_text()))
