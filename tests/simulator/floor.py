"""What the parts of the exchange share: the loop, the market, the counters, and which misbehaviour is switched on."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from tests.simulator.connection import Connection
from tests.simulator.counters import Counters
from tests.simulator.loop import Loop, now_ns
from tests.simulator.market import Line, Listener, Market

FOR_EVER = 1 << 62


class Knobs(Struct):
    """Misbehaviour that lasts; times are monotonic ns, 0 = not at all.

    `next` says how many of the coming handshakes (or REST calls: "rest html") are treated so.
    """

    mute_pong_ns: int = 0
    pong_delay_s: float = 0.0
    silent_ns: int = 0
    silent_tokens: dict[str, int] = {}
    delay_ns: int = 0
    next: dict[str, int] = {}

    def take(self, kind: str) -> bool:
        """Whether the handshake or call at hand is one of those."""
        left = self.next.get(kind, 0)
        if left:
            self.next[kind] = left - 1
        return left > 0

    def silent(self, token: str) -> bool:
        """Whether nothing is to be heard of `token` now."""
        if not self.silent_ns and not self.silent_tokens:
            return False
        return now_ns() < max(self.silent_ns, self.silent_tokens.get(token, 0))


class Client(Listener, Protocol):
    """A WebSocket of a client."""

    connection: Connection
    closing: bool
    silent: bool
    subscriptions: int

    def ticks(self, line: Line) -> Sequence[bytes]:
        """The frames that tell the state of `line` as this client wants it."""
        ...

    def data(self, frames: bytes) -> None:
        """Send frames as they are."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Close in the way that `code` stands for."""
        ...


class Floor:
    """What all parts of the exchange share; `scale` shortens every time-out (0.01: 120 s become 1.2 s)."""

    def __init__(self, loop: Loop, market: Market, scale: float) -> None:
        self.loop = loop
        self.market = market
        self.scale = scale
        self.counters = Counters()
        self.knobs = Knobs()
        self.clients: list[Client] = []
        self.eager = False  # flush after each packet, so that a packet's own time stamp is true
