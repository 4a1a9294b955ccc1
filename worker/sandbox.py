"""The sandbox that workflows run in: the same one in production, tests and replays."""

import compileall
from importlib import import_module
from pathlib import Path

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "activities",
    "cryptography",
    "integrations",
    "incident",
    "runbook",
    "saga",
    "workflows.alarm",
    "workflows.contract",
    "workflows.effects",
    "workflows.listening",
    "workflows.reading",
    "workflows.starts",
    "workflows.vouching",
)
"""Loaded once for all workflows. The rules (`incident`) and the shells' helpers need no check of the sandbox: they are
pure, and a house test keeps them so; inside, all of them would be executed again for every incident
(docs/decisions/0020). The shells themselves (`workflows.incident`, `workflows.redrive`) stay inside.
"""

INSIDE = ("workflows",)
"""Packages with modules that are loaded anew for every workflow."""


def compile_inside() -> None:
    """Have their byte code on disk: where Python is told to write none, each incident would compile all of it again.

    A folder that cannot be written is no reason to stop: then it is only slower.
    """
    for package in INSIDE:
        compileall.compile_dir(Path(import_module(package).__file__ or "").parent, quiet=2)


def sandbox() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
