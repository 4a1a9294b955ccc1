"""Where the story of an incident is read: Temporal's Web UI."""

from dataclasses import dataclass
from urllib.parse import quote

from temporalio import activity


@dataclass(frozen=True)
class Links:
    web_ui: str

    def here(self) -> str:
        """The page of the run this activity belongs to."""
        info = activity.info()
        return self.history(info.namespace, info.workflow_id or "", info.workflow_run_id or "")

    def history(self, namespace: str, workflow_id: str, run_id: str = "") -> str:
        """The page of one run; without `run_id`, of the incident."""
        base = f"{self.web_ui.rstrip('/')}/namespaces/{quote(namespace)}/workflows/{quote(workflow_id, safe='')}"
        return f"{base}/{quote(run_id)}/history" if run_id else base
