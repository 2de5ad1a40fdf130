"""Recorded messages of Binance as traffic, word for word: `<receive time>[:] <message>` lines, plain or gzip. Knows no client."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from time import time_ns
from typing import IO

import msgspec
from msgspec import Raw, Struct

from engine.model.errors import InputError
from engine.recording.decimals import to_minor
from tests.simulator.market import Line, RawMessage

_SCALE = 10**8
_LINE = re.compile(rb"([0-9]{10}(?:[.][0-9]{1,9})?|[0-9]{19}):? (\{.*\})\s*", re.DOTALL)
_STAMP = re.compile(rb'"([ET])":([0-9]{13})(?![0-9])')


class _Envelope(Struct):
    stream: str = ""
    data: Raw = Raw()
    e: str = ""
    s: str = ""
    b: Raw = Raw()


class _Trade(Struct):
    p: str
    q: str
    T: int
    t: int = 0
    a: int | list[list[str]] = 0


_envelope = msgspec.json.Decoder(_Envelope).decode
_trade = msgspec.json.Decoder(_Trade).decode


class RawLines:
    """The messages of a file in their order and at their pace; raises InputError where there is none.

    With `rebase` the times in the messages (E and T, ms) are moved so that the first is the moment of the start, and run
    as fast as we play. Lines that belong to no stream (an address, a reply) are left out and counted in `left_out`.
    """

    def __init__(self, path: Path, *, speed: float = 1.0, rebase: bool = False) -> None:
        self.speed = speed
        self.due_ns: int | None = 0
        self.left_out = 0
        self._path = path
        self._rebase = rebase
        self._first_ns = self._first_ms = 0
        symbols = dict.fromkeys(message.symbol for _, message in _messages(path) if message)
        if not symbols:
            raise InputError(f'{path}: no recorded messages; allowed: lines such as 1723161254087891268 {{"stream":…}}')
        self.lines = [_line(index, symbol) for index, symbol in enumerate(symbols)]
        self._by_symbol = {line.symbol: line for line in self.lines}
        self._messages = _messages(path)
        self._start_ms = 0
        self._next = self._read()

    def begin(self) -> None:
        """The present, to which the messages are moved."""
        self._start_ms = time_ns() // 1_000_000

    def step(self) -> RawMessage:
        """Let the next message come; a trade is also the newest state of its line."""
        message = self._next
        assert message is not None
        if message.stream.endswith(("@trade", "@aggTrade")):
            self._note(message)
        if self._rebase:
            message = self._moved(message)
        self._next = self._read()
        return message

    def _read(self) -> RawMessage | None:
        for at_ns, message in self._messages:
            if message is None:
                self.left_out += 1
                continue
            self._first_ns = self._first_ns or at_ns
            self.due_ns = max(self.due_ns or 0, round((at_ns - self._first_ns) / self.speed)) if self.speed else 0
            return message
        self.due_ns = None
        return None

    def _note(self, message: RawMessage) -> None:
        trade = _trade(message.bare)
        line = self._by_symbol[message.symbol]
        line.happen(trade.T, to_minor(trade.p.encode(), _SCALE), to_minor(trade.q.encode(), _SCALE), 0)
        line.trade = line.sequence = trade.t or (trade.a if isinstance(trade.a, int) else 0)

    def _moved(self, message: RawMessage) -> RawMessage:
        """The message with its times moved to ours."""

        def moved(found: re.Match[bytes]) -> bytes:
            at_ms = int(found[2])
            self._first_ms = self._first_ms or at_ms
            return b'"%s":%d' % (found[1], self._start_ms + round((at_ms - self._first_ms) / (self.speed or 1.0)))

        bare, whole = (_STAMP.sub(moved, each) for each in (message.bare, message.whole))
        return RawMessage(message.stream, message.symbol, bare, whole)


def _messages(path: Path) -> Iterator[tuple[int, RawMessage | None]]:
    """Receive time (ns) and message of each line; None where it belongs to no stream."""
    for text in _lines(path):
        found = _LINE.fullmatch(text)
        yield (_ns(found[1]), _message(found[2])) if found else (0, None)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
            yield from file
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _message(text: bytes) -> RawMessage | None:
    try:
        envelope = _envelope(text)
    except msgspec.DecodeError:
        return None
    bare = bytes(envelope.data) or text
    stream = envelope.stream
    if not stream and envelope.s:  # recorded from the stream of one event: its name is in the event, but for books
        stream = f"{envelope.s.lower()}@{envelope.e or 'bookTicker'}"
    if "@" not in stream:
        return None
    whole = text if envelope.stream else b'{"stream":"%s","data":%s}' % (stream.encode(), text)
    return RawMessage(stream, stream.partition("@")[0].upper(), bare, whole)


def _ns(stamp: bytes) -> int:
    whole, _, part = stamp.partition(b".")
    return int(whole) if len(whole) == 19 else int(whole) * 10**9 + int(part.ljust(9, b"0"))


def _line(index: int, symbol: str) -> Line:
    return Line(index, symbol, symbol, price_scale=_SCALE, quantity_scale=_SCALE, tick=1_000_000, lot=1)
