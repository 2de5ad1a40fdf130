"""One connection on the engine's side: bytes in, frames out, and how long it may take over either. Never waits."""

import selectors
import socket
from collections import deque

from engine.link.frames import MessageReader
from engine.link.limits import Bucket
from engine.link.protocol import HELLO_LIMIT, REQUEST_LIMIT, FollowFlat
from engine.link.request_handler import Client

_NS = 1_000_000_000
_CHUNK = 16 * 2**10
_BUFFERS = 8  # handed to the system in one call
_REQUESTS_PER_S = 20
_REQUESTS_AT_ONCE = 40
_HELLO_NS = 2 * _NS  # to say who it is
_HALF_NS = 5 * _NS  # to bring the rest of a frame, however many bytes trickle in
_UNREAD_NS = 10 * _NS  # to read on when it has stopped reading
_SILENT_NS = 10 * _NS  # to ask for something: a screen looks four times a second


class Connection:
    """A connected client; `client` once its Hello was accepted. At most one request is read ahead and one reply waits."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        self.sock = sock
        self.client: Client | None = None
        self.leaving = False  # to be closed when what waits is sent
        self.mask = 0  # what the selector looks for
        self.follows: FollowFlat | None = None  # answered when there is news, or at `follows_until_ns`
        self.follows_until_ns = 0
        self._reader = MessageReader(HELLO_LIMIT)
        self._bucket = Bucket(_REQUESTS_PER_S, _REQUESTS_AT_ONCE, now_ns)
        self._out: deque[memoryview] = deque()
        self._came_ns = self._heard_ns = self._moved_ns = now_ns
        self._begun_ns = 0

    @property
    def sending(self) -> bool:
        """Whether a reply waits to be read."""
        return bool(self._out)

    def look_for(self, mask: int, selector: selectors.BaseSelector) -> None:
        """Have `selector` wait for these events, 0 for none."""
        if mask == self.mask:
            return
        if not mask:
            selector.unregister(self.sock)
        elif self.mask:
            selector.modify(self.sock, mask, self)
        else:
            selector.register(self.sock, mask, self)
        self.mask = mask

    def trust(self) -> None:
        """Take longer requests from now on: its Hello was accepted."""
        self._reader.limit = REQUEST_LIMIT

    def reads(self, now_ns: int) -> bool:
        """Whether more may be read from it now."""
        return not self.sending and not self.leaving and not self._reader.ready and self._bucket.has_one(now_ns)

    def asks(self, now_ns: int) -> bool:
        """Whether a request waits that may be answered now."""
        answers = not self.sending and not self.leaving and self.follows is None
        return answers and self._reader.ready and self._bucket.has_one(now_ns)

    def read(self, now_ns: int) -> bool:
        """Read what came; False when the connection is closed. Raises WireError for bytes that are no frame."""
        try:
            data = self.sock.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        was_begun = self._reader.begun
        self._reader.feed(data)
        if self._reader.begun and not was_begun:
            self._begun_ns = now_ns
        return bool(data)

    def take(self, now_ns: int) -> bytes | None:
        """The next request."""
        payload = self._reader.take()
        if payload is not None:
            self._bucket.use()
            self._heard_ns = self._begun_ns = now_ns  # what is behind it begins now
        return payload

    def post(self, frames: list[bytes], now_ns: int) -> bool:
        """Send `frames` as far as it goes; False when the connection is closed."""
        self._out.extend(map(memoryview, frames))
        self._moved_ns = now_ns
        return self.flush(now_ns)

    def flush(self, now_ns: int) -> bool:
        """Send what waits as far as it goes; False when the connection is closed."""
        out = self._out
        try:
            while out:
                sent = self.sock.sendmsg([out[at] for at in range(min(_BUFFERS, len(out)))])
                self._moved_ns = now_ns
                while sent:
                    if sent >= len(out[0]):
                        sent -= len(out.popleft())
                    else:
                        out[0], sent = out[0][sent:], 0
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._heard_ns = now_ns  # its silence counts from here
        return True

    def idle_ns(self, now_ns: int) -> int:
        """How long ago it last asked for something, or was sent what it asked for."""
        return now_ns - self._heard_ns

    def overdue(self, now_ns: int) -> str:
        """Why it is to be dropped; empty when it is not."""
        if self.sending:
            return "does not read" if now_ns - self._moved_ns > _UNREAD_NS else ""
        if self._reader.ready:
            return ""
        if self.client is None and now_ns - self._came_ns > _HELLO_NS:
            return "does not say who it is"
        if self._reader.begun and now_ns - self._begun_ns > _HALF_NS:
            return "sent half a frame"
        return "is silent" if now_ns - self._heard_ns > _SILENT_NS else ""
