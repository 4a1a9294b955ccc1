"""The sandbox that workflows run in."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

RULES_AND_CLIENTS = ("activities", "cryptography", "integrations", "incident", "runbook", "saga")
HELPERS = (
    "workflows.alarm",
    "workflows.contract",
    "workflows.effects",
    "workflows.listening",
    "workflows.reading",
    "workflows.starts",
    "workflows.vouching",
)
SHELLS = ("workflows.incident", "workflows.redrive", "workflows.weekly_test")
"""The workflows themselves."""


def sandbox(*, shells_inside: bool = False) -> SandboxedWorkflowRunner:
    """What is passed through is loaded once for all workflows; a house test keeps it pure (docs/decisions/0020, 0026).

    `shells_inside`: the engine's SDK watches the shells too, and executes them anew for every workflow, which was a
    third of the worker's time for a first page. The replays of histories and most tests of workflows have it so.
    """
    passed = RULES_AND_CLIENTS + HELPERS + (() if shells_inside else SHELLS)
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))
