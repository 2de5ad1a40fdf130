"""A client's TCP connection: bytes in, bytes out, and every way to end it badly. Knows no protocol."""

import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Protocol

from tests.simulator.loop import Loop, now_ns

ROOMY_BYTES = 256 << 10  # below it a client keeps up
_CUT_BYTES = 64 << 20  # above it a client does not, and is cut off
_LINGER_S = 2.0
_RESET = struct.pack("ii", 1, 0)


class Peer(Protocol):
    """Whoever makes sense of a connection's bytes."""

    def receive(self, data: bytes) -> None:
        """Take what came."""
        ...

    def gone(self, how: str) -> None:
        """The connection is over."""
        ...


class Connection:
    """Sends without ever waiting; `peer` is told what comes and, once, that it is over.

    `mute` is a half-open connection: nothing goes out, nothing is read. `blocked` holds back data alone, because what
    stands on the wire is unfinished. `delay_ns` is what everything sent is late by.
    """

    def __init__(self, sock: socket.socket, loop: Loop, forget: Callable[["Connection"], object]) -> None:
        self._sock = sock
        self._loop = loop
        self._forget = forget
        self._out = bytearray()
        self._late: deque[tuple[int, bytes]] = deque()
        self._events = 0  # what the loop watches for
        self._ending = self._ended = False
        self.over = False
        self.peer: Peer | None = None
        self.mute = False
        self.reading = True
        self.blocked = False
        self.delay_ns = 0
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch()

    @property
    def roomy(self) -> bool:
        """Whether the client keeps up."""
        return len(self._out) < ROOMY_BYTES

    @property
    def waiting(self) -> bool:
        """Whether something is on its way to a client that could take it."""
        return bool(self._out or self._late) and not self.mute and not self.over

    def send(self, data: bytes) -> None:
        """Put `data` behind what is on its way; `flush` sends it."""
        if self.mute or self.over or self._ending:
            return
        if self.delay_ns or self._late:
            due_ns = now_ns() + self.delay_ns
            self._late.append((due_ns, data))
            self._loop.at(due_ns, self.flush)
        else:
            self._out += data

    def flush(self) -> None:
        """Send what the system takes."""
        if self.over or self.mute:
            return
        while self._late and self._late[0][0] <= now_ns():
            self._out += self._late.popleft()[1]
        if self._out:
            try:
                del self._out[: self._sock.send(self._out)]
            except BlockingIOError:
                pass
            except OSError:
                self.drop("client gone")
                return
            if len(self._out) > _CUT_BYTES:
                self.reset("slow")
                return
        if self._ending and not self._ended and not self._out and not self._late:
            self._finish()
        self._watch()

    def end(self) -> None:
        """Close in good order (TCP's, not the WebSocket's) once everything is sent."""
        self._ending = True
        if self.mute:
            self.drop("half open")
        else:
            self.flush()

    def reset(self, how: str = "reset") -> None:
        """Throw everything away and answer with RST."""
        if not self.over:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.drop(how)

    def drop(self, how: str) -> None:
        """Close at once."""
        if self.over:
            return
        self.over = True
        self._loop.watch(self._sock, 0, self._ready)
        self._sock.close()
        self._forget(self)
        if self.peer is not None:
            self.peer.gone(how)

    def silence(self) -> None:
        """Be half-open from now on."""
        self.mute = True
        self._watch()

    def stop_reading(self) -> None:
        """Leave what the client says in the system's buffers."""
        self.reading = False
        self._watch()

    def _finish(self) -> None:
        """Send FIN and read on for a while: closing over unread bytes would make it a reset."""
        self._ended = True
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop("client gone")
            return
        self._loop.after(_LINGER_S, lambda: self.drop("lingered"))

    def _watch(self) -> None:
        if self.over:
            return
        events = selectors.EVENT_READ if self.reading and not self.mute else 0
        if self._out and not self.mute:
            events |= selectors.EVENT_WRITE
        if events != self._events:
            self._events = events
            self._loop.watch(self._sock, events, self._ready)

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self.flush()
        if events & selectors.EVENT_READ and not self.over and not self.mute:
            self._read()

    def _read(self) -> None:
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop("client gone")
        elif self.peer is not None and not self._ended:
            self.peer.receive(data)
