"""Reads raw lines of Binance streams as a source: `<receive time>[:] <message>`, plain or gzip. Opens no connection."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.model.errors import InputError, WireError, reason
from engine.model.sources import PassedOver, Undamaged
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.outside.files import regular_size
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.decimals import coin
from engine.venues.binance.wire import BookMessage, Ignored, TradeMessage, decode

MAX_LINE_BYTES = 1 << 20
_MAX_INSTRUMENTS = 1000
_MAX_KINDS = 100
_UNREADABLE = {"json", "shape"}  # reasons of the wire whose detail does not say what it is about
_MAX_RATIO = 200  # of plain to packed bytes; such lines reach about 10
_FREE_BYTES = 16 << 20  # plain bytes that are allowed whatever the ratio
_GZIP_MAGIC = b"\x1f\x8b"

_LINE = re.compile(rb"([0-9]{10}(?:[.][0-9]{1,9})?|[0-9]{13}|[0-9]{16}|[0-9]{19}):?[ \t]+(\{.*\})", re.DOTALL)
# Whatever stamp stands before a message: nothing else looks so, and what is wrong with it is told here.
_BEGIN = re.compile(rb"wss?://|[0-9][0-9T:.,Z+-]{5,40}:?[ \t]+\{")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS = b"\0\xef\xbb\xbf\xff\xfe"  # what encodings put before and between plain letters
_URL = re.compile(rb"wss?://[!-~]{1,8000}(?: [ -~]{0,200})?")  # the first line of some captures


def recognised(begin: bytes) -> bool:
    """Whether a file that begins so, once it is unpacked, holds raw lines, be it in an encoding that is refused."""
    return _BEGIN.match(begin.translate(None, _MARKS)) is not None


class BinanceRawSource(Undamaged):
    """A TickSource over raw lines; raises InputError with the row for any line that is not one.

    `trade` messages become ticks, and `aggTrade` for symbols that have none; `bookTicker` gives the bid and ask of the
    ticks that follow. All else is counted by kind in `skipped`. A last line that breaks off is passed over and told, with
    `skip_bad` any line that is none.
    """

    zone = "UTC"  # coins have no session but UTC's days

    def __init__(self, path: Path, skip_bad: bool = False) -> None:
        self.name = clean(path.name, 200)
        self._path = path
        self._skip_bad = skip_bad
        self._passed_over: dict[str, PassedOver] = {}
        self._size = regular_size(path)
        self._offset_read = 0
        self.skipped: dict[str, int] = {}
        self._total = 0
        self._aggregated = self._survey()
        self.instruments = tuple(map(coin, self._aggregated))  # those with trades, in order of appearance

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on; reads the file from its start, packed text cannot be entered in the middle."""
        books: dict[str, tuple[int, int]] = {}
        indices = {symbol: index for index, symbol in enumerate(self._aggregated)}
        number = 0
        for _, recv_wall_ns, message in self._messages():
            if isinstance(message, BookMessage):
                if message.symbol in indices:
                    books[message.symbol] = (message.bid, message.ask)
            elif message is not None and message.aggregate is self._aggregated.get(message.symbol):
                number += 1
                if number < first:
                    continue
                bid, ask = books.get(message.symbol, (0, 0))
                yield Tick(
                    number,
                    indices[message.symbol],
                    FLAG_HAS_BOOK if bid or ask else 0,
                    recv_wall_ns,
                    0,
                    message.exch_ms,
                    message.id,
                    message.price,
                    message.quantity,
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

    def row_of(self, seq: int) -> str:
        """`row 17`: the line of the file; looked for from its start."""
        number = 0
        for row, _, message in self._messages():
            if isinstance(message, TradeMessage) and message.aggregate is self._aggregated.get(message.symbol):
                number += 1
                if number == seq:
                    return f"row {row}"
        return f"tick {seq}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._offset_read / self._size

    def passed_over(self) -> tuple[PassedOver, ...]:
        """Lines that were none."""
        return tuple(self._passed_over.values())

    def losses(self) -> tuple[str, ...]:
        """A line for each reason to pass lines over."""
        return tuple(each.text for each in self._passed_over.values())

    def notes(self) -> tuple[str, ...]:
        """None: it is read as it stands."""
        return ()

    def _survey(self) -> dict[CleanText, bool]:
        """Reads the file once: the symbols, and whether aggregates are their ticks; counts what gives none."""
        trades: dict[str, int] = {}
        aggregates: dict[str, int] = {}
        books: dict[str, int] = {}
        symbols: dict[CleanText, None] = {}
        for row, _, message in self._messages(self.skipped):
            if message is not None:
                counts = books if isinstance(message, BookMessage) else aggregates if message.aggregate else trades
                counts[message.symbol] = counts.get(message.symbol, 0) + 1
                symbols[message.symbol] = None
                if len(symbols) > _MAX_INSTRUMENTS:
                    raise self._bad(row, f"is the {len(symbols)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
        aggregated = {symbol: symbol not in trades for symbol in symbols if symbol in trades or symbol in aggregates}
        if not aggregated:
            raise InputError(f"{self._path}: holds no trade; allowed: raw lines of Binance streams with trades")
        self._total = sum(trades.get(symbol) or aggregates[symbol] for symbol in aggregated)
        unused = {
            "aggTrade": sum(count for symbol, count in aggregates.items() if symbol in trades),
            "bookTicker": sum(count for symbol, count in books.items() if symbol not in aggregated),
        }
        self.skipped.update({kind: count for kind, count in unused.items() if count})
        return aggregated

    def _messages(
        self, skipped: dict[str, int] | None = None
    ) -> Iterator[tuple[int, int, TradeMessage | BookMessage | None]]:
        """(Row, receive time in UTC ns, the message or None for one of another kind) of each line."""
        for row, line, whole in self._lines():
            match = _LINE.fullmatch(line)
            if not match:
                if row == 1 and _URL.fullmatch(line):
                    continue
                allowed = "'<epoch> <message>' or '<epoch>: <message>', in s, ms, µs or ns"
                what = f"'{line[:200].decode(errors='replace')[:60]}' is not a raw line; allowed: {allowed}"
                self._pass_over(row, what, whole=whole, told=skipped is None)
                continue
            seconds, _, fraction = match[1].partition(b".")
            recv_wall_ns = int((seconds + fraction).ljust(19, b"0"))
            try:
                message = decode(match[2])
            except WireError as error:
                what = f"the message cannot be read: {error.detail}" if error.reason in _UNREADABLE else error.detail
                self._pass_over(row, what, whole=whole, told=skipped is None)
                continue
            if isinstance(message, TradeMessage | BookMessage):
                yield row, recv_wall_ns, message
                continue
            if skipped is not None:
                kind = message.kind if isinstance(message, Ignored) else "other"
                kind = kind if kind in skipped or len(skipped) < _MAX_KINDS else "other"
                skipped[kind] = skipped.get(kind, 0) + 1
            yield row, recv_wall_ns, None

    def _pass_over(self, row: int, what: str, *, whole: bool, told: bool) -> None:
        """Count a line that is none, unless it was `told` before; raises InputError where it may not be passed over."""
        if whole and not self._skip_bad:
            raise self._bad(row, f"{what}; --skip-bad-rows passes over such rows")
        if told:
            return
        kind = "unreadable" if whole else "torn"
        before = self._passed_over.get(kind)
        count = before.count + 1 if before else 1
        first = before.first if before else f"row {row}"
        why = before.text.partition(f": first {first}: ")[2] if before else clean(what)
        rows = "1 row" if count == 1 else f"{count:,} rows"
        text = f"{rows} passed over, {'unreadable' if whole else 'the last line is torn'}: first {first}: {why}"
        self._passed_over[kind] = PassedOver(kind, count, first, f"row {row}", text)

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """(Row, line without its end, whether it has one) of each line; raises InputError for what is too long, or packed too well."""
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
                    if row == 1 and line.startswith(_UTF16):
                        raise self._bad(row, "is UTF-16; allowed: UTF-8")
                    text = line.removeprefix(codecs.BOM_UTF8 if row == 1 else b"").rstrip(b"\r\n")
                    if not text:
                        blank = blank or row
                    elif blank:
                        raise self._bad(blank, "is blank; allowed: blank lines at the end only")
                    else:
                        yield row, text, line.endswith(b"\n")
        except EOFError as error:
            if not row:
                raise self._bad(1, f"cannot be read: {reason(error)}") from None
            yield row + 1, b"(the packed file breaks off)", False
        except (OSError, zlib.error) as error:
            raise self._bad(row + 1, f"cannot be read: {reason(error)}") from None
        if not row:
            raise InputError(f"{self._path}: the file is empty")

    def _bad(self, row: int, what: str) -> InputError:
        return InputError(f"{self._path}: row {row}: {what}")


opened = BinanceRawSource
