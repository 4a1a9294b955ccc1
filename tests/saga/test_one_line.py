"""What an error may say to anybody (issue 4 §2): one line, no stack, no secret, no person."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saga.one_line import LIMIT, one_line

TRACE = """Traceback (most recent call last):
  File "/srv/app/steps.py", line 12, in create_database
    connect(dsn)
    ^^^^^^^^^^^^
psycopg.OperationalError: connection refused"""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("boom", "boom"),
        ("two\n  lines", "two lines"),
        (TRACE, "psycopg.OperationalError: connection refused"),
        ("java.lang.Error: no\n\tat com.acme.Steps.run(Steps.java:12)\n\tat x.Y.z(Z.java:1)", "java.lang.Error: no"),
        ("panic: nil\ngoroutine 1 [running]:\nmain.main()", "panic: nil"),
        ("postgres://app:hunter2@db.acme/x refused", "postgres://[…]@db.acme/x refused"),
        ("postgres://app:p@ss/w@db refused", "postgres://[…]@db refused"),
        ("GET https://api/x?token=abc&b=1 gave 500", "GET https://api/x?[…] gave 500"),
        ("Authorization: Bearer abc.def", "Authorization: […]"),
        ("sent bearer abcdef now", "sent bearer […] now"),
        ("password=hunter2 host=db", "password=[…] host=db"),
        ('{"api_key": "k 1", "ok": true}', '{"api_key": […], "ok": true}'),
        ("mail to ana@acme.example failed", "mail to […] failed"),
        ("key sk_live_abcdefgh12345678", "key […]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- bad", "[…] bad"),
        ("digest 9f8e7d6c5b4a39281706f5e4d3c2b1a0 differs", "digest […] differs"),
    ],
)
def test_what_must_not_be_told_is_cut(error, line):
    """One row for each kind of thing."""
    assert one_line(error) == line


@pytest.mark.parametrize(
    "line",
    [
        "dpl_9f8e7d6c5b4a39281706f5e4d3c2b1a0 exists twice",  # the id an operator looks for
        "run 01a20cd5-12d6-7136-8613-d9751fbfcc4d is not current",
        "TenantDatabaseCreationError: no space left on device",
        "relation tenant_provisioning_jobs does not exist",
        "/var/lib/postgresql/data/base is full",
        "[TMPRL1100] Nondeterminism error: activity type of scheduled event",
    ],
)
def test_what_an_operator_needs_stays(line):
    """Ids, class names, paths and words are no secrets."""
    assert one_line(line) == line


SECRETS = st.one_of(
    st.binary(min_size=32, max_size=64).map(bytes.hex),
    st.binary(min_size=32, max_size=64).map(lambda raw: base64.b64encode(raw).decode()),
    st.binary(min_size=32, max_size=64).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=20).map(lambda word: f"sk_live_{word}"),
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789!$%", min_size=8, max_size=24)
PLACES = [
    "postgres://app:{}@db/x",
    "https://{}@host/path",
    "GET https://host/x?sig={} failed",
    "password={}",
    "password: {} host=db",
    '{{"token": "{}"}}',
    "DB_PASSWORD='{}'",
    "Authorization: Bearer {}",
    "x-api-key: {}",
    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n{}",
    "Set-Cookie: {}",
]
AROUND = st.text(max_size=300)


@given(before=AROUND, after=AROUND, secret=SECRETS)
def test_what_looks_like_a_secret_never_stands_in_the_line(before, after, secret):
    """Wherever it stands, on its own."""
    assert secret not in one_line(f"{before} {secret} {after}", limit=10_000)


@given(place=st.sampled_from(PLACES), before=AROUND, after=AROUND, secret=st.one_of(SECRETS, WORDS))
def test_a_secret_in_a_secret_s_place_never_stands_in_the_line(place, before, after, secret):
    """However harmless it looks."""
    planted = place.format(secret)
    if secret in f"{before}{after}{place}":
        return

    assert secret not in one_line(f"{before} {planted} {after}", limit=10_000)


@given(st.text(), st.integers(10, 300))
def test_it_is_one_line_and_no_longer_than_asked(error, limit):
    """Whatever comes in."""
    line = one_line(error, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_secret_halved_by_the_cut_is_not_told():
    """Half a key looks like a word."""
    secret = "a1" * 40
    line = one_line(" ".join(["x" * 7] * 995) + " " + secret + secret, limit=20_000)

    assert "a1a1" not in line


def test_a_huge_error_is_no_work():
    """A body of megabytes is not looked through."""
    assert len(one_line("password=" * 1_000_000)) <= LIMIT
