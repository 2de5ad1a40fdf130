"""Reads a CSV file of ticks as a source: streaming, every number strict, every error with its row and column."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.files import regular_size, told
from engine.model.errors import InputError
from engine.model.ports import Undamaged
from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.recording.csv_layout import SYMBOL, SYMBOL_ALLOWED, Columns, CsvLayout, find_columns
from engine.recording.decimals import to_minor
from engine.recording.index import SparseIndex, Stretch
from engine.recording.stamps import EXAMPLES, StampReader
from engine.text.sanitize import clean

MAX_LINE_BYTES = 4096
_MAX_INSTRUMENTS = 1000
_INDEX_SPACING = 5000
_TEXTS_KEPT = 4096
_FAR_MS = 2**62
_NO_CELL = b"\n"
_BOM = b"\xef\xbb\xbf"


class CsvSource(Undamaged):
    """A TickSource over a CSV file; raises InputError for a file, an option or a row that is not what it should be.

    A price or a time that no market could give is no error here: it is passed on as a tick, for the engine to refuse and
    count. `recv_wall_ns` is the file's own stamp; `instrument_for` gives the instrument of a symbol.
    """

    def __init__(self, path: Path, layout: CsvLayout, instrument_for: Callable[[str], Instrument]) -> None:
        self.name = clean(path.name, 200)
        self.zone = layout.zone  # of stamps without an offset
        self._path = path
        self._size = regular_size(path)
        self._layout = layout
        self._stamps = StampReader(layout.time_format, layout.zone, layout.date)
        self._offset_read = 0
        if not 1 <= layout.price_divisor <= 10**9:
            raise self._bad(f"the price divisor is {layout.price_divisor}; allowed: 1 to 1000000000")
        self._columns, begin = self._find_columns()
        if next(self._rows(begin.offset, begin.counted), None) is None:
            raise self._bad("has a header and no rows; allowed: at least one row")
        self._index = SparseIndex(_INDEX_SPACING, begin)
        self._numbers = self._find_symbols(begin)
        self.instruments = tuple(_finer(instrument_for(name.decode()), layout.price_divisor) for name in self._numbers)

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on, one for each row; raises InputError."""
        kept = _TEXTS_KEPT // len(self.instruments) + 16
        cells_of = [_Cells(instrument, self._layout.price_divisor, kept) for instrument in self.instruments]
        time, price, volume, symbol = (getattr(self._columns, role) for role in ("time", "price", "volume", "symbol"))
        begin = stretch = self._index.before(first)
        number, instrument = begin.number - 1, 0
        stamp, stamp_ns, exch_ms, earliest_ms = _NO_CELL, 0, 0, _FAR_MS
        for row, offset, cells in self._rows(begin.offset, begin.counted):
            number += 1
            if number - stretch.number >= _INDEX_SPACING:
                self._leave(stretch, earliest_ms, offset)
                stretch, earliest_ms, stamp = Stretch(number, offset, row - 1), _FAR_MS, _NO_CELL
            try:
                if cells[time] != stamp:
                    stamp_ns = self._stamps.read(cells[time])
                    stamp, exch_ms = cells[time], stamp_ns // 1_000_000
                    earliest_ms = min(earliest_ms, exch_ms)
                if symbol >= 0:
                    instrument = self._numbers[cells[symbol]]
                minor = cells_of[instrument].price(cells[price])
                quantity = cells_of[instrument].volume(cells[volume]) if volume >= 0 else 0
            except (ValueError, KeyError):
                raise self._bad_row(row, cells, cells_of[instrument]) from None
            if number >= first:
                yield Tick(number, instrument, FLAG_STAMP_NS, stamp_ns, 0, exch_ms, 0, minor, quantity, 0)
        self._leave(stretch, earliest_ms, self._size)
        self._index.total = number

    def count(self) -> int:
        """How many rows there are; the first call reads and checks all of them. Raises InputError."""
        while self._index.total < 0:
            for _ in self.ticks():
                continue
        return self._index.total

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none. Raises InputError."""
        self.count()
        return self._index.number_at(at_ms, self.ticks)

    def row_of(self, seq: int) -> str:
        """`row 17`: the line of the file, the header counted."""
        return f"row {seq + self._columns.header}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._offset_read / self._size

    def _leave(self, stretch: Stretch, earliest_ms: int, offset: int) -> None:
        """A stretch was read up to `offset`."""
        self._index.add(stretch.number, stretch.offset, stretch.counted, earliest_ms)
        self._offset_read = offset

    def _rows(self, offset: int, row: int) -> Iterator[tuple[int, int, list[bytes]]]:
        """(Its number, its offset, its cells) of each row from `offset` on, before which there are `row` rows."""
        width, blank = self._columns.width, 0
        with told(self._path), self._path.open("rb") as file:
            file.seek(offset)
            while line := file.readline(MAX_LINE_BYTES + 2):
                row += 1
                text = self._checked(line, row)
                if not text:
                    blank = blank or row
                else:
                    cells = text.split(b",")
                    if blank:
                        raise self._bad(f"row {blank}: is blank; allowed: blank lines at the end only")
                    if len(cells) != width:
                        raise self._bad(f"row {row}: has {len(cells)} columns; allowed: {width}, as in row 1")
                    yield row, offset, cells
                offset += len(line)

    def _checked(self, line: bytes, row: int) -> bytes:
        """The line without its end; raises InputError when it is too long or is no text."""
        text = line.rstrip(b"\r\n")
        if len(text) > MAX_LINE_BYTES:
            raise self._bad(f"row {row}: is longer than {MAX_LINE_BYTES} bytes; is this a CSV file?")
        if b"\0" in text:
            raise self._bad(f"row {row}: holds a NUL byte; allowed: UTF-8 text")
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError:
                raise self._bad(f"row {row}: is not UTF-8 text; is this a CSV file?") from None
        return text

    def _find_columns(self) -> tuple[Columns, Stretch]:
        """The columns, and where the first row of data begins."""
        with told(self._path), self._path.open("rb") as file:
            line = file.readline(MAX_LINE_BYTES + 2)
        skipped = len(_BOM) if line.startswith(_BOM) else 0
        text = self._checked(line[skipped:], 1)
        if not text:
            raise self._bad("row 1: is blank; allowed: a header or a row" if line else "the file is empty")
        try:
            columns = find_columns(text.split(b","), self._layout, self._stamps)
        except InputError as error:
            raise self._bad(str(error)) from None
        return columns, Stretch(1, len(line) if columns.header else skipped, int(columns.header))

    def _find_symbols(self, begin: Stretch) -> dict[bytes, int]:
        """Each symbol of the file and its instrument's index, in order of appearance."""
        place = self._columns.symbol
        if place < 0:
            symbol = self._layout.symbol or re.sub(r"[^A-Za-z0-9_.: &-]", "_", self._path.stem)[:80]
            return {self._symbol(symbol.encode(), "the options"): 0}
        found: dict[bytes, int] = {}
        for row, _, cells in self._rows(begin.offset, begin.counted):
            if cells[place] not in found:
                found[self._symbol(cells[place], f"row {row}, column '{self._columns.names[place]}'")] = len(found)
                if len(found) > _MAX_INSTRUMENTS:
                    raise self._bad(f"row {row}: is the {len(found)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
        return found

    def _symbol(self, text: bytes, where: str) -> bytes:
        if not SYMBOL.fullmatch(text):
            raise self._bad(f"{where}: '{_quoted(text)}' is not a symbol; allowed: {SYMBOL_ALLOWED}")
        return text

    def _bad(self, what: str) -> InputError:
        return InputError(f"{self._path}: {what}")

    def _bad_row(self, row: int, cells: list[bytes], reader: "_Cells") -> InputError:
        """The error of a row that could not be read: the first of its cells that is to blame."""
        columns = self._columns
        judged: tuple[tuple[int, str, str, Callable[[bytes], int]], ...] = (
            (columns.time, "stamp", EXAMPLES[self._layout.time_format], self._stamps.read),
            (columns.price, "price", "a decimal number such as 216.05", reader.price),
            (columns.volume, "volume", "a whole number such as 75", reader.volume),
        )
        for place, what, allowed, read in judged:
            try:
                if place >= 0:
                    read(cells[place])
            except ValueError as error:
                why = f" ({error})" if str(error) else ""
                where = f"row {row}, column '{columns.names[place]}'"
                return self._bad(f"{where}: '{_quoted(cells[place])}' is not a {what}{why}; allowed: {allowed}")
        return self._bad(f"row {row}: names a symbol that was not there before; the file is changing while it is read")


class _Cells:
    """Reads the numbers of one instrument's rows; texts repeat, so what was read before is remembered."""

    def __init__(self, instrument: Instrument, divisor: int, kept: int) -> None:
        self._instrument = instrument
        self._divisor = divisor
        self._kept = kept
        self._prices: dict[bytes, int] = {}
        self._volumes: dict[bytes, int] = {}

    def price(self, text: bytes) -> int:
        """In minor units; raises ValueError."""
        price = self._prices.get(text)
        if price is None:
            instrument = self._instrument
            price = to_minor(text, instrument.price_scale, self._divisor, instrument.tick_size)
            self._remember(self._prices, text, price)
        return price

    def volume(self, text: bytes) -> int:
        """In 1/`quantity_scale` of a unit; raises ValueError."""
        volume = self._volumes.get(text)
        if volume is None:
            volume = to_minor(text, self._instrument.quantity_scale)
            if volume < 0:
                raise ValueError("negative")
            self._remember(self._volumes, text, volume)
        return volume

    def _remember(self, known: dict[bytes, int], text: bytes, value: int) -> None:
        if len(known) >= self._kept:
            known.clear()
        known[text] = value


def _finer(instrument: Instrument, divisor: int) -> Instrument:
    """The instrument with prices as fine as a divisor that is a power of ten asks for."""
    factor, rest = divmod(divisor, instrument.price_scale)
    if rest or factor < 2 or str(divisor).strip("0") != "1":
        return instrument
    return replace(instrument, price_scale=divisor, tick_size=instrument.tick_size * factor)


def _quoted(text: bytes) -> str:
    return text.decode(errors="replace")[:60]
