"""What a provider's answer means: the type says whether trying again helps, and no text holds a secret."""

import httpx
import pytest

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.http import failure_of, key_header, unreachable


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_is_no_failure(status: int) -> None:
    """Nothing to raise."""
    assert failure_of("x", httpx.Response(status)) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(301, Refused, id="a redirected POST has not arrived"),
        pytest.param(308, Refused, id="nor has one whose method would be kept"),
        pytest.param(400, Refused, id="what we sent is wrong"),
        pytest.param(401, Refused, id="the token is wrong"),
        pytest.param(403, Refused, id="forbidden"),
        pytest.param(404, Refused, id="the address is wrong"),
        pytest.param(408, Unreachable, id="they waited for us in vain: again"),
        pytest.param(413, Refused, id="too large stays too large"),
        pytest.param(429, RateLimited, id="later"),
        pytest.param(500, Unreachable, id="broken there: again"),
        pytest.param(503, Unreachable, id="away for now: again"),
    ],
)
def test_a_status_says_whether_trying_again_helps(status: int, kind: type[IntegrationError]) -> None:
    """Refused is final, the others are not."""
    assert type(failure_of("x", httpx.Response(status))) is kind


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        pytest.param("7", 7.0, id="as told"),
        pytest.param(None, 5.0, id="not told"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 5.0, id="a date"),
        pytest.param("86400", 300.0, id="a day is too long for an incident"),
        pytest.param("inf", 300.0, id="for ever too"),
        pytest.param("-3", 0.0, id="the past is now"),
        pytest.param("nan", 5.0, id="not a number"),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(told: str | None, wait_s: float) -> None:
    """Seconds, bounded, and always something a timer can take."""
    failure = failure_of("x", httpx.Response(429, headers={"Retry-After": told} if told else {}))

    assert isinstance(failure, RateLimited)
    assert failure.retry_after_s == wait_s


def test_a_redirect_does_not_tell_where_it_leads() -> None:
    """A Location may hold a token."""
    answer = httpx.Response(302, headers={"Location": "https://login.example.org/?token=hush"})

    assert "hush" not in str(failure_of("ntfy", answer))


def test_no_answer_is_told_by_its_kind_alone() -> None:
    """httpx repeats the address in its texts, and a webhook's address is a secret."""
    error = httpx.ConnectError("cannot reach https://hooks.example.org/T0/hush")

    assert str(unreachable("the chat webhook", error)) == "the chat webhook did not answer (ConnectError)"


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("incident-A-app.example.org@20260616T032800.000000Z/page/1/ntfy",) * 2,
        ("incident-Zürich/page/1", "incident-Z%C3%BCrich/page/1"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil:%201"),
    ],
)
def test_any_key_fits_into_a_header(key: str, header: str) -> None:
    """An incident id may be typed by hand; a page must not fail for it."""
    assert key_header(key) == {"Idempotency-Key": header}
