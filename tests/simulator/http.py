"""Just enough HTTP/1.1 for a handshake and small JSON calls. Knows no path and no account."""

from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from tests.simulator.framing import accept_key

_LARGEST_HEAD = 16 << 10
_LARGEST_BODY = 64 << 10

REASONS = {
    101: "Switching Protocols",
    200: "OK",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class BadRequestError(Exception):
    """What came is no request that this server reads."""


class Request(Struct, frozen=True):
    """A request; names of `headers` are in lower case, the first of equal ones counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def is_upgrade(self) -> bool:
        """Whether a WebSocket is asked for."""
        return self.headers.get("upgrade", "").lower() == "websocket"


class RequestReader:
    """Takes a client's bytes in any pieces and gives its requests; raises BadRequestError."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._bytes += data

    @property
    def rest(self) -> bytes:
        """What came behind the latest request."""
        return bytes(self._bytes)

    def take(self) -> Request | None:
        """The next whole request."""
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            if len(self._bytes) > _LARGEST_HEAD:
                raise BadRequestError("the head is too long")
            return None
        first, *lines = self._bytes[:end].decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequestError("no request line")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequestError("a header without a colon")
            headers.setdefault(name.strip().lower(), value.strip())
        size = headers.get("content-length", "0")
        if not size.isdigit() or int(size) > _LARGEST_BODY:
            raise BadRequestError("the body's length is not allowed")
        whole = end + 4 + int(size)
        if len(self._bytes) < whole:
            return None
        body = bytes(self._bytes[end + 4 : whole])
        del self._bytes[:whole]
        target = urlsplit(words[1])
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        return Request(words[0], unquote(target.path), query, headers, body)


def response(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, kind: str = "application/json"
) -> bytes:
    """A whole answer."""
    fields = {
        "Date": formatdate(usegmt=True),
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    return _head(status, fields) + body


def upgraded(request: Request) -> bytes:
    """The answer that turns the connection into a WebSocket; raises BadRequestError where no key is given."""
    key = request.headers.get("sec-websocket-key", "")
    if not key:
        raise BadRequestError("no Sec-WebSocket-Key")
    return _head(101, {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_key(key)})


def _head(status: int, fields: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}", *(f"{name}: {fields[name]}" for name in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
