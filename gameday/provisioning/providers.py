"""The providers a tenant is made of: deployments, quotas, databases, DNS, billing, mail, reservations.

They are as unforgiving as real ones: a deployment is minted per call unless the key was seen, a quota without an amount
is 0, a mail sent twice is two mails.
"""

import re
import time
from pathlib import Path

from gameday.provisioning.faults import LOOK_UP, Faults
from gameday.provisioning.gate import NO_ANSWER, Answer, Call, Do, Gate
from gameday.provisioning.jobs import STUCK_AFTER_S, Jobs
from gameday.provisioning.store import Row, Store
from gameday.provisioning.tenant_databases import TenantDatabases

ON_CONFLICT = "database_conflict"
"""Setting: what a second `create_database` does: `refuse` answers 409, `second` makes `…_2`."""


class Providers:
    """All of them, over one store. `home` None: in memory, for tests in one process."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        databases: TenantDatabases | None = None,
        stuck_after_s: float = STUCK_AFTER_S,
    ) -> None:
        self.store = Store(home / "provisioning.db" if home else None)
        self.faults = Faults(self.store)
        self.jobs = Jobs(self.store, stuck_after_s)
        self.gate = Gate(self.store, self.faults, self.jobs)
        self.tenants = databases or TenantDatabases()

    async def start(self) -> None:
        await self.tenants.start([row["name"] for row in self.store.rows("SELECT name FROM databases")])

    async def stop(self) -> None:
        await self.tenants.stop()
        self.store.close()

    # Readers: what tests and the page look at. No fault stands before them.

    def ledger(self) -> list[Row]:
        return self.gate.ledger()

    def deployments(self, customer: str = "", key: str = "") -> list[Row]:
        """All that were ever minted, the released ones too."""
        return self.store.rows(
            "SELECT * FROM deployments WHERE (customer = ? OR ? = '') AND (key = ? OR ? = '') ORDER BY at, id",
            *(customer, customer, key, key),
        )

    def quota(self, customer: str) -> int | None:
        """GB; None: never provisioned."""
        found = self.store.row("SELECT paid_gb FROM quotas WHERE customer = ?", customer)
        return int(found["paid_gb"]) if found else None

    def databases(self, customer: str) -> list[Row]:
        return self.store.rows("SELECT * FROM databases WHERE customer = ? ORDER BY at, name", customer)

    def dns(self, customer: str) -> list[Row]:
        return self.store.rows("SELECT * FROM dns WHERE customer = ? ORDER BY name", customer)

    def activations(self, customer: str = "", key: str = "") -> list[Row]:
        return self.store.rows(
            "SELECT * FROM activations WHERE (customer = ? OR ? = '') AND (key = ? OR ? = '') ORDER BY at, id",
            *(customer, customer, key, key),
        )

    def mails(self, customer: str) -> list[Row]:
        return self.store.rows("SELECT * FROM mails WHERE customer = ? ORDER BY at, id", customer)

    # Questions over HTTP, with the fault `look_up` before them.

    async def asked(self, found: Answer, nothing: Answer) -> Answer:
        """The answer to a look-up; `nothing` is what a blind provider says."""
        fault = self.faults.take(LOOK_UP)
        if fault is None:
            return found
        stopped = await self.gate.before(fault)
        if stopped is not None:
            return stopped
        match fault.kind:
            case "blind":
                return nothing
            case "lost":
                return Answer(NO_ANSWER, None)
            case "fail_after":
                return Answer(500, {"error": "internal error"})
        return found

    # Calls that change something.

    async def mint(self, call: Call) -> Answer:
        """A new `dpl_`, or the one of this key."""

        def do() -> Answer:
            seen = self.deployments(key=call.key) if call.key else []
            if seen:
                return Answer(200, seen[0], "same")
            made = {"id": self.store.next_id("dpl"), "customer": call.customer, "plan": call.plan, "key": call.key}
            self.store.put("deployments", **made, at=time.time())
            return Answer(201, made | {"released": 0}, changed=f"minted {made['id']}")

        return await self.gate.through(call, do)

    async def set_quota(self, call: Call, paid_gb: int | None) -> Answer:
        """Without an amount it is 0: provisioning anew starts from nothing."""

        def do() -> Answer:
            before, amount = self.quota(call.customer), paid_gb or 0
            self.store.put("quotas", customer=call.customer, paid_gb=amount, at=time.time())
            changed = "" if before == amount else f"quota {'none' if before is None else before} → {amount} GB"
            return Answer(200, {"customer": call.customer, "paid_gb": amount}, changed=changed)

        return await self.gate.through(call, do)

    async def create_database(self, call: Call, region: str = "") -> Answer:
        """Not keyed: whoever calls twice gets 409, or a second one."""

        async def prepare() -> Do:
            taken = [row["name"] for row in self.databases(call.customer) if row["region"] == region]
            if taken and self.store.setting(ON_CONFLICT, "refuse") == "refuse":
                return lambda: Answer(409, {"error": f"{taken[0]} exists already"}, "refused")
            made = _tenant(call.customer, region) + (f"_{len(taken) + 1}" if taken else "")
            await self.tenants.create(made)
            return lambda: self._database_made(call.customer, region, made)

        return await self.gate.through_prepared(call, prepare)

    def _database_made(self, customer: str, region: str, name: str) -> Answer:
        made = {"name": name, "customer": customer, "region": region}
        self.store.put("databases", **made, at=time.time())
        return Answer(201, made, changed=f"created {name}")

    async def put_dns(self, call: Call, target: str, region: str = "") -> Answer:
        name = _tenant(call.customer, region).replace("_", "-") + ".example.net"

        def do() -> Answer:
            before = self.store.row("SELECT target FROM dns WHERE name = ?", name)
            record = {"name": name, "customer": call.customer, "region": region, "target": target}
            self.store.put("dns", **record, at=time.time())
            changed = "" if before and before["target"] == target else f"{name} → {target}"
            return Answer(200, record, changed=changed)

        return await self.gate.through(call, do)

    async def activate_billing(self, call: Call, deployment: str) -> Answer:
        """Enforces the key, as payment providers do."""

        def do() -> Answer:
            seen = self.activations(key=call.key) if call.key else []
            if seen and not seen[0]["cancelled"]:
                return Answer(200, seen[0], "same")
            made = {"id": self.store.next_id("act"), "customer": call.customer, "deployment": deployment}
            self.store.put("activations", **made, key=call.key, at=time.time())
            return Answer(201, made, changed=f"billing active: {made['id']}")

        return await self.gate.through(call, do)

    async def send_mail(self, call: Call, template: str) -> Answer:
        """Twice is twice, whatever the key."""

        def do() -> Answer:
            made = {"id": self.store.next_id("mail"), "customer": call.customer, "template": template}
            self.store.put("mails", **made, at=time.time())
            return Answer(201, made, changed=f"sent {made['id']}")

        return await self.gate.through(call, do)

    async def reserve(self, call: Call) -> Answer:
        """Capacity without a deployment; a deployment's own reservation has the deployment's id."""

        def do() -> Answer:
            made = {"id": self.store.next_id("res"), "customer": call.customer, "key": call.key}
            self.store.put("reservations", **made, at=time.time())
            return Answer(201, made, changed=f"reserved {made['id']}")

        return await self.gate.through(call, do)

    async def release(self, call: Call, reservation: str) -> Answer:
        """The capacity is given away; a deployment without it serves nobody."""
        table = "deployments" if reservation.startswith("dpl_") else "reservations"

        def do() -> Answer:
            found = self.store.row(f"SELECT * FROM {table} WHERE id = ?", reservation)
            if found is None:
                return Answer(404, {"error": f"no reservation {reservation}"}, "refused")
            if found["released"]:
                return Answer(200, found, "same")
            self.store.write(f"UPDATE {table} SET released = 1 WHERE id = ?", reservation)
            return Answer(200, found | {"released": 1}, changed=f"released {reservation}")

        return await self.gate.through(call, do)

    async def drop_databases(self, call: Call) -> Answer:
        async def prepare() -> Do:
            names = [row["name"] for row in self.databases(call.customer)]
            for name in names:
                await self.tenants.drop(name)
            return lambda: self._gone("databases", call.customer, names)

        return await self.gate.through_prepared(call, prepare)

    async def remove_dns(self, call: Call) -> Answer:
        return await self.gate.through(
            call, lambda: self._gone("dns", call.customer, [row["name"] for row in self.dns(call.customer)])
        )

    def _gone(self, table: str, customer: str, names: list[str]) -> Answer:
        self.store.write(f"DELETE FROM {table} WHERE customer = ?", customer)
        return Answer(200, {"removed": names}, changed=f"removed {', '.join(names)}" if names else "")

    async def cancel_billing(self, call: Call) -> Answer:
        def do() -> Answer:
            active = [row["id"] for row in self.activations(call.customer) if not row["cancelled"]]
            self.store.write("UPDATE activations SET cancelled = 1 WHERE customer = ?", call.customer)
            return Answer(200, {"cancelled": active}, changed=f"cancelled {', '.join(active)}" if active else "")

        return await self.gate.through(call, do)


def _tenant(customer: str, region: str) -> str:
    """`tenant_acme`, `tenant_acme_eu`: at most 63 characters, PostgreSQL's own limit, with room for `_2`."""
    return "_".join(["tenant", *re.findall(r"[a-z0-9]+", f"{customer} {region}".lower())])[:58]
