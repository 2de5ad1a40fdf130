"""Reads a CSV file of ticks row by row: streaming, every number strict, every reason with its row and column."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.files import regular_size, told
from engine.model.errors import InputError
from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.recording.csv_layout import SYMBOL, SYMBOL_ALLOWED, Columns, CsvLayout, find_columns
from engine.recording.decimals import to_minor
from engine.recording.foreign.rows import BadKind, BadRow, Row
from engine.recording.stamps import EXAMPLES, StampReader
from engine.text.sanitize import clean

MAX_LINE_BYTES = 4096
_MAX_INSTRUMENTS = 1000
_NOTED_EVERY = 5000
_TEXTS_KEPT = 4096
_NO_CELL = b"\n"
_BOM = b"\xef\xbb\xbf"


class ForeignReader:
    """A RowReader over a CSV file; raises InputError for a file or an option that is not what it should be.

    A price or a time that no market could give is no bad row: it is passed on as a tick, for the engine to refuse and
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
        self._columns, offset = self._find_columns()
        self.header_rows = int(self._columns.header)
        self._noted_rows, self._noted_offsets = [self.header_rows], [offset]  # where reading can begin
        if next(self._cells(0), None) is None:
            raise self._bad("has a header and no rows; allowed: at least one row")
        self._numbers = self._find_symbols()
        self.instruments = tuple(_finer(instrument_for(name.decode()), layout.price_divisor) for name in self._numbers)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The rows whose number is greater than `after`; raises InputError where the file itself cannot be read on."""
        kept = _TEXTS_KEPT // len(self.instruments) + 16
        cells_of = [_Cells(instrument, self._layout.price_divisor, kept) for instrument in self.instruments]
        time, price, volume, symbol = (getattr(self._columns, role) for role in ("time", "price", "volume", "symbol"))
        stamp, stamp_ns, exch_ms, instrument = _NO_CELL, 0, 0, 0
        for row, cells in self._cells(after):
            if isinstance(cells, BadRow):
                yield cells
                continue
            try:
                if cells[time] != stamp:
                    stamp_ns = self._stamps.read(cells[time])
                    stamp, exch_ms = cells[time], stamp_ns // 1_000_000
                if symbol >= 0:
                    instrument = self._numbers[cells[symbol]]
                minor = cells_of[instrument].price(cells[price])
                quantity = cells_of[instrument].volume(cells[volume]) if volume >= 0 else 0
            except (ValueError, KeyError):
                yield self._bad_row(row, cells, cells_of[instrument])
                continue
            yield Tick(row, instrument, FLAG_STAMP_NS, stamp_ns, 0, exch_ms, 0, minor, quantity, 0)

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._offset_read / self._size

    def _cells(self, after: int) -> Iterator[tuple[int, list[bytes] | BadRow]]:
        """(Its number, its cells or why it has none) of each row behind row `after`."""
        width, blank = self._columns.width, 0
        noted = bisect_right(self._noted_rows, after) - 1
        row, offset = self._noted_rows[max(noted, 0)], self._noted_offsets[max(noted, 0)]
        to_note = self._noted_rows[-1] + _NOTED_EVERY
        with told(self._path), self._path.open("rb") as file:
            file.seek(offset)
            while line := file.readline(MAX_LINE_BYTES + 2):
                offset += len(line)
                row += 1
                text = line.rstrip(b"\r\n")
                if not text:
                    blank = blank or row
                    continue
                if blank:
                    if blank > after:
                        yield blank, _because(blank, "blank", "is blank; allowed: blank lines at the end only")
                    blank = 0
                if row == to_note:
                    self._noted_rows.append(row)
                    self._noted_offsets.append(offset)
                    self._offset_read = offset
                    to_note += _NOTED_EVERY
                if row > after:
                    cells = text.split(b",")
                    if len(cells) == width and text.isascii() and b"\0" not in text and len(text) <= MAX_LINE_BYTES:
                        yield row, cells
                    else:
                        yield row, self._wrong(text, row) or cells
        self._offset_read = offset

    def _wrong(self, text: bytes, row: int) -> BadRow | None:
        """What is wrong with a line as such."""
        if len(text) > MAX_LINE_BYTES:
            raise self._bad(f"row {row}: is longer than {MAX_LINE_BYTES} bytes; is this a CSV file?")
        if b"\0" in text:
            return _because(row, "not text", "holds a NUL byte; allowed: UTF-8 text")
        try:
            text.decode()
        except UnicodeDecodeError:
            return _because(row, "not text", "is not UTF-8 text; is this a CSV file?")
        width, found = self._columns.width, text.count(b",") + 1
        if found != width:
            return _because(row, "columns", f"has {found} columns; allowed: {width}, as in row 1")
        return None

    def _find_columns(self) -> tuple[Columns, int]:
        """The columns, and the offset of the first row of data."""
        with told(self._path), self._path.open("rb") as file:
            line = file.readline(MAX_LINE_BYTES + 2)
        skipped = len(_BOM) if line.startswith(_BOM) else 0
        text = line[skipped:].rstrip(b"\r\n")
        if not text:
            raise self._bad("row 1: is blank; allowed: a header or a row" if line else "the file is empty")
        if len(text) > MAX_LINE_BYTES:
            raise self._bad(f"row 1: is longer than {MAX_LINE_BYTES} bytes; is this a CSV file?")
        if b"\0" in text:
            raise self._bad("row 1: holds a NUL byte; allowed: UTF-8 text")
        try:
            text.decode()
            columns = find_columns(text.split(b","), self._layout, self._stamps)
        except UnicodeDecodeError:
            raise self._bad("row 1: is not UTF-8 text; is this a CSV file?") from None
        except InputError as error:
            raise self._bad(str(error)) from None
        return columns, len(line) if columns.header else skipped

    def _find_symbols(self) -> dict[bytes, int]:
        """Each symbol of the file and its instrument's index, in order of appearance."""
        place = self._columns.symbol
        if place < 0:
            symbol = self._layout.symbol or re.sub(r"[^A-Za-z0-9_.: &-]", "_", self._path.stem)[:80]
            return {self._symbol(symbol.encode(), "the options"): 0}
        found: dict[bytes, int] = {}
        for row, cells in self._cells(0):
            if isinstance(cells, BadRow):
                continue
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

    def _bad_row(self, row: int, cells: list[bytes], reader: "_Cells") -> BadRow:
        """Why a row could not be read: the first of its cells that is to blame."""
        columns = self._columns
        judged: tuple[tuple[int, BadKind, str, Callable[[bytes], int]], ...] = (
            (columns.time, "stamp", EXAMPLES[self._layout.time_format], self._stamps.read),
            (columns.price, "price", "a decimal number such as 216.05", reader.price),
            (columns.volume, "volume", "a whole number such as 75", reader.volume),
        )
        for place, kind, allowed, read in judged:
            try:
                if place >= 0:
                    read(cells[place])
            except ValueError as error:
                why = f" ({error})" if str(error) else ""
                where = f", column '{columns.names[place]}'"
                said = f"'{_quoted(cells[place])}' is not a {kind}{why}; allowed: {allowed}"
                return BadRow(row, kind, clean(f"row {row}{where}: {said}"))
        return _because(
            row, "symbol", "names a symbol that was not there before; the file is changing while it is read"
        )


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


def _because(row: int, kind: BadKind, what: str) -> BadRow:
    return BadRow(row, kind, clean(f"row {row}: {what}"))


def _finer(instrument: Instrument, divisor: int) -> Instrument:
    """The instrument with prices as fine as a divisor that is a power of ten asks for."""
    factor, rest = divmod(divisor, instrument.price_scale)
    if rest or factor < 2 or str(divisor).strip("0") != "1":
        return instrument
    return replace(instrument, price_scale=divisor, tick_size=instrument.tick_size * factor)


def _quoted(text: bytes) -> str:
    return text.decode(errors="replace")[:60]
