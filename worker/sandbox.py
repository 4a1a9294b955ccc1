"""The sandbox that workflows run in: the same one in production, tests and replays."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = ("activities", "integrations", "incident.model", "runbook", "saga", "workflows.contract")
"""Loaded once for all workflows. The rules (`incident.policy`, `workflows`) stay inside, under its checks."""


def sandbox() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
