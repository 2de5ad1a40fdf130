"""Who is answered: requests that only read, to a name of this machine, from no page of another site. Knows no path."""

import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final

from engine.gateway.http.problem import ProblemError
from engine.text.sanitize import CleanText, clean

METHODS: Final = ("GET", "HEAD")
_HOSTS = frozenset({b"127.0.0.1", b"localhost", b"[::1]"})  # what this machine is called on itself; a page that was
# brought here by a name of its own (DNS rebinding) says that name
_HOST = re.compile(rb"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)
_SCHEME = b"http://"
_BEARER = b"bearer "
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)
_NEEDS_TOKEN = CleanText("needs the token: Authorization: Bearer and what is in serve.token")

Headers = Sequence[tuple[bytes, bytes]]


def check(method: str, headers: Headers) -> None:
    """Raises ProblemError for a request that is not for us to answer."""
    if method not in METHODS:
        allowed = ((b"allow", ", ".join(METHODS).encode()),)
        raise ProblemError(405, "method", CleanText("nothing can be changed here; allowed: GET, HEAD"), allowed)
    hosts = _values(headers, b"host")
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None:
        raise ProblemError(400, "host", CleanText("one Host header is needed, a name with or without a port"))
    if found[1].lower() not in _HOSTS:
        raise ProblemError(421, "host", CleanText("this server is not of that name; allowed: localhost, 127.0.0.1"))
    if any(origin.lower() != _SCHEME + hosts[0].lower() for origin in _values(headers, b"origin")):
        raise ProblemError(403, "origin", CleanText("pages of other sites are not answered"))


class TokenGuard:
    """Lets pass who brings the token; how long that takes tells nothing of it."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def allows(self, headers: Headers) -> bool:
        """Whether the token came with the request."""
        said = _values(headers, b"authorization")
        if len(said) != 1 or not said[0].lower().startswith(_BEARER):
            return False
        return hmac.compare_digest(said[0][len(_BEARER) :].strip(), self._token)

    def require(self, headers: Headers) -> None:
        """Raises ProblemError (401) where it did not."""
        if not self.allows(headers):
            raise ProblemError(401, "token", _NEEDS_TOKEN, _CHALLENGE)


def _values(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def words_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name; raises ProblemError for one that is said twice."""
    words: dict[str, str] = {}
    for name, text in pairs:
        if name in words:
            raise ProblemError(422, "parameter", clean(f"{name:.40}: said twice"))
        words[name] = text
    return words
