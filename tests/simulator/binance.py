"""Binance's streams as clients meet them: raw and combined, live requests, ping frames. Knows no fault."""

import json
from collections import deque
from collections.abc import Sequence
from time import time_ns

from tests.simulator.connection import Connection
from tests.simulator.floor import Floor
from tests.simulator.framing import PING, TEXT, frame
from tests.simulator.http import Request
from tests.simulator.loop import now_ns
from tests.simulator.market import Line, RawMessage
from tests.simulator.session import FeedSession
from tests.simulator.tally import add

_PING_S = 20.0
_PONG_S = 60.0
_MOST_STREAMS = 1024
_MESSAGES_A_SECOND = 5
_SCALE = 10**8
_EVENTS = ("trade", "aggTrade", "bookTicker")


def is_binance(path: str) -> bool:
    """Whether `path` is one of the streams'."""
    return path in {"/stream", "/ws"} or path.startswith("/ws/")


class BinanceSession(FeedSession):
    """A client of Binance's streams."""

    def __init__(self, connection: Connection, floor: Floor) -> None:
        super().__init__(connection, floor)
        self._streams: dict[str, None] = {}
        self._combined = True
        self._messages: deque[int] = deque(maxlen=_MESSAGES_A_SECOND + 1)
        self._ping = b""
        self._ponged_ns = now_ns()
        self._beat()

    def begin(self, request: Request) -> None:
        """Take the streams that stand in the address."""
        self._combined = request.path == "/stream"
        asked = request.query.get("streams", "") if self._combined else request.path.removeprefix("/ws").strip("/")
        self._subscribe([stream for stream in asked.split("/") if stream])

    # ── What comes ─────────────────────────────────────────────────────────────────────────────────────────────

    def on_text(self, text: bytes) -> None:
        """A live request; more than five messages a second end the connection."""
        if self._too_fast():
            self.close(1008, "Too many requests")
            return
        try:
            request = json.loads(text)
        except (ValueError, RecursionError):
            self._refuse(3, "Invalid JSON: expected value at line 1 column 1", None)
            return
        number = request.get("id") if isinstance(request, dict) else None
        method = request.get("method") if isinstance(request, dict) else None
        params = request.get("params", []) if isinstance(request, dict) else None
        if method == "SET_PROPERTY" and isinstance(params, list) and len(params) == 2 and params[0] == "combined":
            self._combined = bool(params[1])
            self._reply(None, number)
        elif method == "GET_PROPERTY":
            self._reply(self._combined, number)
        elif method == "LIST_SUBSCRIPTIONS":
            self._reply(list(self._streams), number)
        elif method not in {"SUBSCRIBE", "UNSUBSCRIBE"}:
            self._refuse(2, "Invalid request: unknown variant", number)
        elif not isinstance(params, list) or not all(isinstance(each, str) for each in params):
            self._refuse(2, "Invalid request: property 'params' must be a list of streams", number)
        elif method == "SUBSCRIBE" and len(self._streams | dict.fromkeys(params)) > _MOST_STREAMS:
            self._refuse(2, "Invalid request: too many streams", number)
        else:
            counters = self._floor.counters
            if method == "SUBSCRIBE":
                counters.subscribes += 1
                self._reply(None, number)
                self._subscribe(params)
            else:
                counters.unsubscribes += 1
                self._unsubscribe(params)
                self._reply(None, number)

    def on_pong(self, payload: bytes) -> None:
        """The answer to our ping, if it carries the same."""
        if payload == self._ping:
            self._floor.counters.pongs += 1
            self._ponged_ns = now_ns()
        else:
            self._floor.counters.wrong_pongs += 1
        if self._too_fast():
            self.close(1008, "Too many requests")

    def unsubscribe_all(self) -> None:
        """Take back every subscription."""
        self._unsubscribe(list(self._streams))

    def _too_fast(self) -> bool:
        self._messages.append(now_ns())
        full = len(self._messages) > _MESSAGES_A_SECOND
        return full and self._messages[-1] - self._messages[0] < 1_000_000_000

    def _subscribe(self, streams: Sequence[str]) -> None:
        for stream in streams:
            if stream not in self._streams:
                self._streams[stream] = None
                self._count(1)
                self._floor.market.want(self, self._line(stream), stream)

    def _unsubscribe(self, streams: Sequence[str]) -> None:
        for stream in streams:
            if stream in self._streams:
                del self._streams[stream]
                self._count(-1)
                self._floor.market.leave(self, None, stream)
                line = self._line(stream)
                if line is not None and not any(self._line(each) is line for each in self._streams):
                    self._floor.market.leave(self, line)

    def _line(self, stream: str) -> Line | None:
        return self._floor.market.by_symbol.get(stream.partition("@")[0])

    def _count(self, more: int) -> None:
        self.subscriptions += more
        self._floor.counters.subscriptions += more

    def _reply(self, result: object, number: object) -> None:
        self.text(json.dumps({"result": result, "id": number}))

    def _refuse(self, code: int, message: str, number: object) -> None:
        add(self._floor.counters.errors, f"binance {code}")
        known = {} if number is None else {"id": number}
        self.text(json.dumps({"code": code, "msg": message, **known}))

    def _beat(self) -> None:
        """Ping each 20 s; a minute without the right pong is the end."""
        if self.closing or self.connection.over:
            return
        scale = self._floor.scale
        if now_ns() - self._ponged_ns > _PONG_S * scale * 1e9:
            self.close(1006, "no pong")
            return
        if self._ping or now_ns() - self._ponged_ns > 0.9 * _PING_S * scale * 1e9:
            self._ping = str(time_ns()).encode()
            if not self.connection.blocked:
                self.connection.send(frame(PING, self._ping))
        self._floor.loop.after(_PING_S * scale, self._beat)

    # ── What goes ──────────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, line: Line) -> None:
        """Tell a trade, and the book around it first, on the streams that this client has."""
        for event in ("bookTicker", "trade", "aggTrade"):
            if f"{line.symbol.lower()}@{event}" in self._streams and self.hears(line.token):
                counters = self._floor.counters
                if event == "bookTicker":
                    counters.books += 1
                else:
                    add(counters.sent, line.token)
                self.data(self._framed(line, event))

    def on_raw(self, message: RawMessage) -> None:
        """Pass on a recorded message as it is."""
        if not self.hears(message.symbol):
            return
        kind = message.stream.partition("@")[2]
        if kind in {"trade", "aggTrade"}:
            add(self._floor.counters.sent, message.symbol)
        elif kind == "bookTicker":
            self._floor.counters.books += 1
        self.data(frame(TEXT, message.whole if self._combined else message.bare))

    def ticks(self, line: Line) -> Sequence[bytes]:
        """The newest trade of `line` on each stream of trades that this client has."""
        name = self._floor.market.lines[line.index].symbol.lower()  # its own may be a wrong one
        return [self._framed(line, each) for each in _EVENTS[:2] if f"{name}@{each}" in self._streams]

    def _framed(self, line: Line, event: str) -> bytes:
        data = _event(line, event)
        if self._combined:
            data = {"stream": f"{line.symbol.lower()}@{event}", "data": data}
        return frame(TEXT, json.dumps(data, separators=(",", ":")).encode())


def _event(line: Line, event: str) -> dict[str, object]:
    """The newest trade of `line`, or the book around it, as Binance writes them."""
    if event == "bookTicker":
        bid, ask = (_decimal(line.price + side * line.tick, line.price_scale) for side in (-1, 1))
        return {"u": line.trade, "s": line.symbol, "b": bid, "B": "1.00000000", "a": ask, "A": "1.00000000"}
    price, quantity = _decimal(line.price, line.price_scale), _decimal(line.quantity, line.quantity_scale)
    begin = {"e": event, "E": line.exch_ms, "s": line.symbol}
    end = {"T": line.exch_ms, "m": line.trade % 2 == 0, "M": True}
    if event == "trade":
        return {**begin, "t": line.trade, "p": price, "q": quantity, **end}
    return {**begin, "a": line.trade, "p": price, "q": quantity, "f": line.trade, "l": line.trade, **end}


def _decimal(value: int, scale: int) -> str:
    """`value`/`scale` with Binance's 8 decimals."""
    sign, size = ("-", -value) if value < 0 else ("", value)
    whole, part = divmod(size * _SCALE // scale, _SCALE)
    return f"{sign}{whole}.{part:08}"
