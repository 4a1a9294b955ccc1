"""How incidents respond in these tests: the organisation's own numbers, a minute a second."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity
from runbook.response import RESPONSE, at_speed


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def quick(**changes: Any) -> ResponsePolicy:
    """`RESPONSE` at speed 60, and an alert counts as clear after one second. `changes` are fields of the policy."""
    return replace(at_speed(RESPONSE, 60), **({"repeat_interval": seconds(1)} | changes))


def blind(**changes: Any) -> Playbook:
    """A runbook entry without checks and levers: people and the alert do all the talking."""
    given: dict[str, Any] = {
        "alert": "AppDBDown",
        "severity": Severity.SEV1,
        "domain": "database",
        "owner": "DB on-call",
        "means": "Customers cannot work.",
    }
    return Playbook(**(given | changes))
