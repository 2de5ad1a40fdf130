"""What all kinds of WebSocket have in common: frames in, pongs, closing, and what a fault holds back. Knows no stream."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tests.simulator.connection import Connection
from tests.simulator.floor import Floor
from tests.simulator.framing import CLOSE, PING, PONG, TEXT, ClientFrames, ProtocolError, close_frame, frame
from tests.simulator.http import Request
from tests.simulator.loop import now_ns
from tests.simulator.market import Line, RawMessage
from tests.simulator.tally import add

_CLOSE_S = 2.0  # what a client has to answer a close


class Session(ABC):
    """A client's WebSocket."""

    def __init__(self, connection: Connection, floor: Floor) -> None:
        self.connection = connection
        self.closing = False
        self.heard_ns = now_ns()
        self._floor = floor
        self._frames = ClientFrames()
        self._how = ""

    @abstractmethod
    def begin(self, request: Request) -> None:
        """The handshake is answered."""

    # ── What comes ─────────────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def on_text(self, text: bytes) -> None:
        """A message of the client."""

    @abstractmethod
    def on_pong(self, payload: bytes) -> None:
        """A pong of the client."""

    @abstractmethod
    def on_ping(self, answer: bytes) -> None:
        """A ping frame of the client, and the frame that answers it."""

    @abstractmethod
    def leave(self, how: str) -> None:
        """The connection is over."""

    def receive(self, data: bytes) -> None:
        """Take the client's bytes."""
        self.heard_ns = now_ns()
        self._frames.feed(data)
        try:
            while not self.connection.over and (message := self._frames.take()):
                self._take(*message)
        except ProtocolError as error:
            self.close(error.code, str(error))

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self._how = self._how or f"client {code}"
            if not self.closing:
                self.connection.send(close_frame(code))
            self.closing = True
            self.connection.end()
        elif self.closing:
            return
        elif opcode == PING:
            self.on_ping(frame(PONG, payload))
        elif opcode == PONG:
            self.on_pong(payload)
        else:
            self.on_text(payload)

    def pong(self, answer: bytes) -> None:
        """Send a pong, or not, or late, as the knobs say."""
        knobs = self._floor.knobs
        if now_ns() < knobs.mute_pong_ns or self.connection.blocked:
            return
        if knobs.pong_delay_s:
            self._floor.loop.after(knobs.pong_delay_s, lambda: self.late(answer))
        else:
            self.connection.send(answer)

    def late(self, answer: bytes) -> None:
        """Send `answer` from a timer."""
        if not self.closing:
            self.connection.send(answer)

    # ── What goes ──────────────────────────────────────────────────────────────────────────────────────────────

    def text(self, text: str) -> None:
        """Send a text message that is no data."""
        if not self.closing and not self.connection.blocked:
            self.connection.send(frame(TEXT, text.encode()))

    def close(self, code: int, reason: str = "") -> None:
        """Close with a frame; 1006 is the end of the connection without one."""
        if self.closing:
            return
        self._how = self._how or f"server {code}" + (f" {reason}" if reason else "")
        if code != 1006:
            self.connection.send(close_frame(code, reason))
        self.closing = True
        if code == 1006:
            self.connection.end()
        else:
            self._floor.loop.after(_CLOSE_S, self.connection.end)

    def gone(self, how: str) -> None:
        """The connection is over."""
        self.closing = True
        self.leave(self._how or how)


class FeedSession(Session):
    """A client of a stream of prices; `subscriptions` is how many tokens × modes (or streams) it has."""

    def __init__(self, connection: Connection, floor: Floor) -> None:
        super().__init__(connection, floor)
        self.silent = False  # nothing but pongs from now on
        self.subscriptions = 0
        floor.counters.upgrades += 1
        floor.counters.open += 1
        floor.clients.append(self)

    @abstractmethod
    def unsubscribe_all(self) -> None:
        """Take back every subscription."""

    @abstractmethod
    def on_tick(self, line: Line) -> None:
        """Tell the newest state of `line`."""

    @abstractmethod
    def on_raw(self, message: RawMessage) -> None:
        """Pass on a recorded message."""

    @abstractmethod
    def ticks(self, line: Line) -> Sequence[bytes]:
        """The frames that tell the state of `line` as this client wants it."""

    def on_ping(self, answer: bytes) -> None:
        """Counted, and answered."""
        self._floor.counters.pings += 1
        self.pong(answer)

    def hears(self, name: str) -> bool:
        """Whether data of `name` reaches this client now; counts what does not."""
        connection = self.connection
        if self.closing or connection.blocked or connection.mute or self.silent or self._floor.knobs.silent(name):
            add(self._floor.counters.withheld, name)
            return False
        return True

    def data(self, frames: bytes) -> None:
        """Send frames as they are."""
        if not self.closing:
            self._floor.counters.sent_frames += 1
            self.connection.send(frames)
            if self._floor.eager:
                self.connection.flush()

    def leave(self, how: str) -> None:
        """It is counted how it ended."""
        counters = self._floor.counters
        add(counters.closes, how)
        self.unsubscribe_all()
        counters.open -= 1
        self._floor.clients.remove(self)
