"""One connection to a broker, opened beforehand and used for one request: "was a byte sent" stays plain. No call of it waits.

What goes wrong before the first byte means that nothing was sent; whatever comes behind it and is no whole answer, that nobody knows.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from select import POLLIN, POLLOUT
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.execution.order_dialect import NoAnswer, Reply
from engine.outside.http_reader import AnswerReader, BadAnswerError
from engine.outside.https import Origin, in_plain_words
from engine.text.sanitize import CleanText, clean

if TYPE_CHECKING:
    import ssl

OPEN_S: Final = 5.0  # name, connection and TLS together
ANSWER_S: Final = 7.0  # from the first byte to the last one of the answer

_NS: Final = 1_000_000_000
_TRIES: Final = 3  # addresses of one host
_RECV_BYTES: Final = 65_536
_IN_PROGRESS: Final = (115, 114, 36, 37)  # EINPROGRESS and EALREADY, of Linux and of macOS
_CONNECTED: Final = (0, 106, 56)  # and EISCONN

# looking_up → connecting → securing → ready → asked → over; each may be over at once
LineState = Literal["looking_up", "connecting", "securing", "ready", "asked", "over"]
Address = tuple[int, Any]  # family, and where


class OrderLine:
    """Used by one thread, which polls `fileno` for `events` and calls `advance` whenever something has happened or `due_ns` has come.

    `state` is over at once where the connection is lost; `problem` says why, where no `reply` does. `known` is where the host
    was found last, for when nobody answers for names: whoever is there has to prove its name in any case.
    """

    def __init__(
        self,
        place: Origin,
        tls: "ssl.SSLContext | None",
        ring: Callable[[], None],
        now_ns: int,
        known: list[Address] | None = None,
    ) -> None:
        self._place = place
        self._tls = tls
        self._ring = ring
        self.state: LineState = "looking_up"
        self.events = 0
        self._open_by_ns = self.due_ns = now_ns + round(OPEN_S * _NS)
        self.ready_ns = 0
        self.problem = CleanText("")
        self.reply: Reply | None = None
        self._socket: socket.socket | None = None
        self._known = [] if known is None else known
        self._found: list[Address] | OSError | None = None
        self._address: Any = None
        self._rest = memoryview(b"")
        self._reader = AnswerReader(0)
        # Errors that only mean "not now", and what must be awaited then.
        self._not_now: dict[type[OSError], int] = {BlockingIOError: 0}
        if place.tls:
            Thread(target=self._look_up, name="order-name", daemon=True).start()
        else:
            self._found = [(socket.AF_INET, ("127.0.0.1", place.port))]
        self.advance(now_ns)

    def fileno(self) -> int:
        """What is to be polled; -1 while there is nothing."""
        return -1 if self._socket is None else self._socket.fileno()

    def advance(self, now_ns: int) -> None:
        """Go on as far as it goes; never raises."""
        try:
            if self.state == "looking_up":
                self._take_addresses(now_ns)
            if self.state == "connecting":
                self._connect(now_ns)
            if self.state == "securing":
                self._secure(now_ns)
            elif self.state == "ready":
                self._look_whether_alive()
            elif self.state == "asked":
                self._go_on_asking()
        except OSError as error:
            self._failed(error, now_ns)
        if now_ns < self.due_ns or self.state == "over":
            return
        if self.state == "asked":
            self._end(clean(f"{self._place.host}: no whole answer within {ANSWER_S:g} s"))
        else:
            self._failed(OSError(0, f"not open within {OPEN_S:g} s"), now_ns)

    def ask(self, request: bytes, limit_bytes: int, now_ns: int) -> None:
        """Send it, on a line that is ready; the answer has at most `limit_bytes`."""
        self.state = "asked"
        self.due_ns = now_ns + round(ANSWER_S * _NS)
        self._rest = memoryview(request)
        self._reader = AnswerReader(limit_bytes)
        self.advance(now_ns)

    def close(self) -> None:
        """Give it up, whatever is under way."""
        self.state, self.events = "over", 0
        self._rest = memoryview(b"")
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    # ── Below, nothing is called from outside. ──────────────────────────────────────────────────────────────────

    def _look_up(self) -> None:
        """In a thread of its own: looking up a name cannot be interrupted, only left behind."""
        try:
            found = socket.getaddrinfo(self._place.host.encode("ascii"), self._place.port, type=socket.SOCK_STREAM)
            self._known[:] = [(family, address) for family, _, _, _, address in found[:_TRIES]]
            self._found = [*self._known]
        except (OSError, UnicodeError) as error:
            self._found = [*self._known] or (error if isinstance(error, OSError) else OSError("no such host"))
        self._ring()

    def _take_addresses(self, now_ns: int) -> None:
        if isinstance(self._found, OSError):
            raise self._found
        if self._found is not None:
            self._begin_next(now_ns)

    def _begin_next(self, now_ns: int) -> None:
        """Begin to connect to the next address, which has its share of the time that is left."""
        assert isinstance(self._found, list)
        self.due_ns = now_ns + (self._open_by_ns - now_ns) // len(self._found)
        family, self._address = self._found.pop(0)
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state, self.events = "connecting", POLLOUT

    def _connect(self, now_ns: int) -> None:
        assert self._socket is not None
        error = self._socket.connect_ex(self._address)
        if error in _IN_PROGRESS:
            return
        if error not in _CONNECTED:
            raise OSError(error, os.strerror(error))
        if self._tls is None:
            self._is_ready(now_ns)
            return
        import ssl  # noqa: PLC0415 - OpenSSL: megabytes that only an encrypted line needs

        self._not_now = {ssl.SSLWantReadError: POLLIN, ssl.SSLWantWriteError: POLLOUT, BlockingIOError: 0}
        try:
            self._socket = self._tls.wrap_socket(
                self._socket, server_hostname=self._place.host, do_handshake_on_connect=False
            )
        except ValueError:  # closed between the connection and here
            raise ConnectionError from None
        self.state, self.events = "securing", POLLIN

    def _secure(self, now_ns: int) -> None:
        try:
            self._socket.do_handshake()  # type: ignore[union-attr]
        except OSError as error:
            self._await(error, POLLIN)
            return
        self._is_ready(now_ns)

    def _is_ready(self, now_ns: int) -> None:
        self.state, self.events, self.ready_ns = "ready", POLLIN, now_ns
        self.due_ns = now_ns + (1 << 60)  # whoever holds it says how old it may become

    def _look_whether_alive(self) -> None:
        """Take what TLS itself has to say; anything else that comes unasked, and a close, is the end."""
        assert self._socket is not None
        try:
            came = self._socket.recv(1)
        except OSError as error:
            self._await(error, POLLIN)
            return
        self._end(clean(f"{self._place.host}: {'spoke unasked' if came else 'closed an idle connection'}"))

    def _go_on_asking(self) -> None:
        assert self._socket is not None
        try:
            while self._rest:
                self._rest = self._rest[self._socket.send(self._rest) :]
        except OSError as error:
            self._await(error, POLLOUT)
            return
        self.events = POLLIN
        try:
            while self.state == "asked":
                self._take(self._socket.recv(_RECV_BYTES))
        except OSError as error:
            self._await(error, POLLIN)
        except BadAnswerError as error:
            self._end(clean(f"{self._place.host}: {error}"))

    def _take(self, data: bytes) -> None:
        answer = self._reader.feed(data) if data else self._reader.ended()
        if answer is not None:
            self.close()
            self.reply = answer

    def _await(self, error: OSError, otherwise: int) -> None:
        """Wait for what `error` asks for; raises it where it is a real one."""
        events = self._not_now.get(type(error))
        if events is None:
            raise error
        self.events = events or otherwise

    def _failed(self, error: OSError, now_ns: int) -> None:
        """An error has ended the connection, or the try of one address."""
        if self.state in {"connecting", "securing"} and self._found:
            assert self._socket is not None
            self._socket.close()
            with suppress(OSError):
                self._begin_next(now_ns)
                self._ring()
                return
        self._end(clean(in_plain_words(error, self._place.host, ANSWER_S)))

    def _end(self, why: CleanText) -> None:
        was_asked = self.state == "asked"
        self.close()
        self.problem = why
        if was_asked:
            self.reply = NoAnswer(why, sent=True)
