"""Whom an unacknowledged incident is carried to (runbook §1, §2, §6), per domain and severity."""

from incident.model.escalation import Ladder, Rung
from incident.model.severity import Severity

ON_CALL = Rung(targets=("on-call",))  # runbook §2: acknowledge within 5 min
WITH_OWNER = Rung(targets=("on-call", "owner"))  # runbook §6: the domain's owner; §1: hourly from here

DEFAULT = {
    # ours: the runbook gives hourly re-pages no end; three of them unheard are three hours of a SEV-1
    Severity.SEV1: Ladder(rungs=(ON_CALL, WITH_OWNER), repeat=3),
    Severity.SEV2: Ladder(rungs=(ON_CALL, WITH_OWNER)),  # ours: no SEV-2 wakes everyone
    Severity.SEV3: Ladder(rungs=(ON_CALL,)),  # never climbed: SEV-3 pages nobody (runbook §1)
}

LADDERS: dict[str, dict[Severity, Ladder]] = {"default": DEFAULT}
"""Domain (`runbook/owners.py`) → severity → ladder; `default` is for every domain and severity that has none here."""
