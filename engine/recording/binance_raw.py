"""Reads raw lines of Binance streams as a source: `<receive time>[:] <message>`, plain or gzip. Opens no connection."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Raw, Struct

from engine.errors import InputError
from engine.messages import Mark
from engine.recording.decimals import to_minor
from engine.recording.files import reason, regular_size, shown
from engine.text import clean
from engine.types import FLAG_HAS_BOOK, Instrument, Tick

SCALE = 10**8  # Binance gives prices and quantities with 8 decimals
MAX_LINE_BYTES = 1 << 20
_MAX_INSTRUMENTS = 1000
_MAX_KINDS = 100
_MAX_RATIO = 200  # of plain to packed bytes; such lines reach about 10
_FREE_BYTES = 16 << 20  # plain bytes that are allowed whatever the ratio
_GZIP_MAGIC = b"\x1f\x8b"

_LINE = re.compile(rb"([0-9]{10}(?:[.][0-9]{1,9})?|[0-9]{19}):? (\{.*\})", re.DOTALL)
_URL = re.compile(rb"wss?://[!-~]{1,8000}(?: [ -~]{0,200})?")  # the first line of some captures
_SYMBOL = re.compile(r"[A-Z0-9_.-]{1,40}", re.ASCII)


class _Envelope(Struct):
    stream: str = ""
    data: Raw = Raw()
    e: str = ""


class _Trade(Struct):
    s: str
    t: int
    p: str
    q: str
    T: int


class _AggTrade(Struct):
    s: str
    a: int
    p: str
    q: str
    T: int


class _BookTicker(Struct):
    s: str
    b: str
    a: str


_envelope = msgspec.json.Decoder(_Envelope).decode
_decoders: dict[str, Callable[[bytes | Raw], _Trade | _AggTrade | _BookTicker]] = {
    "trade": msgspec.json.Decoder(_Trade).decode,
    "aggTrade": msgspec.json.Decoder(_AggTrade).decode,
    "bookTicker": msgspec.json.Decoder(_BookTicker).decode,
}


class BinanceRawSource:
    """A TickSource over raw lines; raises InputError with the row for any line that is not one.

    `trade` messages become ticks, and `aggTrade` for symbols that have none; `bookTicker` gives the bid and ask of the
    ticks that follow. All else is counted by kind in `skipped`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = regular_size(path)
        self._offset_read = 0
        self.skipped: dict[str, int] = {}
        self._total = 0
        self._source_of = self._survey()
        self._instruments = tuple(_instrument(symbol) for symbol in self._source_of)

    @property
    def name(self) -> str:
        """The file's name, cleaned."""
        return clean(self._path.name, 200)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """One for each symbol that has trades, in order of appearance; scales are 10^8."""
        return self._instruments

    @property
    def zone(self) -> str:
        """Coins have no session but UTC's days."""
        return "UTC"

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on; reads the file from its start, packed text cannot be entered in the middle."""
        books: dict[str, tuple[int, int]] = {}
        indices = {symbol: index for index, symbol in enumerate(self._source_of)}
        number = 0
        for row, recv_wall_ns, message in self._messages():
            if isinstance(message, _BookTicker):
                if message.s in indices:
                    books[message.s] = (self._minor(row, message.b), self._minor(row, message.a))
            elif message is not None and type(message) is self._source_of.get(message.s):
                number += 1
                if number < first:
                    continue
                bid, ask = books.get(message.s, (0, 0))
                yield Tick(
                    number,
                    indices[message.s],
                    FLAG_HAS_BOOK if bid or ask else 0,
                    recv_wall_ns,
                    0,
                    message.T,
                    message.t if isinstance(message, _Trade) else message.a,
                    self._minor(row, message.p),
                    self._minor(row, message.q),
                    0,
                    bid,
                    ask,
                )

    def count(self) -> int:
        """How many ticks there are."""
        return self._total

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none."""
        return max((tick.seq for tick in self.ticks() if tick.exch_ms <= at_ms), default=0)

    def marks(self) -> Iterator[Mark]:
        """None: raw lines have no marks."""
        return iter(())

    def losses(self) -> tuple[str, ...]:
        """None: what cannot be read here is an error."""
        return ()

    def row_of(self, seq: int) -> str:
        """`row 17`: the line of the file; looked for from its start."""
        number = 0
        for row, _, message in self._messages():
            if isinstance(message, _Trade | _AggTrade) and type(message) is self._source_of.get(message.s):
                number += 1
                if number == seq:
                    return f"row {row}"
        return f"tick {seq}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._offset_read / self._size

    def _survey(self) -> dict[str, type[_Trade | _AggTrade]]:
        """Reads the file once: the symbols and which messages are their ticks; counts what gives none."""
        counts: dict[type[Struct], dict[str, int]] = {_Trade: {}, _AggTrade: {}, _BookTicker: {}}
        symbols: dict[str, None] = {}
        for row, _, message in self._messages(self.skipped):
            if message is not None:
                of_kind = counts[type(message)]
                of_kind[message.s] = of_kind.get(message.s, 0) + 1
                symbols[message.s] = None
                if len(symbols) > _MAX_INSTRUMENTS:
                    raise self._bad(row, f"is the {len(symbols)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
        trades, aggregates = counts[_Trade], counts[_AggTrade]
        source_of: dict[str, type[_Trade | _AggTrade]] = {
            symbol: _Trade if symbol in trades else _AggTrade
            for symbol in symbols
            if symbol in trades or symbol in aggregates
        }
        if not source_of:
            raise InputError(f"{shown(self._path)}: holds no trade; allowed: raw lines of Binance streams with trades")
        self._total = sum(trades.get(symbol) or aggregates[symbol] for symbol in source_of)
        unused = {
            "aggTrade": sum(count for symbol, count in aggregates.items() if symbol in trades),
            "bookTicker": sum(count for symbol, count in counts[_BookTicker].items() if symbol not in source_of),
        }
        self.skipped.update({kind: count for kind, count in unused.items() if count})
        return source_of

    def _messages(
        self, skipped: dict[str, int] | None = None
    ) -> Iterator[tuple[int, int, _Trade | _AggTrade | _BookTicker | None]]:
        """(Row, receive time in UTC ns, the message or None for one of another kind) of each line."""
        for row, line in self._lines():
            match = _LINE.fullmatch(line)
            if not match:
                if row == 1 and _URL.fullmatch(line):
                    continue
                allowed = "'<epoch ns> <message>' or '<epoch s>: <message>'"
                raise self._bad(row, f"'{_quoted(line)}' is not a raw line; allowed: {allowed}")
            seconds, _, fraction = match[1].partition(b".")
            recv_wall_ns = int(seconds) if len(seconds) == 19 else int(seconds + fraction.ljust(9, b"0"))
            try:
                kind, message = _decode(match[2])
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                raise self._bad(row, f"the message cannot be read: {clean(str(error), 200)}") from None
            if message is not None:
                self._check(row, message)
            elif skipped is not None:
                kind = clean(kind, 40) if kind and (kind in skipped or len(skipped) < _MAX_KINDS) else "other"
                skipped[kind] = skipped.get(kind, 0) + 1
            yield row, recv_wall_ns, message

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """(Row, line without its end) of each line; raises InputError for what is too long, or packed too well."""
        row = plain_bytes = blank = 0
        try:
            with self._path.open("rb") as raw:
                packed = raw.read(2) == _GZIP_MAGIC
                raw.seek(0)
                file: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
                while line := file.readline(MAX_LINE_BYTES + 1):
                    row += 1
                    plain_bytes += len(line)
                    self._offset_read = raw.tell()
                    if len(line) > MAX_LINE_BYTES:
                        raise self._bad(row, f"is longer than {MAX_LINE_BYTES} bytes")
                    if plain_bytes > max(_FREE_BYTES, _MAX_RATIO * self._size):
                        raise self._bad(row, f"the file unpacks to more than {_MAX_RATIO} times its size")
                    text = line.rstrip(b"\r\n")
                    if not text:
                        blank = blank or row
                    elif blank:
                        raise self._bad(blank, "is blank; allowed: blank lines at the end only")
                    else:
                        yield row, text
        except (OSError, EOFError, zlib.error) as error:
            raise self._bad(row + 1, f"cannot be read: {reason(error)}") from None
        if not row:
            raise InputError(f"{shown(self._path)}: the file is empty")

    def _check(self, row: int, message: _Trade | _AggTrade | _BookTicker) -> None:
        """Raises InputError for a symbol, a time or an id that cannot be one."""
        if not _SYMBOL.fullmatch(message.s):
            raise self._bad(row, f"'{clean(message.s, 60)}' is not a symbol; allowed: 1 to 40 of A-Z 0-9 _ . -")
        if isinstance(message, _BookTicker):
            return
        number = message.t if isinstance(message, _Trade) else message.a
        if not (0 <= message.T < 10**13 and 0 <= number < 2**63):
            raise self._bad(
                row, f"time {message.T} or id {number} is out of range; allowed: ms since 1970, and a positive id"
            )

    def _minor(self, row: int, text: str) -> int:
        try:
            return to_minor(text.encode(), SCALE)
        except ValueError:
            raise self._bad(
                row, f"'{clean(text, 60)}' is not a number of at most 8 decimals such as 61837.63"
            ) from None

    def _bad(self, row: int, what: str) -> InputError:
        return InputError(f"{shown(self._path)}: row {row}: {what}")


def _decode(text: bytes) -> tuple[str, _Trade | _AggTrade | _BookTicker | None]:
    """The kind of a message, and the message if it is of one of the three kinds that count; raises DecodeError."""
    envelope = _envelope(text)
    data: bytes | Raw = envelope.data if envelope.stream else text
    kind = envelope.stream.partition("@")[2].partition("@")[0] or envelope.e
    decode = _decoders.get(kind)
    if decode is not None:
        return kind, decode(data)
    if not kind and b'"u"' in text:  # a single book stream names neither stream nor event
        return "bookTicker", _decoders["bookTicker"](data)
    return kind, None


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol,
        exchange="BINANCE",
        price_scale=SCALE,
        tick_size=1,
        lot_size=1,
        freeze_quantity=10**15,
        quantity_scale=SCALE,
    )


def _quoted(text: bytes) -> str:
    return clean(text[:200].decode(errors="replace"), 60)
