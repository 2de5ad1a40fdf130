"""Where secrets end: what was registered, and every web token, leaves no log line, no error line, no crash screen. Knows no source of secrets."""

import re
import threading
from binascii import b2a_base64

MASK = "***"
LEAST = 4  # characters; anything shorter would tear holes into every number

# A few digits (a PIN) also stand in prices, quantities and times: they are hidden where they are a number of their own,
# also behind an escape such as %22 or \u0022, and not where they number a tick or an order (#1234).
_ALONE_BEFORE = r"(?:(?<![\w#₹])(?<!\d[.,:])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\[nrt]))"
_ALONE_AFTER = r"(?!\w|[.,:]\d)"
_SHORT_NUMBER = re.compile(r"[0-9]{4,7}")
# A JSON Web Token is hidden even if nobody registered it: some limit for texts may have cut it, and half of one tells much.
_WEB_TOKEN = re.compile(r"eyJ[\w.-]+")


class _Hidden:
    """What is hidden. Readers take `pattern`, one attribute that is only ever replaced; `_adding` guards the writers."""

    __slots__ = ("_adding", "_patterns", "pattern")

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self._patterns: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"<{len(self._patterns)} hidden>"

    def add(self, patterns: set[str]) -> None:
        """Hide what matches any of `patterns` from now on."""
        with self._adding:
            if patterns <= self._patterns:
                return
            self._patterns |= patterns
            # The longest first: of two forms that begin alike the whole one must go.
            self.pattern = re.compile("|".join((*sorted(self._patterns, key=len, reverse=True), _WEB_TOKEN.pattern)))


_HIDDEN = _Hidden()


def hide(secret: str) -> None:
    """Let `redact` replace `secret` from now on, also percent-encoded, in base64 and JSON-escaped; shorter than 4 characters: not."""
    if len(secret) >= LEAST:
        _HIDDEN.add(_patterns_of(secret))


def redact(text: str) -> str:
    """`text` with every registered secret, and every JSON Web Token or beginning of one, replaced by `***`.

    From any thread, without a lock.
    """
    return (_HIDDEN.pattern or _WEB_TOKEN).sub(MASK, text)


def _patterns_of(secret: str) -> set[str]:
    from json import dumps  # noqa: PLC0415 - only who has secrets pays for these
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    escaped = dumps(secret)[1:-1]
    forms = {secret, escaped, dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], escaped.replace("/", "\\/")}
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        forms |= {encoded, re.sub("%..", lambda found: found[0].lower(), encoded)}
    patterns = {
        _ALONE_BEFORE + form + _ALONE_AFTER if _SHORT_NUMBER.fullmatch(form) else re.escape(form) for form in forms
    }
    return patterns | {re.escape(form) for form in _base64_forms(secret.encode("utf-8", "replace"))}


def _base64_forms(data: bytes) -> set[str]:
    """What `data` looks like within base64: where it begins, and 1 or 2 bytes into a group of three, without what its neighbours touch."""
    forms: set[str] = set()
    for before in range(3):
        text = b2a_base64(bytes(before) + data, newline=False).decode()
        first = -(-8 * before // 6)  # characters that hold bits of what stands before
        core = text[first : 8 * (before + len(data)) // 6]
        if len(core) >= LEAST:
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms
