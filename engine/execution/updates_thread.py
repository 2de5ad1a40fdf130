"""The broker's socket for order updates: one thread that keeps it up, and tells what comes. Knows no broker's format.

Nothing is repeated on it and nothing numbered: behind each connect the books have to be read.
"""

import os
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final, NoReturn

from engine.execution.login import Login
from engine.execution.order_dialect import UpdateMessage
from engine.model.errors import WireError
from engine.model.lanes_view import UpdatesState
from engine.model.order_reports import OrderSeen
from engine.stream.adapter import Endpoint
from engine.stream.backoff import Backoff, ConnectBudget
from engine.stream.errors import LinkLost, Stopped, TokensRefused
from engine.stream.frames import CLOSE, PING, PONG, TEXT, FrameReader, Message, client_frame, close_code
from engine.stream.handshake import shake_hands
from engine.stream.socket import StreamSocket, dial
from engine.stream.wakeup import Wakeup
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

if TYPE_CHECKING:
    import ssl

_now_ns = time.perf_counter_ns
_NS: Final = 1_000_000_000
PING_S: Final = 10.0
STALE_S: Final = 20.0  # nothing of any kind for so long: the link is dead
HANDSHAKE_S: Final = 5.0
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
_GOING: Final = 1000
_SEND_NS: Final = 5 * _NS


