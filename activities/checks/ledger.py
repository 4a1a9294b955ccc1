"""Is the data reconciled? The ledger's own metrics, all zero (runbook §2.3, §3.3)."""

import math

import httpx
from prometheus_client.parser import text_string_to_metric_families

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.http import fetch

WITHIN_S = 5.0
MOST_BYTES = 4 * 1024 * 1024
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
        url = str(outside.metrics.url)
        answer = await fetch(outside.http, url, within_s=WITHIN_S, most_bytes=MOST_BYTES, headers=headers)
    except httpx.HTTPError as error:
        return _finding(Status.UNKNOWN, f"the metrics do not answer ({type(error).__name__})", {})
    if answer.status != httpx.codes.OK:
        hint = ": was METRICS_TOKEN rotated?" if answer.status in (401, 403) else ""
        return _finding(Status.UNKNOWN, f"the metrics answered {answer.status}{hint}", {})
    if answer.cut:
        return _finding(Status.UNKNOWN, f"the metrics are longer than {MOST_BYTES // 2**20} MiB", {})
    try:
        values = _values(answer.text)
    except (ValueError, KeyError, IndexError, TypeError):  # the parser's own words for what it cannot read
        return _finding(Status.UNKNOWN, "the metrics cannot be read: not in Prometheus' text format", {})
    return _judge(values)


def _finding(status: Status, summary: str, evidence: dict[str, str]) -> Finding:
    return Finding(check="ledger", status=status, summary=summary, evidence=evidence, at=utc_now())


def _values(text: str) -> dict[str, list[float]]:
    """Each metric that counts, one value per label set. Raises ValueError, KeyError, IndexError, TypeError."""
    found: dict[str, list[float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in MUST_BE_ZERO:
                found.setdefault(sample.name, []).append(sample.value)
    return found


def _judge(values: dict[str, list[float]]) -> Finding:
    evidence = {name: f"{sum(told):g}" for name, told in values.items()}
    wrong = [
        f"{_count(values[name]):g} {words}" for name, words in MUST_BE_ZERO.items() if _count(values.get(name, []))
    ]
    unseen = [name for name in MUST_BE_ZERO if not values.get(name) or any(map(math.isnan, values[name]))]
    if wrong:
        return _finding(Status.BAD, ", ".join(wrong), evidence)
    if unseen:
        return _finding(Status.UNKNOWN, f"absent: {', '.join(unseen)}", evidence)
    return _finding(Status.OK, "no stuck job, no overspent UTXO, no stale billing webhook", evidence)


def _count(told: list[float]) -> float:
    """How many, over all label sets; NaN counts none. A negative one is as wrong, and must not make up for another."""
    return sum(abs(value) for value in told if not math.isnan(value))
