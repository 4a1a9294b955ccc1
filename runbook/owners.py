"""Who owns what (runbook §6)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Owner:
    domain: str
    who: str
    path: str
    """How they work: what is special about acting in this domain."""


PROVISIONING = Owner(
    domain="provisioning",
    who="Temporal orchestrator owner",
    path="reconcile-provisioning cron; never a blind re-drive",
)
DATABASE = Owner(
    domain="database",
    who="DB on-call",
    path="in-VPC DDL via the NAT instance (SSM): temporary SG ingress and temporary secret read, both removed after",
)
LEDGER = Owner(domain="ledger", who="finance and the ledger owner", path="freeze redemptions on corruption")
EDGE = Owner(domain="edge", who="edge owner", path="WAF and DNS")
BACKUPS = Owner(domain="backups", who="DR owner", path="R2BucketPublic is a security SEV-1: close public access now")
NOBODY = Owner(domain="unknown", who="the whole team", path="no owner in runbook §6: whoever knows it best")
