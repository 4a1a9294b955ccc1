"""What customers must not read: our inside, whose fault it is, why it happened, what nobody can promise (runbook §7).

Pure, and on the strict side: a text that is refused names the words, so that whoever wrote it finds others. It runs
before a text can be approved, and once more before it is sent.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MOST_NAMED = 8
"""Slips told at once: more is a text to write anew."""
INTERNAL, PLACE, ID = "an internal name", "a host or address", "an id"
BLAME, CAUSE, PROMISE = "blame", "a cause", "a promise nobody can keep"
UNREADABLE = "a character that no mail should hold"


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What this organisation calls its own things. Values live in `runbook/messages.py`."""

    internal: tuple[str, ...] = ()
    """Names of services, vendors and parts, in any case: nobody outside knows them."""
    public_hosts: tuple[str, ...] = ()
    """Hosts customers know; every other one is an internal one."""


@dataclass(frozen=True, kw_only=True)
class Slip:
    said: str
    """The words, as they stand in the text."""
    why: str


SHAPES: tuple[tuple[str, str], ...] = (
    (ID, r"\barn:\S+"),
    (ID, r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    (ID, r"(?i)\b[a-z]{2,8}_[a-z0-9]*[0-9][a-z0-9]*\b"),  # dpl_7Kx2
    (ID, r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b"),
    (INTERNAL, r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b"),  # set_quota
    (INTERNAL, r"\b[A-Z]+[a-z0-9]+(?:[A-Z]+[a-z0-9]+)+[A-Z]*\b|\b[A-Z][a-z]+[A-Z]+\b"),  # AppDBDown, AppDB
    (INTERNAL, r"`[^`]*`"),
)
"""What an inside looks like, whatever it is called."""

WORDS: tuple[tuple[str, str], ...] = (
    (BLAME, r"faults?|blam\w+|mistakes?|careless\w*|negligen\w+|human errors?|guilty|incompeten\w+"),
    (BLAME, r"(?:an?|our|the|some) (?:engineers?|employees?|operators?|developers?|colleagues?|interns?)"),
    (BLAME, r"(?:our|the|an?|another) (?:vendors?|suppliers?|contractors?|(?:\w+ )?providers?|third[- ]part(?:y|ies))"),
    (CAUSE, r"because|due to|owing to|as a result of|result(?:s|ed|ing) from|root[- ]causes?|caus(?:e|es|ed|ing)"),
    (CAUSE, r"the reasons?|triggered by|led to|stem(?:s|med) from|brought about|on account of"),
    (PROMISE, r"guarant\w+|promis\w+|definitely|certainly|absolutely|for sure|without (?:any )?doubt"),
    (PROMISE, r"never|always|100 ?%|ensure\w*|permanently|completely|fully|once and for all"),
    (PROMISE, r"(?:no|not any|without) (?:data|money|payments?) (?:was|were|has been|have been|is|are|loss|lost)\w*"),
    (
        PROMISE,
        r"(?:will|is going to|are going to|shall) (?:be )?(?:fixed|resolved?|solved?|restored?|ready|back|work\w*)",
    ),
    (PROMISE, r"(?:will not|won't|cannot|can't) happen again"),
)
"""What is said of it. Whole words, in any case."""

RUN = re.compile(r"[A-Za-z0-9.-]+")
"""Taken apart by hand: a pattern for the whole would take quadratic time over a hostile text."""
NUMBERED = re.compile(r"(?i)[0-9a-f]*[0-9][0-9a-f]*")
ADDRESSES = re.compile(
    r"(?i)\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9a-f]{0,4}:){3,}[0-9a-f]{0,4}|\blocalhost\b|\S+@\S+"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What is unreadable in ASCII."""
SPOKEN = re.compile("|".join(f"(?P<w{n}>\\b(?:{words})(?!\\w))" for n, (_, words) in enumerate(WORDS)), re.IGNORECASE)
LOOKS = tuple((why, re.compile(shape)) for why, shape in SHAPES)


def slips(text: str, vocabulary: Vocabulary) -> tuple[Slip, ...]:
    """Every word that customers must not read, with why; empty: it may be approved."""
    read = plain(text)
    found = (*_unreadable(text), *_names(read, vocabulary), *_places(read, vocabulary), *_shapes(read), *_words(read))
    return tuple(dict.fromkeys(found))


def objection(text: str, vocabulary: Vocabulary) -> str:
    """The same in one line; empty: nothing is wrong with it."""
    found = slips(text, vocabulary)
    named = "; ".join(f"“{slip.said}” is {slip.why}" for slip in found[:MOST_NAMED])
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"customers must not read this: {named}{more}" if found else ""


def plain(text: str) -> str:
    """As a reader sees it: one kind of apostrophe and blank, nothing invisible that would split a word."""
    return re.sub(r"\s+", " ", text if text.isascii() else _seen(text))


def _seen(text: str) -> str:
    """Letters that look alike are the same; ASCII looks like itself, and most texts hold nothing else."""
    seen = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‑", "-").replace("‐", "-")
    return "".join(c for c in seen if unicodedata.category(c) != "Cf")


def _unreadable(text: str) -> Iterator[Slip]:
    for letter in CONTROLS.findall(text) if text.isascii() else filter(_is_unreadable, text):
        yield Slip(said=f"U+{ord(letter):04X}", why=UNREADABLE)


def _is_unreadable(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs") and letter not in "\n\t\r"


def _names(text: str, vocabulary: Vocabulary) -> Iterator[Slip]:
    for name in _perhaps_in(text, vocabulary.internal):
        found = re.search(rf"(?<!\w){re.escape(name)}(?:s|es|'s)?(?!\w)", text, re.IGNORECASE)
        if found:
            yield Slip(said=found[0], why=INTERNAL)


def _perhaps_in(text: str, names: tuple[str, ...]) -> Iterator[str]:
    """Without those that are certainly not: in ASCII a plain search tells, in a fraction of a pattern's time."""
    low = text.lower()
    return (name for name in names if not (text.isascii() and name.isascii()) or name.lower() in low)


def _places(text: str, vocabulary: Vocabulary) -> Iterator[Slip]:
    public = {host.lower() for host in vocabulary.public_hosts}
    for found in ADDRESSES.finditer(text):
        if found[0].rpartition("@")[2].strip(".,;:!?)>").lower() not in public:
            # Refusals are written down: somebody's address must not be.
            yield Slip(said="…@…" if "@" in found[0] else found[0], why=PLACE)
    for found in RUN.finditer(text):
        run = found[0].strip(".-")
        if _is_host(run) and run.lower() not in public and text[found.start() - 1 : found.start()] != "@":
            yield Slip(said=run, why=PLACE)


def _is_host(run: str) -> bool:
    """`grafana.example.org`; not `e.g`, and not `1.5`."""
    *labels, last = run.split(".")
    return bool(labels) and all(labels) and len(last) > 1 and last.isalpha()


def _is_numbered(run: str) -> bool:
    """`sg-02bf33`, `job-7`, `SEV-1`: letters, a dash, a number at the end."""
    *before, last = run.split("-")
    return bool(before) and before[-1].isalpha() and NUMBERED.fullmatch(last) is not None


def _shapes(text: str) -> Iterator[Slip]:
    for why, shape in LOOKS:
        yield from (Slip(said=found[0], why=why) for found in shape.finditer(text))
    runs = (found[0].strip(".-") for found in RUN.finditer(text))
    yield from (Slip(said=run, why=ID) for run in runs if _is_numbered(run))


def _words(text: str) -> Iterator[Slip]:
    for found in SPOKEN.finditer(text):
        yield Slip(said=found[0], why=WORDS[int((found.lastgroup or "w0")[1:])][0])
