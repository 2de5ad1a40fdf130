"""The listening socket: takes connections, answers requests, turns handshakes into sessions, and refuses on demand."""

import selectors
import socket
from collections.abc import Callable

from tests.simulator import order_updates, smartapi
from tests.simulator.account import Account
from tests.simulator.binance import BinanceSession, is_binance
from tests.simulator.connection import Connection
from tests.simulator.floor import Floor
from tests.simulator.http import BadRequestError, Request, RequestReader, response, upgraded
from tests.simulator.loop import now_ns
from tests.simulator.order_face import OrderFace
from tests.simulator.rest import Rest
from tests.simulator.session import Session
from tests.simulator.tally import add

_MOST_CONNECTIONS = 3  # of one client code at SmartAPI
_DRIP_S = 1.0


class Server:
    """One port for everything; `connect_times_ns` (monotonic) are those of all connections taken."""

    def __init__(self, floor: Floor, account: Account, rest: Rest, port: int, orders: OrderFace | None = None) -> None:
        self._floor = floor
        self._account = account
        self._rest = rest
        self._orders = orders
        self._connections: list[Connection] = []
        self.connect_times_ns: list[int] = []
        self._listener = _listening(port)
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, of whatever kind."""
        return tuple(self._connections)

    def flush(self) -> None:
        """Send what the system takes, to everybody."""
        for connection in self.connections:
            connection.flush()

    def go_down(self, seconds: float) -> None:
        """Listen no more, so that connecting is refused, and again after `seconds`."""
        self._floor.loop.watch(self._listener, 0, self._accept)
        self._listener.close()
        self._floor.loop.after(seconds, self._come_up)

    def hang_up(self) -> None:
        """End connections on which no answer is awaited, as a server does with idle ones."""
        for connection in self.connections:
            if isinstance(connection.peer, Visitor) and not connection.peer.waits:
                connection.end()

    def close(self) -> None:
        """End everything."""
        for connection in self.connections:
            connection.drop("end")
        self._listener.close()

    def _come_up(self) -> None:
        self._listener = _listening(self.port)
        self._listen()

    def _listen(self) -> None:
        self._floor.loop.watch(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self, _: int) -> None:
        try:
            sock, _address = self._listener.accept()
        except OSError:  # it went away before it was taken
            return
        self._floor.counters.connects += 1
        self.connect_times_ns.append(now_ns())
        self._floor.counters.connections += 1
        connection = Connection(sock, self._floor.loop, self._forget)
        connection.delay_ns = self._floor.knobs.delay_ns
        self._connections.append(connection)
        if self._floor.knobs.take("refuse"):
            add(self._floor.counters.refusals, "refuse")
            connection.reset()
        elif self._floor.knobs.take("half_open"):
            add(self._floor.counters.refusals, "half_open")
            connection.silence()
        else:
            connection.peer = Visitor(connection, self._orders, self._answer)

    def _forget(self, connection: Connection) -> None:
        self._floor.counters.connections -= 1
        self._connections.remove(connection)

    # ── Requests ───────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, connection: Connection, request: Request) -> Session | None:
        """Answer a request; the session that the connection has become, if it has."""
        if not request.is_upgrade:
            answer, last = self._rest.answer(request)
            connection.send(answer)
            if last:
                connection.end()
            return None
        if self._orders is not None and request.path == order_updates.PATH:
            return self._orders.listen(connection, request)
        refusal = self._refusal(request)
        if refusal is not None:
            status, answer = refusal
            add(self._floor.counters.refusals, status)
            connection.send(answer)
            connection.end()
            return None
        if self._floor.knobs.take("slow_header"):
            add(self._floor.counters.refusals, "slow_header")
            self._drip(connection, request)
            return None
        return self._upgrade(connection, request, upgraded(request))

    def _refusal(self, request: Request) -> tuple[str, bytes] | None:
        """What is counted and what is answered, where this handshake is refused."""
        knobs = self._floor.knobs
        if knobs.take("throttle"):
            return "throttle", b"HTTP/1.1 101 Swi"
        if knobs.take("429"):
            return "429", response(429, b"Too Many Requests", kind="text/plain")
        if request.path.startswith(smartapi.PATH):
            bad = smartapi.refusal(request, self._account)
            if knobs.take("401") or bad:
                return "401", response(401, headers={"x-error-message": bad or "Invalid Header - Invalid Auth token"})
            alive = [each for each in self._floor.clients if not (each.closing or each.connection.mute)]
            if sum(isinstance(each, smartapi.SmartSession) for each in alive) >= _MOST_CONNECTIONS:
                return "429", response(429, b"Too Many Requests", kind="text/plain")
        elif not is_binance(request.path):
            return "404", response(404)
        elif knobs.take("401"):
            return "401", response(401)
        if "sec-websocket-key" not in request.headers:
            return "400", response(400)
        return None

    def _drip(self, connection: Connection, request: Request, at: int = 0) -> None:
        """Answer a handshake byte by byte; it may become a session at the end."""
        if connection.over:
            return
        answer = upgraded(request)
        if at < len(answer) - 1:
            connection.send(answer[at : at + 1])
            connection.flush()
            self._floor.loop.after(_DRIP_S * self._floor.scale, lambda: self._drip(connection, request, at + 1))
        else:
            connection.peer = self._upgrade(connection, request, answer[at:])

    def _upgrade(self, connection: Connection, request: Request, answer: bytes) -> Session:
        connection.send(answer)
        kind = smartapi.SmartSession if request.path.startswith(smartapi.PATH) else BinanceSession
        session = kind(connection, self._floor)
        session.begin(request)
        return session


class Visitor:
    """A connection of which only requests have come so far; `waits`: an answer to one of them is on its way."""

    def __init__(
        self,
        connection: Connection,
        orders: OrderFace | None,
        answer: Callable[[Connection, Request], Session | None],
    ) -> None:
        self._connection = connection
        self._orders = orders
        self._answer = answer
        self._requests = RequestReader()
        self.waits = False

    def receive(self, data: bytes) -> None:
        """Answer whole requests, one after the other; hand the connection on when it becomes a WebSocket."""
        self._requests.feed(data)
        try:
            while not self._connection.over and not self.waits and (request := self._requests.take()):
                if self._orders is not None and self._orders.takes(request):
                    self.waits = True
                    self._orders.answer(self._connection, request, self._answered)
                elif session := self._answer(self._connection, request):
                    self._connection.peer = session
                    if self._requests.rest:
                        session.receive(self._requests.rest)
                    return
        except BadRequestError as error:
            self._connection.send(response(400, str(error).encode(), kind="text/plain"))
            self._connection.end()

    def gone(self, how: str) -> None:
        """Nobody waits for it."""

    def _answered(self) -> None:
        self.waits = False
        self.receive(b"")


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    listener.setblocking(False)
    return listener
