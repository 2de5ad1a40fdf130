"""The instruments of the simulated exchange, what each last did, and who wants to hear of it. Knows no socket."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from engine.model.types import Instrument
from tests.support.venues.wire_samples import DEPTH, LTP, QUOTE, depth_packet, encode_packet

EXCHANGE_TYPES = {"NSE": 1, "NFO": 2, "BSE": 3, "BFO": 4, "MCX": 5, "NCX": 7, "CDS": 13}
EXCHANGES = {number: name for name, number in EXCHANGE_TYPES.items()}
FIRST_TOKEN = 40001

BookShape = Literal["normal", "crossed", "one_sided", "empty"]


class Line(Struct):
    """One instrument: how it is listed, and its newest state (prices in minor units, quantities in units).

    `happened` says whether there was a tick; before it there is nothing to tell a new subscriber. `average` is sent
    where the average price stands. `trade` is the number of the newest trade, for Binance.
    """

    index: int
    token: str
    symbol: str
    exchange_type: int = 2
    price_scale: int = 100
    quantity_scale: int = 1
    tick: int = 5
    lot: int = 75
    freeze: int = 1800
    happened: bool = False
    sequence: int = 1_000_000
    trade: int = 3_000_000_000
    exch_ms: int = 0
    price: int = 0
    quantity: int = 0
    volume: int = 0
    average: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    upper: int = 0
    lower: int = 0
    buy_total: float = 150_000.0
    sell_total: float = 120_000.0
    book: BookShape = "normal"

    @property
    def is_index(self) -> bool:
        """Whether it is an index, whose packets have no number."""
        return self.exchange_type in {1, 3} and self.token.startswith("999")

    def happen(self, exch_ms: int, price: int, quantity: int, volume: int) -> None:
        """The next tick."""
        if not self.happened:
            self.happened = True
            self.open = self.high = self.low = price
            self.close = self.close or price
            self.lower = self.lower or self.tick
            self.upper = self.upper or 20 * price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.exch_ms, self.price, self.quantity, self.volume = exch_ms, price, quantity, volume
        self.count()

    def count(self, steps: int = 1) -> None:
        """Give the next packet its number, `steps` after the one before."""
        self.trade += steps
        self.sequence = 0 if self.is_index else self.sequence + steps

    def packet(self, mode: int) -> bytes:
        """The state as a packet of SmartAPI; that of mode 4 has an empty book."""
        if mode == LTP:
            return encode_packet(
                LTP, self.exchange_type, self.token, sequence=self.sequence, exch_ms=self.exch_ms, price=self.price
            )
        if mode == DEPTH:
            return depth_packet(self.exchange_type, self.token, self.exch_ms)
        bids, asks = ((), ()) if mode == QUOTE else self.levels()
        return encode_packet(
            mode,
            self.exchange_type,
            self.token,
            sequence=self.sequence,
            exch_ms=self.exch_ms,
            price=self.price,
            quantity=self.quantity,
            average=self.average or self.price,
            volume=self.volume,
            buy_total=self.buy_total,
            sell_total=self.sell_total,
            ohlc=(self.open, self.high, self.low, self.close),
            last_trade_s=self.exch_ms // 1000,
            open_interest=1_000 * self.lot,
            bids=bids,
            asks=asks,
            upper=self.upper,
            lower=self.lower,
        )

    def levels(self) -> tuple[Sequence[tuple[int, int, int]], Sequence[tuple[int, int, int]]]:
        """Best five bids and asks around the last price, as (price, quantity, orders)."""
        if self.book == "empty":
            return (), ()
        away = -1 if self.book == "crossed" else 1
        bids = [(self.price - away * n * self.tick, n * self.lot, n) for n in range(1, 6)]
        asks = [(self.price + away * n * self.tick, n * self.lot, n) for n in range(1, 6)]
        return (bids, ()) if self.book == "one_sided" else (bids, asks)


def line_of(index: int, instrument: Instrument, token: str = "") -> Line:
    """The line of an instrument; `token`, its own, or a made-up one."""
    return Line(
        index,
        token or instrument.token or str(FIRST_TOKEN + index),
        instrument.symbol,
        EXCHANGE_TYPES.get(instrument.exchange, 2),
        instrument.price_scale,
        instrument.quantity_scale,
        instrument.tick_size,
        instrument.lot_size,
        instrument.freeze_quantity,
    )


class RawMessage(Struct, frozen=True):
    """A message of Binance as it was recorded; `symbol` is in upper case, `bare` the event without its stream."""

    stream: str
    symbol: str
    bare: bytes
    whole: bytes


class Listener(Protocol):
    """A client that has subscribed to something."""

    def on_tick(self, line: Line) -> None:
        """Tell the newest state of `line`."""
        ...

    def on_raw(self, message: RawMessage) -> None:
        """Pass on a recorded message."""
        ...


class Market:
    """All lines, and for each the clients that want it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = list(lines)
        self.by_token = {(line.exchange_type, line.token): line for line in lines}
        self.by_symbol = {line.symbol.lower(): line for line in lines}
        self._of_line: list[list[Listener]] = [[] for _ in lines]
        self._of_stream: dict[str, list[Listener]] = {}

    def listeners(self, line: Line) -> list[Listener]:
        """Who wants `line`."""
        return self._of_line[line.index]

    def publish(self, item: Line | RawMessage) -> None:
        """Tell those who want it."""
        if isinstance(item, Line):
            for listener in tuple(self._of_line[item.index]):  # one may leave meanwhile
                listener.on_tick(item)
        else:
            for listener in tuple(self._of_stream.get(item.stream, ())):
                listener.on_raw(item)

    def want(self, listener: Listener, line: Line | None, stream: str = "") -> None:
        """`listener` is to be told of `line`, and of the recorded messages of `stream`."""
        wanted = [self._of_line[line.index]] if line is not None else []
        if stream:
            wanted.append(self._of_stream.setdefault(stream, []))
        for each in wanted:
            if listener not in each:
                each.append(listener)

    def leave(self, listener: Listener, line: Line | None, stream: str = "") -> None:
        """`listener` no longer wants `line`, or `stream`."""
        left = [self._of_line[line.index]] if line is not None else []
        if stream:
            left.append(self._of_stream.get(stream, []))
        for each in left:
            if listener in each:
                each.remove(listener)