class UpdatesThread:
    """`understand` says what a message is of, under a login's number; `see` takes orders, `missed` is told once of each link.

    `refused` is told of a login that the socket is refused for. Writes `state` and the rest for a screen.
    """

    def __init__(
        self,
        endpoint: Callable[[str], Endpoint],
        tls: Callable[[], "ssl.SSLContext"],
        ping: bytes,
        understand: Callable[[bytes, int], UpdateMessage],
        see: Callable[[OrderSeen], None],
        missed: Callable[[], None],
        refused: Callable[[int], None],
        backoff: Backoff,
    ) -> None:
        self.state: UpdatesState = "STOPPED"
        self.because = CleanText("")
        self.since_ns = self.frame_ns = 0
        self.frames = 0
        self._endpoint = endpoint
        self._tls = tls
        self._ping = ping
        self._understand = understand
        self._see = see
        self._missed = missed
        self._refused = refused
        self._backoff = backoff
        self._budget = ConnectBudget()
        self._login = Login(0, up=False)
        self._stopping = False
        self._wait_until_ns = 0
        self._is_new = True  # nothing has come by this link yet
        self._renewed = False  # a login was asked for, and no link has stood since
        self._lock = Lock()  # guards who is woken
        self._wakeup: Wakeup | None = None
        self._thread = Thread(target=self._run, name="order-updates", daemon=True)

    # ── From any thread ─────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to connect once there is a login."""
        self._thread.start()

    def log_in(self, login: Login) -> None:
        """Go by this login: what an older one has opened is opened anew; what stands is not ended for the lack of another."""
        self._login = login
        if login.up:
            self._wake()

    def begin_to_stop(self) -> None:
        """End soon, whatever is waited for."""
        self._stopping = True
        self._wake()

    def stop(self, timeout_s: float) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _wake(self) -> None:
        with self._lock:
            if self._wakeup is not None:
                self._wakeup.wake()

    # ── The thread ──────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                self._wakeup = wakeup = Wakeup()
            try:
                self._go_on(self._login, wakeup)
            except Stopped:
                continue  # there is something new, or that was the end
            except TokensRefused as lost:
                self._renew(lost)
            except LinkLost as lost:
                self._lose(lost.reason, lost.wait_s)
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and gone on
                self._lose(f"{type(error).__name__}: {error}", LONGEST_WAIT_S)
            finally:
                with self._lock:
                    self._wakeup = None
                    wakeup.close()
        self._enter("STOPPED")

    def _go_on(self, login: Login, wakeup: Wakeup) -> None:
        """Wait for what is missing, else be linked until that ends; raises LinkLost, Stopped."""
        if self._stopping:
            raise Stopped
        wait_ns = max(self._wait_until_ns - _now_ns(), self._budget.wait_ns(_now_ns()))
        if not login.up:
            self._enter("LOGIN")
            wakeup.wait(None)
        elif wait_ns > 0:
            self._enter("WAITING")
            wakeup.wait(wait_ns)
        else:
            self._link(login, wakeup)

    def _link(self, login: Login, wakeup: Wakeup) -> NoReturn:
        self._enter("CONNECTING")
        at = self._endpoint(login.token)
        deadline_ns = _now_ns() + round(HANDSHAKE_S * _NS)
        try:
            line = dial(at.host, at.port, wakeup, deadline_ns, loopback_only=not at.secure)
        finally:
            self._budget.spend(_now_ns())
        try:
            if at.secure:
                line.secure(self._tls(), at.host, deadline_ns)
            shake_hands(line, at, deadline_ns)
            self.because = CleanText("")
            self._enter("UP")
            self._renewed = False
            self._listen(line, login.generation)
        finally:
            if self.state == "UP":
                _say_goodbye(line)
            line.close()

    def _listen(self, line: StreamSocket, generation: int) -> NoReturn:
        """Take what comes until the link ends; raises LinkLost, Stopped."""
        reader = FrameReader()
        self._is_new = True
        self.frame_ns = _now_ns()
        ping_ns = self.frame_ns + round(PING_S * _NS)
        while True:
            stale_ns = self.frame_ns + round(STALE_S * _NS)
            data = line.receive(min(ping_ns, stale_ns))
            now_ns = _now_ns()
            if data is not None:
                reader.feed(data)
                self._take_all(reader, line, generation, now_ns)
            elif now_ns >= stale_ns:
                raise LinkLost(f"nothing came for {STALE_S:g} s")
            if now_ns >= ping_ns:
                ping_ns = now_ns + round(PING_S * _NS)
                _send(line, TEXT, self._ping)

    def _take_all(self, reader: FrameReader, line: StreamSocket, generation: int, now_ns: int) -> None:
        try:
            while (message := reader.take()) is not None:
                self.frame_ns = now_ns
                self.frames += 1
                self._take(message, line, generation)
        except WireError as error:
            raise LinkLost(f"no WebSocket's bytes: {error}") from None

    def _take(self, message: Message, line: StreamSocket, generation: int) -> None:
        if message.opcode == PING:
            _send(line, PONG, message.payload)
        elif message.opcode == CLOSE:
            code, reason = close_code(message.payload)
            raise LinkLost(f"closed by the server: {code} {reason}".rstrip())
        elif message.opcode != PONG:
            told = self._understand(message.payload, generation)
            if self._is_new:  # it speaks: from here on nothing is missed, and what went wrong before counts no more
                self._is_new = False
                self._backoff.succeeded()
                self._missed()
            if told.seen is not None:
                self._see(told.seen)
            elif told.kind == "unreadable":
                self.because = told.reason

    # ── What ends a link ────────────────────────────────────────────────────────────────────────────────────────

    def _renew(self, lost: TokensRefused) -> None:
        """The socket does not take the login: one more is asked for, and not another before a link has stood."""
        self._lose(lost.reason, lost.wait_s)
        if not self._renewed:
            self._renewed = True
            self._refused(self._login.generation)

    def _lose(self, reason: str, wait_s: float) -> None:
        """Keep why the link has ended; the next one waits for its time."""
        self.because = clean(redact(reason))
        self._wait_until_ns = _now_ns() + max(self._backoff.failed(), round(wait_s * _NS))

    def _enter(self, state: UpdatesState) -> None:
        if state != self.state:
            self.state, self.since_ns = state, _now_ns()


def _send(line: StreamSocket, opcode: int, payload: bytes) -> None:
    line.send(client_frame(opcode, payload, os.urandom(4)), _now_ns() + _SEND_NS)


def _say_goodbye(line: StreamSocket) -> None:
    """Tell the server that the link ends, if it listens at once."""
    try:
        line.send(client_frame(CLOSE, _GOING.to_bytes(2), os.urandom(4)), _now_ns())
    except (LinkLost, Stopped):
        return  # it does not
