"""Is the data reconciled? The ledger's own metrics, all zero (runbook §2.3, §3.3)."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now

MUST_BE_ZERO = {
    "tlsstress_provisioning_stuck": "stuck provisioning jobs",
    "tlsstress_utxo_overspent": "overspent UTXOs",
    "tlsstress_webhooks_stale_billing": "stale billing webhooks",
}


async def check(ask: Ask, outside: Outside) -> Finding:
    """A metric that is absent is unknown: being blind is not being fine (runbook §3.3, TokenLedgerScrapeDown)."""
    if outside.metrics.url is None:
        return _finding(Status.UNKNOWN, "no ledger metrics are set: set INCIDENTS_METRICS__URL", {})
    token = outside.metrics.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    try:
        answer = await outside.http.get(str(outside.metrics.url), headers=headers)
    except httpx.HTTPError as error:
        return _finding(Status.UNKNOWN, f"the metrics do not answer ({type(error).__name__})", {})
    if answer.is_error:
        hint = ": was METRICS_TOKEN rotated?" if answer.status_code in (401, 403) else ""
        return _finding(Status.UNKNOWN, f"the metrics answered {answer.status_code}{hint}", {})
    try:
        values = _values(answer.text)
    except ValueError:
        return _finding(Status.UNKNOWN, "the metrics cannot be read: not in Prometheus' text format", {})
    return _judge(values)


def _finding(status: Status, summary: str, evidence: dict[str, str]) -> Finding:
    return Finding(check="ledger", status=status, summary=summary, evidence=evidence, at=utc_now())


def _values(text: str) -> dict[str, float]:
    """The sum over all label sets of each metric that counts. Raises ValueError."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in MUST_BE_ZERO:
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def _judge(values: dict[str, float]) -> Finding:
    evidence = {name: f"{value:g}" for name, value in values.items()}
    wrong = [f"{values[name]:g} {words}" for name, words in MUST_BE_ZERO.items() if values.get(name, 0.0) != 0.0]
    absent = [name for name in MUST_BE_ZERO if name not in values]
    if wrong:
        return _finding(Status.BAD, ", ".join(wrong), evidence)
    if absent:
        return _finding(Status.UNKNOWN, f"absent: {', '.join(absent)}", evidence)
    return _finding(Status.OK, "no stuck job, no overspent UTXO, no stale billing webhook", evidence)
