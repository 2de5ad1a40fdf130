"""The engine's side of the socket: one thread that accepts clients, answers their requests, and waits for none of them.

The engine does not know it: it is only looked at, and handed commands. Whatever a client does costs it that client's
connection and at most one line of the log a minute.
"""

import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from engine.link import address
from engine.link.claims import Claim
from engine.link.connection import Connection
from engine.link.control import OperatorPolicy
from engine.link.frames import frame
from engine.link.limits import Notes
from engine.link.listener import Listener
from engine.link.places import one_too_many, place_for
from engine.link.protocol import (
    ENCODER,
    LONGEST_ASKED,
    REQUESTS,
    Bye,
    FollowFlat,
    Hello,
    Request,
    RequestRefused,
    understood,
)
from engine.link.request_handler import RequestHandler, ServedEngine
from engine.model.clock import Clock
from engine.model.errors import WireError

_ROUND_S = 0.5  # the longest between two looks at the clock: at limits of seconds, and at the policy
_THROTTLED_S = 0.02
_NEWS_S = 0.005  # how soon somebody who follows a flat is told
_FOLLOWED_NS = 1_000_000_000  # the longest he waits without an answer, so that he knows that we are there
_ACCEPTS_A_ROUND = 8
_MOST_FAILURES = 5
_JOIN_S = 2.0


