"""How bad an incident is, by customer and money impact (runbook §1)."""

from enum import StrEnum


class Severity(StrEnum):
    """The incident's severity. Not the alert's `critical|warning|info` label."""

    SEV1 = "SEV-1"
    SEV2 = "SEV-2"
    SEV3 = "SEV-3"

    @property
    def raised(self) -> "Severity":
        """One step worse; SEV-1 stays SEV-1."""
        return {Severity.SEV3: Severity.SEV2}.get(self, Severity.SEV1)


def from_label(label: str) -> Severity:
    """The severity of an alert the runbook does not know: critical SEV-1, warning SEV-2, else SEV-3 (runbook §1)."""
    return {"critical": Severity.SEV1, "warning": Severity.SEV2}.get(label.lower(), Severity.SEV3)
