"""An error in one line that may be shown to anybody: no stack trace, no secret, no person (issue 4 §2).

What looks like a secret goes, even when it was none: a line that says too little costs a look into the log, a line that
says too much costs a key. `dpl_` ids and UUIDs stay: they are what an operator looks for.
"""

import re

GONE = "[…]"
LIMIT = 200
READ_AT_MOST = 8_000
"""Characters looked at: an error may carry a whole HTTP body."""

PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
TRACE = re.compile(
    r"Traceback \(most recent call last\):.*?(?=^[A-Za-z_][\w.]*(?:: |$)|\Z)"  # Python; its last line is the error
    r"|^[ \t]*File \"[^\"\n]*\", line \d+.*$(?:\n[ \t]+.*$)*"
    r"|^[ \t]*at [\w$.<>/]+ ?\(.*$"  # Java, TypeScript
    r"|^goroutine \d+ \[.*?\]:.*\Z",  # Go: nothing of use follows
    re.DOTALL | re.MULTILINE,
)
TRACE_LINES = re.compile(r"(?m)^[ \t]*(?:File \"[^\"\n]*\", line \d+.*|at [\w$.<>/]+ ?\(.*|\.\.\. \d+ more)$")
_WORD = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|apikey|access[-_]?key|private[-_]?key|credentials?|auth"
    r"|authorization|cookie|session|signature|sig|dsn|client[-_]?secret"
)
NAMED = re.compile(
    rf"(?<![\w-])(?P<name>[\w-]*(?:{_WORD})[\w-]*)(?P<gap>\\?[\"']?\s*(?::=|=>|[=:])\s*)"
    r"(?P<value>(?:(?:bearer|basic|token|digest)\s+)?(?:\\?\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'[^']*(?:'|\Z)|[^\s,;&)}\]]+))",
    re.IGNORECASE,
)
SCHEMED = re.compile(r"\b(?P<name>bearer|basic|digest)\s+(?P<value>[^\s,;\"']+)", re.IGNORECASE)
URL_USER = re.compile(r"(?<![\w+.-])(?P<scheme>[\w+.-]+://)[^\s\"]*@")
URL_QUERY = re.compile(r"(?<![\w+.-])(?P<url>[\w+.-]+://[^\s?#]*)[?#]\S*")
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
JWT = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}")
VENDOR = re.compile(
    r"\b(?:(?:sk|pk|rk|whsec)_(?:live_|test_)?|xox[abeoprs]-|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|AIza|SG\.)[\w.-]{8,}"
)
LAST_WORD = re.compile(r"(?<![^\s\"',:;{}\[\]])[^\s\"',:;{}\[\]]*\Z")
UUID = re.compile(r"\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
LONG = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
LONGEST_WORD = 32
PLAIN = re.compile(r"\A(?:.{1,4}|(?:[A-Z]?[a-z]{2,})+\d{0,3}|[A-Z]+\d{0,3})\Z")
KEPT = ("dpl_",)
"""Prefixes of ids that are evidence."""


def one_line(error: str, limit: int = LIMIT, read_at_most: int = READ_AT_MOST) -> str:
    """`error` as one line of at most `limit` characters, with what must not be told cut out as `[…]`."""
    text = _bounded(error, read_at_most)
    text = TRACE_LINES.sub(" ", TRACE.sub(" ", PEM.sub(GONE, text)))
    return _short(_bare(" ".join(text.split())), limit)


def _bounded(error: str, most: int) -> str:
    """A cut may halve a secret, and half a secret looks like none: the broken last word goes too."""
    return error if len(error) <= most else LAST_WORD.sub("", error[:most])


def _bare(line: str) -> str:
    line = URL_QUERY.sub(rf"\g<url>?{GONE}", URL_USER.sub(rf"\g<scheme>{GONE}@", line))
    line = NAMED.sub(rf"\g<name>\g<gap>{GONE}", line)
    line = SCHEMED.sub(rf"\g<name> {GONE}", line)
    line = EMAIL.sub(GONE, line)
    for secret in (JWT, VENDOR):
        line = secret.sub(GONE, line)
    return LONG.sub(_unless_an_id, line)


def _unless_an_id(found: re.Match[str]) -> str:
    """Long hex or base64 mixes letters and digits; class names, paths and words joined by dashes do not."""
    word = found.group()
    parts = [part for part in re.split(r"[-_/=+]", word) if part]
    plain = len(max(parts, key=len, default="")) < LONGEST_WORD and all(map(PLAIN.match, parts))
    return word if plain or word.startswith(KEPT) or UUID.match(word) else GONE


def _short(line: str, limit: int) -> str:
    return line if len(line) <= limit else line[: limit - 1] + "…"
