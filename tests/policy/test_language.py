"""What customers must not read is refused, and the refusal says which words (runbook §7)."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident.model.language import BLAME, CAUSE, ID, INTERNAL, PLACE, PROMISE, UNREADABLE, objection, slips
from runbook.catalog import catalogue
from runbook.messages import MESSAGES, VOCABULARY

REFUSED = [
    ("Our RDS is down.", "RDS", INTERNAL),
    ("the rds is down", "rds", INTERNAL),
    ("We restarted PgBouncer.", "PgBouncer", INTERNAL),
    ("Temporal\u200b is at it.", "Temporal", INTERNAL),
    ("Tem\u200bporal is at it.", "Temporal", INTERNAL),
    ("Ｓｔｒｉｐｅ is slow.", "Stripe", INTERNAL),
    ("The sagas are stuck.", "sagas", INTERNAL),
    ("The step set_quota did not run.", "set_quota", INTERNAL),
    ("AppDBDown fired.", "AppDBDown", INTERNAL),
    ("See `kubectl`.", "`kubectl`", INTERNAL),
    ("Look at grafana.tlsstress.art please.", "grafana.tlsstress.art", PLACE),
    ("Our box is 89.167.3.1 as you know.", "89.167.3.1", PLACE),
    ("Our box is fe80::1:2:3 today.", "fe80::1:2:3", PLACE),
    ("It runs on localhost only.", "localhost", PLACE),
    ("Write to root@box.internal.example please.", "…@…", PLACE),
    ("Your deployment dpl_7Kx2 is there.", "dpl_7Kx2", ID),
    ("Group sg-02bf33572b96f2855 is open.", "sg-02bf33572b96f2855", ID),
    ("This is a SEV-1 for us.", "SEV-1", ID),
    ("Job 0b9c3a1e-1111-4222-8333-abcdefabcdef waits.", "0b9c3a1e-1111-4222-8333-abcdefabcdef", ID),
    ("Role arn:aws:iam::1:role/x is wrong.", "arn:aws:iam::1:role/x", ID),
    ("It was a human error.", "human error", BLAME),
    ("One of our engineers did it: our engineers.", "our engineers", BLAME),
    ("A mistake was made.", "mistake", BLAME),
    ("Our hosting provider is down.", "Our hosting provider", BLAME),
    ("It failed because of load.", "because", CAUSE),
    ("It failed due to load.", "due to", CAUSE),
    ("We know the root cause.", "root cause", CAUSE),
    ("Load led to errors.", "led to", CAUSE),
    ("We guarantee an answer.", "guarantee", PROMISE),
    ("It will never be slow again.", "never", PROMISE),
    ("It won’t happen again.", "won't happen again", PROMISE),
    ("It will be fixed by noon.", "will be fixed", PROMISE),
    ("It will be back soon.", "will be back", PROMISE),
    ("It is 100 % safe.", "100 %", PROMISE),
    ("No data was lost.", "No data was", PROMISE),
    ("Hello\x07 there.", "U+0007", UNREADABLE),
    ("Hello \u202ereversed.", "U+202E", UNREADABLE),
]


@pytest.mark.parametrize(("text", "said", "why"), REFUSED)
def test_what_customers_must_not_read_is_refused_by_its_words(text: str, said: str, why: str) -> None:
    """Whoever wrote it knows which words to change, and why."""
    assert (said, why) in {(slip.said, slip.why) for slip in slips(text, VOCABULARY)}


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nYou may not be able to sign in at the moment. We are working on it.",
        "We will write to you again by Tue 2026-06-16 15:40 UTC.",
        "Please look at https://status.tlsstress.art for news.",
        "Questions? Write to support@tlsstress.art.",
        "The default setting is a vectorial podium.",
        "It concerns certain plans, e.g. the small one, since 3 p.m. (about 12.5 % of you).",
        "Dziękujemy. 日本語も大丈夫。",
    ],
)
def test_plain_words_pass(text: str) -> None:
    """A check that refuses everything would be switched off."""
    assert objection(text, VOCABULARY) == ""


@pytest.mark.parametrize("name", MESSAGES.templates)
def test_the_runbook_s_own_mails_pass(name: str) -> None:
    """Else nothing could ever be approved."""
    template = MESSAGES.templates[name]
    text = template.text.format(affected="You cannot sign in.", was="For a while you could not sign in.")

    assert objection(f"{template.subject}\n{text}\n{MESSAGES.signature}", VOCABULARY) == ""


@pytest.mark.parametrize("name", MESSAGES.notices)
def test_the_runbook_s_own_notices_pass(name: str) -> None:
    """On the status page everybody reads it."""
    notice = MESSAGES.notices[name]
    text = f"{notice.subject}\n{notice.text}".format(affected="You cannot sign in.", component="App")

    assert objection(text, VOCABULARY) == ""


@pytest.mark.parametrize("alert", catalogue())
def test_what_a_playbook_says_plainly_is_plain(alert: str) -> None:
    """It goes into every mail and notice."""
    playbook = catalogue()[alert]

    assert objection(f"{playbook.plainly} {playbook.plainly_past} {playbook.component}", VOCABULARY) == ""


@pytest.mark.parametrize("alert", [name for name, known in catalogue().items() if known.customer_visible])
def test_what_customers_see_has_plain_words(alert: str) -> None:
    """Without them there is nothing to post."""
    assert catalogue()[alert].plainly
    assert catalogue()[alert].plainly_past


WORDS = st.one_of(
    st.sampled_from(["we", "are", "working", "on it", "your", "account", "again", "soon", "the", "page", "is", "slow"]),
    st.sampled_from(
        [*VOCABULARY.internal, "because", "due to", "never", "always", "mistake", "guaranteed", "set_quota"]
    ),
    st.text(alphabet="abcXYZ019_.-@ \u200b’", max_size=12),
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
FORBIDDEN = ("because", "due to", "never", "always", "mistake", "guaranteed")


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_accepted_text_holds_a_forbidden_word(text: str) -> None:
    """Read with other eyes than the check's: word by word, in lower case."""
    if objection(text, VOCABULARY):
        return
    words = f" {re.sub(r'[^a-z0-9/_-]+', ' ', text.replace(chr(0x200B), '').lower())} "

    assert [name for name in (*VOCABULARY.internal, *FORBIDDEN) if f" {name.lower()} " in words] == []


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_refusal_names_words_and_why(text: str) -> None:
    """ "Not like this" helps nobody at 3 a.m."""
    assert all(slip.said and slip.why for slip in slips(text, VOCABULARY))


@settings(max_examples=400, deadline=None)
@given(TEXTS | st.text(alphabet=st.characters(codec="ascii"), max_size=60))
def test_a_foreign_letter_at_the_end_changes_nothing_of_what_is_said_before_it(text: str) -> None:
    """Plain letters are judged by a shorter way, and it leads to the same."""
    assert slips(f"{text} é", VOCABULARY) == slips(text, VOCABULARY)


@pytest.mark.parametrize("piece", ["a-", "a.", "aA", "a_", "0:", "1.", "deadbeef", "x@", "the "])
def test_a_hostile_text_is_judged_at_once(piece: str) -> None:
    """A workflow may think for two seconds; a text has at most 4000 letters."""
    begun = time.perf_counter()
    slips(piece * (4000 // len(piece)), VOCABULARY)

    assert time.perf_counter() - begun < 1
