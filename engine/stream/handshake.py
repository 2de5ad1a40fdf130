"""Opens a WebSocket on a line: one HTTP answer, read whole and bounded, judged by websocket-client. Knows no exchange."""

import sys
import time
from importlib import import_module
from threading import Lock
from types import ModuleType

from engine.stream.adapter import Endpoint
from engine.stream.errors import LinkLost, TokensRefused
from engine.stream.socket import StreamSocket

_now_ns = time.perf_counter_ns
_HEAD_BYTES = 16_384
_LONGEST_WAIT_S = 600.0
_IMPORTING = Lock()  # the feed and the updates of orders may both be the first
# Not for the library: it would keep cookies for other connections, and read a body as long as the server likes.
_UNWANTED = (b"set-cookie:", b"content-length:")


class _HandshakeSocket:
    """What websocket-client takes for a socket while it shakes hands: it gets the server's head and nothing behind it."""

    def __init__(self, line: StreamSocket, deadline_ns: int) -> None:
        self._line = line
        self._deadline_ns = deadline_ns
        self._head = b""
        self._at = 0

    def gettimeout(self) -> float:
        """0, so that the library leaves all waiting to us."""
        return 0.0

    def send(self, data: bytes) -> int:
        """Send all of it."""
        self._line.send(data, self._deadline_ns)
        return len(data)

    def recv(self, most: int) -> bytes:
        """The next bytes of the server's head."""
        if not self._head:
            self._head = self._read()
        piece = self._head[self._at : self._at + most]
        self._at += most
        return piece

    def _read(self) -> bytes:
        """The head up to its blank line, byte by byte, because what follows belongs to somebody else."""
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            byte = self._line.receive(self._deadline_ns, 1)
            if _now_ns() >= self._deadline_ns:
                raise LinkLost("no complete answer to the handshake in time")
            head += byte or b""
            if len(head) > _HEAD_BYTES:
                raise LinkLost(f"the answer to the handshake is longer than {_HEAD_BYTES} bytes")
        lines = bytes(head).split(b"\r\n")
        return b"\r\n".join(line for line in lines if not line.lower().startswith(_UNWANTED))

    def close(self) -> None:
        """Nothing: the line belongs to whoever opened it."""

    def shutdown(self, how: int) -> None:
        """Nothing, likewise."""


def shake_hands(line: StreamSocket, address: Endpoint, deadline_ns: int) -> None:
    """Make a WebSocket of the line; raises TokensRefused for 401, LinkLost for all else, Stopped."""
    _import_library()
    from websocket import WebSocket, WebSocketBadStatusException, WebSocketException  # noqa: PLC0415

    upgrade = WebSocket()
    try:
        upgrade.connect(  # type: ignore[no-untyped-call]
            address.url,
            socket=_HandshakeSocket(line, deadline_ns),
            header=list(address.headers),
            suppress_origin=True,
            redirect_limit=0,
        )
    except WebSocketBadStatusException as refusal:
        raise _refused(refusal.status_code, refusal.status_message or "", refusal.resp_headers or {}) from None
    except (WebSocketException, ValueError):  # their texts may quote what we sent
        if upgrade.getstatus() in {None, 101}:
            raise LinkLost("the answer to the handshake is no WebSocket's") from None
    # Some versions of the library raise when they may not follow a redirection, others take it for an answer.
    status = upgrade.getstatus()
    if status != 101:
        raise LinkLost(f"{status}: the server points elsewhere, which is not followed")


def _import_library() -> None:
    """Import it, which only a live feed needs, without `inspect`: 1 MB that its class for whole programs alone asks, and we have none."""
    with _IMPORTING:
        if not {"inspect", "websocket"}.isdisjoint(sys.modules):
            return
        sys.modules["inspect"] = ModuleType("inspect")
        try:
            import_module("websocket")
        finally:
            del sys.modules["inspect"]


def _refused(status: int, message: str, headers: dict[str, str]) -> LinkLost:
    """The server's refusal in words."""
    told = headers.get("x-error-message", "") or message
    reason = f"{status} {told}".strip()
    if status == 401:
        return TokensRefused(reason)
    after = headers.get("retry-after", "")
    wait_s = float(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0.0
    return LinkLost(reason, wait_s=min(wait_s, _LONGEST_WAIT_S))