class LinkServer:
    """Serves `served` at `path` from `start` to `stop`; `beat_ns` (monotonic) stamps its newest round.

    The thread "link" alone touches everything here, and no file: `do` has done at the disk what is to be done there. `note` is told of trouble with clients, at most once a minute
    of each kind. After five failures of its own it accepts no client any more; the policy for an absent operator goes on.
    `resident` is a screen that is no client and has control from the beginning, until `leave_control`.
    """

    def __init__(
        self,
        path: Path,
        served: ServedEngine,
        *,
        policy: OperatorPolicy,
        clock: Clock,
        note: Callable[[str], None],
        resident: str = "",
        do: Callable[[Callable[[], None]], None] = lambda errand: errand(),
    ) -> None:
        self.beat_ns = 0
        self._served = served
        self._clock = clock
        self._note = note
        self._notes = Notes(note)
        self._handler = RequestHandler(served, policy, self._notes)
        if resident:
            self._handler.settle_in(resident, clock.monotonic_ns())
        self._control_left = False
        self._selector = selectors.DefaultSelector()
        self._listener = Listener(path, self._selector, clock.monotonic_ns(), note, do)
        self._connections: list[Connection] = []  # the oldest first
        self._failures = 0
        self._ending = False
        self._pause = Event()
        self._thread = Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Open the socket and begin to serve; the engine has been started. Raises UserError."""
        self._listener.open()
        self._thread.start()

    def claim(self, channel: str) -> Claim | None:
        """That a client tells by this channel of alerts, as he said last; from any thread."""
        return self._handler.claims.of(channel)

    def leave_control(self) -> None:
        """The resident screen is gone: whoever wants control may have it from the next round on."""
        self._control_left = True

    def look(self) -> str:
        """What has become of the socket's name, after another socket was opened there; "" while all is well.

        From another thread, which may hang. Raises UserError where none can be opened.
        """
        return "" if self._ending or not self._thread.is_alive() else self._listener.look()

    def stop(self, linger_s: float = 1.0) -> None:
        """End; who is to know that it ended on purpose gets the last snapshot, if it is fetched within `linger_s`. Safe to call twice."""
        if not self._thread.is_alive():
            return
        wait = Event()
        for _ in range(round(linger_s / 0.02)):
            # One that tells alerts would tell that the engine is gone.
            waited_for = [each for each in tuple(self._handler.clients.values()) if each.screen or each.tells]
            if all(client.seen >= self._served.snapshot.number for client in waited_for):
                break
            wait.wait(0.02)
        self._ending = True
        self._pause.set()
        self._listener.wake()
        self._thread.join(_JOIN_S)

    # ── The thread. Everything below runs in it alone. ──────────────────────────────────────────────────────────

    def _run(self) -> None:
        failed: Exception | None = None
        while not self._ending:
            try:
                if failed is not None:
                    error, failed = failed, None
                    self._broke(error)
                self._round()
            except Exception as error:  # noqa: BLE001 - nothing may end the thread; the engine goes on, clients come again
                failed = error
        self._listener.close()
        for connection in self._connections:  # nobody is told any more
            connection.sock.close()
        self._selector.close()

    def _broke(self, error: Exception) -> None:
        """Tell a failure of our own and begin anew, without the clients that may have brought it about; may fail as well."""
        self._failures += 1
        last = self._failures >= _MOST_FAILURES
        more = "; no client is accepted any more, the policy for an absent operator goes on" if last else ""
        self._note(f"link failed: {type(error).__name__}: {error}{more}")
        if last:
            self._listener.close()
        for connection in tuple(self._connections):
            self._close(connection, self._clock.monotonic_ns())
        self._pause.wait(_ROUND_S)

    def _round(self) -> None:
        """Wait a little for something to happen, work it, and look who is overdue."""
        self._listener.take_fresh()
        wait_s = self._look_for()
        found = self._selector.select(wait_s)
        if self._ending:
            return
        now_ns = self.beat_ns = self._clock.monotonic_ns()
        for key, events in found:
            if key.data is None:
                self._accept(now_ns)
            elif key.data in self._connections:  # it may have been closed for another in this very round
                self._work(key.data, events, now_ns)
        for connection in tuple(self._connections):
            self._tell_news(connection, now_ns)
            self._guarded(connection, now_ns, self._serve)
        for connection in tuple(self._connections):
            if why := connection.overdue(now_ns):
                self._drop(connection, now_ns, why)
        if self._control_left:
            self._control_left = False
            self._handler.resident_left(now_ns)
        self._handler.look_after(now_ns)

    def _look_for(self) -> float:
        """Tell the selector what to look for; how long to wait for it at most, in seconds."""
        now_ns = self._clock.monotonic_ns()
        wait_s = _ROUND_S
        for connection in self._connections:
            reads = connection.reads(now_ns)
            mask = selectors.EVENT_WRITE if connection.sending else selectors.EVENT_READ if reads else 0
            if connection.follows is not None:
                wait_s = min(wait_s, _NEWS_S)
            elif not mask:  # a request waits, or it asks too often and waits for its turn
                wait_s = min(wait_s, 0 if connection.asks(now_ns) else _THROTTLED_S)
            connection.look_for(mask, self._selector)
        if not self._listener.watch(now_ns):
            wait_s = min(wait_s, _THROTTLED_S)
        return wait_s

    # ── Accepting ──────────────────────────────────────────────────────────────────────────────────────────────

    def _accept(self, now_ns: int) -> None:
        for _ in range(_ACCEPTS_A_ROUND):
            try:
                sock = self._listener.accept(now_ns)
            except OSError as error:  # no descriptor is free, or it is gone already
                self._notes.tell("accept", f"a connection could not be taken: {error.strerror}", now_ns)
                return
            if sock is None:
                return
            self._take_in(sock, now_ns)

    def _take_in(self, sock: socket.socket, now_ns: int) -> None:
        """Keep a new connection of our own user; its Hello must come soon."""
        sock.setblocking(False)
        connection = Connection(sock, now_ns)
        self._connections.append(connection)
        uid = address.peer_uid(sock)
        if uid is not None and uid != os.geteuid():
            self._notes.tell("user", f"a connection of user {uid} was refused", now_ns)
            self._refuse(connection, "this engine belongs to another user", now_ns)
            return
        if (oldest := one_too_many(self._connections)) is not None:
            self._drop(oldest, now_ns, "closed for another: too many connections without a Hello", kind="no_hello")

    def _hello(self, connection: Connection, hello: Hello, now_ns: int) -> None:
        reason, kind, goes = self._handler.refusal(hello), "version", None
        if not reason:
            (goes, reason), kind = place_for(hello, self._connections, now_ns), "busy"
        if reason:
            self._notes.tell(kind, f"a client was refused: {reason}", now_ns)
            self._refuse(connection, reason, now_ns)
            return
        if goes is not None:
            self._drop(goes, now_ns, "gave its place to another", kind="room")
        connection.client, frames = self._handler.welcome(hello, now_ns)
        connection.trust()
        self._post(connection, frames, now_ns)

    def _refuse(self, connection: Connection, reason: str, now_ns: int) -> None:
        connection.leaving = True
        self._post(connection, [frame(ENCODER.encode(RequestRefused(reason)))], now_ns)

    # ── Requests ───────────────────────────────────────────────────────────────────────────────────

    def _work(self, connection: Connection, events: int, now_ns: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._sent(connection, connection.flush(now_ns), now_ns)
        else:
            self._guarded(connection, now_ns, self._read)

    def _guarded(self, connection: Connection, now_ns: int, work: Callable[[Connection, int], None]) -> None:
        """Work on what a client sent; if that is not what it should be, the client is dropped."""
        try:
            work(connection, now_ns)
        except WireError as error:  # the reason is a word of ours; the bytes may be anything and are not repeated
            self._drop(connection, now_ns, f"sent bytes that are no request ({error.reason})", kind=error.reason)

    def _read(self, connection: Connection, now_ns: int) -> None:
        if not connection.read(now_ns):
            self._serve(connection, now_ns)  # a last request may have come with the end
            self._close(connection, now_ns)

    def _serve(self, connection: Connection, now_ns: int) -> None:
        """Answer one request of `connection`, if there is one and it is its turn: one a round."""
        if not connection.asks(now_ns):
            return
        payload = connection.take(now_ns)
        assert payload is not None, "it has just asked"
        request = understood(REQUESTS, payload, LONGEST_ASKED)
        if isinstance(request, Hello) != (connection.client is None):
            raise WireError("order", "Hello is the first request, and no other is")
        if isinstance(request, Hello):
            self._hello(connection, request, now_ns)
            return
        if isinstance(request, FollowFlat):
            connection.follows, connection.follows_until_ns = request, now_ns + _FOLLOWED_NS
            self._tell_news(connection, now_ns)
        else:
            self._answer(connection, request, now_ns)

    def _tell_news(self, connection: Connection, now_ns: int) -> None:
        """Answer who follows a flat, where there is news or it is time for a word."""
        follow = connection.follows
        if follow is not None and (now_ns >= connection.follows_until_ns or self._handler.is_news(follow)):
            connection.follows = None
            self._answer(connection, follow, now_ns)

    def _answer(self, connection: Connection, request: Request, now_ns: int) -> None:
        assert connection.client is not None
        frames = self._handler.answer(connection.client, request, now_ns)
        if frames is None or isinstance(request, Bye):
            self._close(connection, now_ns)
        else:
            self._post(connection, frames, now_ns)

    def _post(self, connection: Connection, frames: list[bytes], now_ns: int) -> None:
        self._sent(connection, connection.post(frames, now_ns), now_ns)

    def _sent(self, connection: Connection, well: bool, now_ns: int) -> None:
        if not well or (connection.leaving and not connection.sending):
            self._close(connection, now_ns)

    # ── Closing ──────────────────────────────────────────────────────────────────────────────────────────────

    def _drop(self, connection: Connection, now_ns: int, why: str, kind: str = "") -> None:
        who = f"client {connection.client.name}" if connection.client else "a client"
        self._notes.tell(kind or why, f"{who} {why}: dropped", now_ns)
        self._close(connection, now_ns)

    def _close(self, connection: Connection, now_ns: int) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        connection.look_for(0, self._selector)
        connection.sock.close()
        if connection.client is not None:
            self._handler.gone(connection.client, now_ns)
