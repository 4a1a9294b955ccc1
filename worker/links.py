"""Where an incident's story is read: the address of Temporal's Web UI."""

from urllib.parse import quote


def history_link(web_ui: str, namespace: str, workflow_id: str, run_id: str) -> str:
    """The page of one run; without `run_id`, of the current one."""
    base = f"{web_ui.rstrip('/')}/namespaces/{quote(namespace)}/workflows/{quote(workflow_id, safe='')}"
    return f"{base}/{quote(run_id)}/history" if run_id else base
