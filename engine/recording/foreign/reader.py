"""Reads a file of others row by row: streaming, every number strict, every reason with its row and column."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.types import FLAG_HAS_BOOK, FLAG_STAMP_NS, Instrument, Tick
from engine.recording.csv_layout import SYMBOL, CsvLayout
from engine.recording.foreign.candles import at_the_end, period_of, ticks_of
from engine.recording.foreign.cell_readers import CellReader, Remarks
from engine.recording.foreign.clocks import Clock
from engine.recording.foreign.headers import header_in
from engine.recording.foreign.instruments import (
    Symbols,
    find_instruments,
    find_symbols,
    no_symbol,
    only_symbol,
    symbol_in,
)
from engine.recording.foreign.mixture import refuse_blocks, refuse_mixture
from engine.recording.foreign.neighbours import StepBack
from engine.recording.foreign.numbers import BLANKS
from engine.recording.foreign.records import Records, because, not_text, quoted
from engine.recording.foreign.rows import BadKind, BadRow, Row
from engine.recording.foreign.sniff import date_and_time, stamp_text, understand
from engine.recording.foreign.stamp_column import SetBack, stamp_reader
from engine.recording.foreign.stamps import DAY_NUMBER, FORM_EXAMPLE, is_day_number
from engine.recording.foreign.unused import unused
from engine.recording.foreign.vocabulary import Role
from engine.recording.stamps import EXAMPLES
from engine.text.sanitize import CleanText, clean

_SAMPLE_ROWS = 500
_LEAST_STAMPS, _MOST_STAMPS = 20, 20_000  # of one symbol, of all
_TEXTS_KEPT = 4096
_MOST_DIGITS = 10  # of a price: that of a bitcoin in rupiahs
_NO_CELL: Final = b"\n"
_WITH_BOOK: Final = FLAG_STAMP_NS | FLAG_HAS_BOOK
_OHLC: Final[tuple[Role, ...]] = ("open", "high", "low", "close")
_HEADERS: Final = {
    "header": "is the header once more",
    "other header": "names the columns otherwise than they are read; allowed: a file for each order of them",
}
_A_PRICE: Final = "a decimal number such as 216.05"


class ForeignReader:
    """A RowReader over a CSV file; raises InputError for a file or an option that is not what it should be.

    A price or a time that no market could give is no bad row: it is passed on as a tick, for the engine to refuse and
    count. `recv_wall_ns` is the file's own stamp; `instrument_for` gives the instrument of a symbol. `form` is what was
    found out about the file.
    """

    def __init__(self, path: Path, layout: CsvLayout, instrument_for: Callable[[str], Instrument]) -> None:
        self.name = clean(path.name, 200)
        self._path = path
        self.zone = layout.zone  # of stamps without an offset
        self.form, self._lines = understand(path, layout)
        self.candles = self.form.candles
        # Whether the quantity of a tick is the total of its day so far, for whoever knows which rows come before.
        totals = "day_volume" in self.form.places and "volume" not in self.form.places
        self.counts_by_total = totals and not self.candles
        self.remarks = Remarks()
        self._divisor = layout.price_divisor
        self._records = Records(self.form, self._lines)
        try:
            self._read_stamp = stamp_reader(self.form, layout)
            self._set_back = SetBack(self._read_stamp, self.form)
            if self._set_back.may_be:
                self._read_stamp = self._set_back.read
            self.clock = Clock(path, self.form, self._records, layout)
            first = next(self._records.cells(), None)
            if first is None:
                raise InputError("has a header and no rows; allowed: at least one row")  # noqa: TRY301
            self._in_parts = self._looks_in_parts(first[1])
            symbols = find_symbols(self.form, self._records)
            if not symbols.numbers:
                symbols = Symbols({only_symbol(layout, path.stem): 0}, ())
            refuse_mixture(self.form, self._records, symbols)
            self._symbols = symbols
            self._numbers, self._symbol_places = symbols.numbers, symbols.places
            self.instruments = find_instruments(self.form, self._records, symbols, layout.price_divisor, instrument_for)
            self._unused = unused(layout, self.form, names_symbols=bool(symbols.places))
            self._back_ns = 0  # how long before their stamps candles begin
            if self.candles:
                self._find_period()
        except InputError as error:
            raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}") from None

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The rows whose number is greater than `after`; raises InputError where the file itself cannot be read on."""
        if self.candles:
            return self._candle_rows(after)
        return self._plain_rows(after, "day_volume" if self.counts_by_total else "volume")

    def refuse_blocks(self, steps: Collection[StepBack]) -> None:
        """Raise InputError where the rows go back in time because another instrument begins, by a column that nobody knows."""
        try:
            refuse_blocks(self.form, self._records, self._symbols, self.rows(), steps)
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from None

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._lines.fraction_read()

    def understood(self) -> CleanText:
        """`comma, quoted, IST, date and time apart, price=LTP, 34,652 rows`; the rows once all of them were read."""
        rows = max(0, self._lines.last_row - self.form.begin)
        return self.form.line(rows, len(self.instruments), self._symbol_places)

    def told(self) -> tuple[CleanText, ...]:
        """What a person should know of how the rows were read so far, a line each."""
        words = {
            "rounded": "prices lie between two ticks of the instrument and were rounded to the nearest",
            "no quantity": "rows have no quantity; it was taken as 0",
        }
        counts, first = self.remarks.counts, self.remarks.first
        lines = [f"{counts[each]:,} {words[each]}, first row {first[each]}" for each in counts]
        lines += [*self._unused, *self._set_back.told()]
        if self._in_parts:
            lines.append(f"the first price is {self._in_parts}: are they written in parts? --price-divisor 1000000000")
        if self._lines.unended and self._lines.unended == self._lines.last_row:
            lines.append(f"row {self._lines.unended}, the last, has no line end: it may be cut short")
        return tuple(clean(line) for line in lines)

    def _looks_in_parts(self, cells: list[bytes] | BadRow) -> str:
        """The price of a row where it is a whole number beyond any market's."""
        text = b"" if isinstance(cells, BadRow) else cells[self.form.price_places()[0]].strip(BLANKS)
        return text.decode() if self._divisor == 1 and text.isdigit() and _MOST_DIGITS < len(text) < 20 else ""

    def _plain_rows(  # noqa: C901, PLR0912, PLR0915 - of each row's time a call for each of these steps were the most
        self, after: int, quantity_role: Role
    ) -> Iterator[Row]:
        form = self.form
        readers = self._cell_readers()
        delimiter, width = form.delimiter, form.width
        date, time, volume = form.place("date"), form.place("time"), form.place(quantity_role)
        price, other = self.form.price_places()
        bid, ask = form.place("bid"), form.place("ask")
        book = bid >= 0 and ask >= 0
        apart, symbols, numbers, read_stamp = date >= 0, self._symbol_places, self._numbers, self._read_stamp
        reader = readers[0]
        prices, volumes = reader.prices.get, reader.volumes.get
        stamp = day = _NO_CELL
        stamp_ns = exch_ms = instrument = quantity = 0
        for row, lines, has_quotes in self._records.batches(after):
            for line in lines:
                row += 1  # noqa: PLW2901
                cells = line.split(delimiter)
                if has_quotes or len(cells) != width:
                    if not line:
                        continue
                    found = self._records.cells_of(row, line)
                    if isinstance(found, BadRow):
                        yield found
                    if not isinstance(found, list):
                        continue
                    cells = found
                try:
                    if cells[time] != stamp or (apart and cells[date] != day):
                        stamp = cells[time]
                        if apart:
                            day = cells[date]
                            stamp_ns = read_stamp(date_and_time(day.strip(BLANKS), stamp.strip(BLANKS)))
                        else:
                            stamp_ns = read_stamp(stamp.strip(BLANKS))
                        exch_ms = stamp_ns // 1_000_000
                    if symbols:
                        instrument = numbers[symbol_in(cells, symbols)]
                        reader = readers[instrument]
                        prices, volumes = reader.prices.get, reader.volumes.get
                    minor = prices(cells[price])
                    if minor is None:
                        minor = reader.price(cells[price], row)
                    if other >= 0:
                        minor = _middle(minor, reader.price(cells[other], row))
                    if volume >= 0:
                        known = volumes(cells[volume])
                        quantity = reader.volume(cells[volume], row) if known is None else known
                except (ValueError, KeyError):
                    stamp = _NO_CELL
                    if bad := self._bad_row(row, line, cells, reader):
                        yield bad
                    continue
                if book:
                    offers = _offer(reader, cells[bid], row), _offer(reader, cells[ask], row)
                    yield Tick(row, instrument, _WITH_BOOK, stamp_ns, 0, exch_ms, 0, minor, quantity, 0, *offers)
                else:
                    yield Tick(row, instrument, FLAG_STAMP_NS, stamp_ns, 0, exch_ms, 0, minor, quantity, 0)
        if lost := self._records.broken():
            yield lost

    def _candle_rows(self, after: int) -> Iterator[Row]:
        readers, form = self._cell_readers(), self.form
        places = [form.places[role] for role in _OHLC]
        volume, symbols, instrument = form.place("volume"), self._symbol_places, 0
        for row, cells in self._records.cells(after):
            if isinstance(cells, BadRow):
                yield cells
                continue
            reader = readers[instrument]
            try:
                if symbols:
                    instrument = self._numbers[symbol_in(cells, symbols)]
                    reader = readers[instrument]
                begin_ns = self._stamp(cells) - self._back_ns
                opened, high, low, close = (reader.price(cells[place], row) for place in places)
                quantity = reader.volume(cells[volume], row) if volume >= 0 else 0
            except (ValueError, KeyError):
                if bad := self._bad_row(row, form.delimiter.join(cells), cells, reader):
                    yield bad
                continue
            if not low <= min(opened, close) <= max(opened, close) <= high:
                yield because(row, "price", "is no candle: its low is not the lowest, or its high not the highest")
                continue
            yield from ticks_of(row, instrument, begin_ns, form.period_ns, (opened, high, low, close), quantity)
        if lost := self._records.broken():
            yield lost

    def _bad_row(self, row: int, line: bytes, cells: list[bytes], reader: CellReader) -> BadRow | None:
        """Why a row could not be read: the first of its cells that is to blame. None for a row without any content."""
        form = self.form
        if not any(map(bytes.strip, cells)):
            return None
        if found := header_in(form, cells):
            return because(row, found, _HEADERS[found])
        if (bad := self._records.torn(row, line) or not_text(row, line)) is not None:
            return bad
        price, other = self.form.price_places()
        volume: Role = "volume" if "volume" in form.places else "day_volume"
        judged: list[tuple[int, Role, BadKind, str, Callable[[bytes], object]]] = [
            (
                form.places["time"],
                "time",
                "stamp",
                EXAMPLES.get(form.stamp, FORM_EXAMPLE),
                lambda _: self._stamp(cells),
            ),
            *((place, "price", "price", _A_PRICE, lambda text: reader.price(text, row)) for place in (price, other)),
            (form.place(volume), volume, "volume", "a whole number such as 75", lambda text: reader.volume(text, row)),
        ]
        for place, role, kind, allowed, read in judged:
            try:
                if place >= 0:
                    read(cells[place])
            except ValueError as error:
                why = f" ({error})" if str(error) else ""
                where = f", column '{form.label(role)}'" if role in form.places else ""
                said = stamp_text(cells, form.places, b"", b"") if role == "time" else cells[place]
                if role == "time" and any(map(is_day_number, said.split(b" "))):
                    why = f" ({DAY_NUMBER})"
                return BadRow(
                    row, kind, clean(f"row {row}{where}: '{quoted(said)}' is not a {kind}{why}; allowed: {allowed}")
                )
        text = symbol_in(cells, self._symbol_places)
        if SYMBOL.fullmatch(text.strip(BLANKS)):
            return because(
                row, "symbol", "names a symbol that was not there before; the file is changing while it is read"
            )
        return no_symbol(form, row, text, self._symbol_places)

    def _stamp(self, cells: list[bytes]) -> int:
        return self._read_stamp(stamp_text(cells, self.form.places, b"", b""))

    def _find_period(self) -> None:
        """Find out how long candles are, from the first rows of each symbol; raises InputError."""
        stamps: list[list[int]] = [[] for _ in self.instruments]
        places = self._symbol_places
        wanted = max(_LEAST_STAMPS, min(_SAMPLE_ROWS, _MOST_STAMPS // len(stamps)))
        left = len(stamps) * wanted
        for _, cells in self._records.cells():
            with suppress(ValueError, KeyError):
                if isinstance(cells, list):
                    some = stamps[self._numbers[symbol_in(cells, places)] if places else 0]
                    if len(some) < wanted:
                        some.append(self._stamp(cells))
                        left -= 1
            if not left:
                break
        period_ns = period_of(stamps)
        self.form = replace(self.form, period_ns=period_ns)
        if at_the_end([each for some in stamps for each in some], period_ns):
            self._back_ns = period_ns - 10**9

    def _cell_readers(self) -> list[CellReader]:
        kept = _TEXTS_KEPT // len(self.instruments) + 16
        return [CellReader(each, self._divisor, self.form.mark, kept, self.remarks) for each in self.instruments]


def _middle(bid: int, ask: int) -> int:
    """Halfway between bid and ask, rounded down; what stands for no price stays."""
    return min(bid, ask) if bid <= 0 or ask <= 0 else (bid + ask) // 2


def _offer(reader: CellReader, text: bytes, row: int) -> int:
    """A bid or an ask; 0 for none."""
    try:
        known = reader.prices.get(text)
        return max(0, reader.price(text, row) if known is None else known)
    except ValueError:
        return 0
