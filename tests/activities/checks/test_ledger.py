"""Is the data reconciled? Zero is ok, more is bad, and what cannot be seen is unknown (runbook §2.3, §3.3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import HttpUrl, SecretStr

from activities.checks.ledger import check
from gameday.world.launch import RunningWorld
from incident.model.finding import Finding, Status
from integrations.settings import MetricsSettings
from tests.activities.practice import ask, outside, practice
from tests.integrations.servers import Server, hanging, head

ZERO = "tlsstress_provisioning_stuck 0\ntlsstress_utxo_overspent 0\ntlsstress_webhooks_stale_billing 0\n"


async def scraped(text: str) -> Finding:
    raw = text.encode()
    async with Server(said=head(200, "Content-Type: text/plain", length=len(raw)) + raw) as server:
        return await check(ask(), outside(metrics=MetricsSettings(url=HttpUrl(server.url), token=SecretStr("t"))))


async def test_a_reconciled_ledger_is_ok(world: RunningWorld) -> None:
    """The app's own metrics, for whoever has the token."""
    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.evidence["tlsstress_utxo_overspent"]) == (Status.OK, "0")


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        pytest.param("ledger_stuck", Status.BAD, "1 stuck provisioning jobs", id="a paid customer without a tenant"),
        pytest.param(
            "metrics_absent", Status.UNKNOWN, "absent: tlsstress_provisioning_stuck", id="no metrics, no news"
        ),
        pytest.param(
            "metrics_unauthorized", Status.UNKNOWN, "answered 401: was METRICS_TOKEN rotated?", id="the token"
        ),
    ],
)
async def test_what_the_ledger_says_is_told(world: RunningWorld, fault: str, status: Status, words: str) -> None:
    """Blind is not fine (TokenLedgerScrapeDown)."""
    world.fault(fault)

    finding = await check(ask(), practice(world.env))

    assert (finding.status, words in finding.summary) == (status, True)


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        pytest.param(ZERO, Status.OK, "no stuck job", id="all zero"),
        pytest.param(ZERO.replace("stuck 0", "stuck 2"), Status.BAD, "2 stuck provisioning jobs", id="two are stuck"),
        pytest.param(ZERO.replace("overspent 0", "overspent 1e0"), Status.BAD, "1 overspent UTXOs", id="corruption"),
        pytest.param(
            ZERO.replace("stuck 0", "stuck NaN"),
            Status.UNKNOWN,
            "absent: tlsstress_provisioning_stuck",
            id="not a number",
        ),
        pytest.param(ZERO.replace("stuck 0", "stuck +Inf"), Status.BAD, "inf stuck", id="without end"),
        pytest.param(
            ZERO.replace("stuck 0", 'stuck{a="1"} 3\ntlsstress_provisioning_stuck{a="2"} -3'),
            Status.BAD,
            "6 stuck",
            id="one must not make up for another",
        ),
        pytest.param(
            ZERO.replace("stuck 0", 'stuck{a="1"} NaN\ntlsstress_provisioning_stuck{a="2"} 3'),
            Status.BAD,
            "3 stuck",
            id="what is seen counts",
        ),
        pytest.param(
            ZERO.replace("tlsstress_utxo_overspent 0\n", ""),
            Status.UNKNOWN,
            "absent: tlsstress_utxo_overspent",
            id="one is missing",
        ),
        pytest.param("", Status.UNKNOWN, "absent: ", id="nothing"),
        pytest.param(
            "<html><body>Sign in</body></html>", Status.UNKNOWN, "not in Prometheus' text format", id="a login page"
        ),
        pytest.param(ZERO + "x{", Status.UNKNOWN, "not in Prometheus' text format", id="cut short"),
    ],
)
async def test_a_metric_counts_as_the_alert_would_count_it(text: str, status: Status, words: str) -> None:
    """Runbook §3.3: `> 0` is an alert, absent is another."""
    finding = await scraped(text)

    assert (finding.status, words in finding.summary) == (status, True), finding.summary


@settings(max_examples=40)  # each is a request
@given(text=st.one_of(st.text(max_size=200), st.text(alphabet='tlsx_{}="\\#,. 0123456789\nNTYPEHELabc', max_size=200)))
async def test_no_garbage_is_ever_ok(text: str) -> None:
    """Whatever answers at that address, it is not the ledger."""
    assert (await scraped(text)).status is Status.UNKNOWN


async def test_the_token_is_sent_and_never_told() -> None:
    """As a bearer; a refusal does not repeat it."""
    async with Server(said=head(403, length=0)) as server:
        metrics = MetricsSettings(url=HttpUrl(server.url), token=SecretStr("hush"))
        finding = await check(ask(), outside(metrics=metrics))

    assert "Authorization: Bearer hush" in server.asked[0]
    assert "hush" not in repr(finding)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(head(500, length=0), "the metrics answered 500", id="broken"),
        pytest.param(head(302, "Location: /login", length=0), "the metrics answered 302", id="a login wall"),
        pytest.param(head(200) + b"# x\n" * 2_000_000, "longer than 4 MiB", id="without end"),
    ],
)
async def test_metrics_that_are_not_there_are_unknown(said: bytes, words: str) -> None:
    """The reason in words."""
    async with Server(said=said) as server:
        finding = await check(ask(), outside(metrics=MetricsSettings(url=HttpUrl(server.url))))

    assert (finding.status, words in finding.summary) == (Status.UNKNOWN, True)


async def test_nobody_there_is_unknown() -> None:
    """The kind of failure, not the address."""
    async with hanging() as server:
        gone = MetricsSettings(url=HttpUrl(server.url))

    assert (await check(ask(), outside(metrics=gone))).summary == "the metrics do not answer (ConnectError)"


async def test_no_metrics_set_is_unknown() -> None:
    """And says what to set."""
    assert (await check(ask(), outside())).summary == "no ledger metrics are set: set INCIDENTS_METRICS__URL"
