"""The app's side: jobs that were paid for, how far each is, and the metrics that tell when one is stuck (runbook §3.1).

It knows only what the providers saw, as a real app does: a saga that died looks like one that makes no progress.
"""

import time

from gameday.provisioning.contract import STEPS
from gameday.provisioning.store import Row, Store

STUCK_AFTER_S = 900.0
"""Seconds without progress. Source: runbook §3.1, "more than 15 minutes"."""
STUCK_ATTEMPTS = 8
"""Source: runbook §3.1."""
LAST_STEP = STEPS[-1]
QUIET_METRICS = {
    "tlsstress_tsu_circulating": 48211,
    "tlsstress_utxo_overspent": 0,
    "tlsstress_webhooks_stale_billing": 0,
    "tlsstress_tickets_stale_active": 0,
    "tlsstress_outbox_pending": 0,
    "tlsstress_usage_without_liveness": 0,
}


class Jobs:
    """`stuck_after_s`: 15 minutes in reality, seconds in a drill."""

    def __init__(self, store: Store, stuck_after_s: float = STUCK_AFTER_S) -> None:
        self._store, self.stuck_after_s = store, stuck_after_s

    def paid(self, job: str, customer: str, plan: str, paid_gb: int | None) -> None:
        """The checkout's record. Told twice, it stands as it was."""
        self._store.write(
            "INSERT INTO jobs (job, customer, plan, paid_gb, since) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (job) DO UPDATE SET paid_gb = coalesce(paid_gb, excluded.paid_gb)",
            *(job, customer, plan, paid_gb, time.time()),
        )

    def began(self, job: str, customer: str, plan: str, step: str) -> None:
        """A call of `step` has arrived. Calls that name no job, and undoing, are nobody's progress."""
        if not job or step not in STEPS:
            return
        self.paid(job, customer, plan, None)
        self._store.write(
            "UPDATE jobs SET attempts = CASE WHEN step = ? THEN attempts + 1 ELSE 1 END, step = ? WHERE job = ?",
            *(step, step, job),
        )

    def ended(self, job: str, step: str, error: str) -> None:
        """`error` empty: it made progress."""
        if not job or step not in STEPS:
            return
        if error:
            self._store.write("UPDATE jobs SET last_error = ? WHERE job = ?", error, job)
            return
        state = "provisioned" if step == LAST_STEP else "provisioning"
        self._store.write(
            "UPDATE jobs SET state = ?, attempts = 0, last_error = '', since = ? WHERE job = ?",
            *(state, time.time(), job),
        )

    def all(self, now: float) -> list[Row]:
        """The oldest first; state is `provisioning`, `stuck` or `provisioned`; `now`, `since`: seconds since 1970."""
        rows = self._store.rows(
            "SELECT job, customer, plan, paid_gb, state, step, attempts, since, last_error FROM jobs ORDER BY rowid"
        )
        return [row | {"state": "stuck" if self._is_stuck(row, now) else row["state"]} for row in rows]

    def hand_over(self, job: str, run: str) -> int | None:
        """The amount paid, for the first run that asks, and for nobody else."""
        self._store.write("UPDATE jobs SET handed_to = ? WHERE job = ? AND handed_to = ''", run, job)
        found = self._store.row("SELECT paid_gb FROM jobs WHERE job = ? AND handed_to = ?", job, run)
        return found["paid_gb"] if found else None

    def metrics(self, now: float) -> str:
        """Prometheus text format; the ledger's other metrics are quiet."""
        stuck = sum(job["state"] == "stuck" for job in self.all(now))
        values = {"tlsstress_provisioning_stuck": stuck} | QUIET_METRICS
        return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())

    def _is_stuck(self, row: Row, now: float) -> bool:
        if row["state"] == "provisioned":
            return False
        return bool(now - row["since"] > self.stuck_after_s or row["attempts"] >= STUCK_ATTEMPTS)
