"""Does the customer have what was paid for? Everything is there, once, and fits together."""

from dataclasses import dataclass

from gameday.provisioning.providers import Providers


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    words: str


async def tenant_health(providers: Providers, customer: str) -> list[Check]:
    """One line each for deployment, quota, database, DNS and billing."""
    live = [row["id"] for row in providers.deployments(customer) if not row["released"]]
    return [
        Check("deployment", len(live) == 1, ", ".join(live) or "none"),
        _quota(providers, customer),
        await _database(providers, customer),
        _dns(providers, customer, live),
        _billing(providers, customer, live),
    ]


def _quota(providers: Providers, customer: str) -> Check:
    """As much as the job says was paid; where no job says, anything but nothing."""
    has, paid = providers.quota(customer) or 0, paid_gb(providers, customer)
    return Check("quota", has > 0 if paid is None else has == paid, f"{has} GB")


def paid_gb(providers: Providers, customer: str) -> int | None:
    """What the customer paid for; None: no job says."""
    found = providers.store.row(
        "SELECT paid_gb FROM jobs WHERE customer = ? AND paid_gb IS NOT NULL ORDER BY since DESC", customer
    )
    return int(found["paid_gb"]) if found else None


async def _database(providers: Providers, customer: str) -> Check:
    """One a region, and the tenant can log in to each."""
    rows = providers.databases(customer)
    once = len({row["region"] for row in rows}) == len(rows) > 0
    answering = [await providers.tenants.answers(row["name"]) for row in rows]
    return Check("database", once and all(answering), ", ".join(row["name"] for row in rows) or "none")


def _dns(providers: Providers, customer: str, live: list[str]) -> Check:
    records = providers.dns(customer)
    fits = bool(records) and all([record["target"]] == live for record in records)
    return Check("dns", fits, ", ".join(f"{r['name']} → {r['target']}" for r in records) or "none")


def _billing(providers: Providers, customer: str, live: list[str]) -> Check:
    active = [row for row in providers.activations(customer) if not row["cancelled"]]
    fits = len(active) == 1 and [active[0]["deployment"]] == live
    return Check("billing", fits, ", ".join(row["id"] for row in active) or "none")
