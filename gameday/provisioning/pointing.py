"""What points the product at this platform: the variables of `integrations.settings.ProvisioningSettings`.

Which look-ups there must be, the runbook says (`runbook/provisioning.py`); where each is, only the platform knows.
"""

import json

from gameday.provisioning.contract import SCHEDULE_ID, WORKFLOW_TYPE
from gameday.provisioning.doors import TOKEN

LOOKUPS = {
    "deployments": "/deployments?customer={key}",
    "quotas": "/quotas/{key}",
    "databases": "/databases/{key}",
    "dns": "/dns/{key}",
    "billing": "/billing/activations?customer={key}",
    "mails": "/mails?customer={key}",
    "tenants": "/tenants/{key}/health",
}


def environment(base: str, address: str, namespace: str) -> dict[str, str]:
    """`base`: of the platform's HTTP; `address`: of the engine that runs its sagas."""
    return {
        "INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS": address,
        "INCIDENTS_PROVISIONING__NAMESPACE": namespace,
        "INCIDENTS_PROVISIONING__WORKFLOW_TYPE": WORKFLOW_TYPE,
        "INCIDENTS_PROVISIONING__SCHEDULE_ID": SCHEDULE_ID,
        "INCIDENTS_PROVISIONING__JOBS_URL": f"{base}/jobs",
        "INCIDENTS_PROVISIONING__LOOKUPS": json.dumps({name: f"{base}{path}" for name, path in LOOKUPS.items()}),
        "INCIDENTS_PROVISIONING__TOKEN": TOKEN,
    }
