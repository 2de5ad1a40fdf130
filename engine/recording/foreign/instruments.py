"""Whose rows a file of others holds: its symbols, and the instruments they are, as fine as their numbers ask for."""

import re
from collections.abc import Callable
from itertools import islice

from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording.csv_layout import SYMBOL, SYMBOL_ALLOWED, CsvLayout
from engine.recording.foreign.cell_readers import finer_prices, finer_quantities
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.numbers import BLANKS, missing
from engine.recording.foreign.records import Records, quoted
from engine.recording.foreign.rows import BadRow
from engine.recording.foreign.vocabulary import PARTS_OF_A_SYMBOL
from engine.text.sanitize import clean
from engine.text.spreadsheet import text_of

_MAX_INSTRUMENTS = 1000
_SAMPLE_ROWS = 500


def places_of_symbols(form: FileForm) -> tuple[int, ...]:
    """Where a row's symbol stands, and what else tells contracts apart; nothing where the file names none."""
    if "symbol" not in form.places:
        return ()
    return (form.places["symbol"], *(form.places[role] for role in PARTS_OF_A_SYMBOL if role in form.places))


def symbol_in(cells: list[bytes], places: tuple[int, ...]) -> bytes:
    """The symbol's cell; where it names several contracts, with what tells them apart."""
    if len(places) == 1:
        return cells[places[0]]
    return b" ".join(part for place in places if (part := cells[place].strip(BLANKS)))


def no_symbol(form: FileForm, row: int, text: bytes) -> BadRow:
    """Why a row's symbol is refused."""
    where = f"row {row}, column '{form.label('symbol')}'"
    return BadRow(row, "symbol", clean(f"{where}: '{quoted(text)}' is not a symbol; allowed: {SYMBOL_ALLOWED}"))


def find_symbols(form: FileForm, records: Records) -> dict[bytes, int]:
    """Each symbol as the file writes it and its instrument's index, in order of appearance; none where all are empty.

    Raises InputError, without the file's name, where there is not one that can be a symbol.
    """
    places = places_of_symbols(form)
    found: dict[bytes, int] = {}
    known: dict[bytes, int] = {}
    refused: BadRow | None = None
    for row, cells in records.cells() if places else ():
        if isinstance(cells, BadRow) or (text := symbol_in(cells, places)) in found:
            continue
        symbol = b"" if missing(text) else _name(text)
        if SYMBOL.fullmatch(symbol):
            if form.delimiter.join(cells) in form.headers:
                continue
            found[text] = known.setdefault(symbol, len(known))
            if len(known) > _MAX_INSTRUMENTS or len(found) > 4 * _MAX_INSTRUMENTS:
                raise InputError(f"row {row}: is the {len(known)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
        elif symbol and refused is None:
            refused = no_symbol(form, row, symbol)
    if refused is not None and not found:
        raise InputError(refused.text)
    return found


def _name(text: bytes) -> bytes:
    """The symbol that a cell says; our own CSV marks one that a spreadsheet would compute."""
    symbol = text.strip(BLANKS)
    return text_of(symbol.decode(errors="replace")).encode() if symbol[:1] == b"'" else symbol


def only_symbol(layout: CsvLayout, stem: str) -> bytes:
    """The symbol of a file that names none: the one that was said, or the file's name; raises InputError."""
    symbol = layout.symbol or re.sub(r"[^A-Za-z0-9_.: &-]", "_", stem)[:80]
    if not SYMBOL.fullmatch(symbol.encode(errors="replace")):
        raise InputError(f"the options: '{symbol:.60}' is not a symbol; allowed: {SYMBOL_ALLOWED}")
    return symbol.encode()


def find_instruments(
    form: FileForm,
    records: Records,
    numbers: dict[bytes, int],
    divisor: int,
    instrument_for: Callable[[str], Instrument],
) -> tuple[Instrument, ...]:
    """The instruments, as fine as the first rows ask for."""
    names = {index: _name(name).decode() for name, index in reversed(numbers.items())}
    found = [_divided(instrument_for(names[index]), divisor) for index in range(len(names))]
    places = places_of_symbols(form) if len(numbers) > 1 or "symbol" in form.places else ()
    price = form.price_places()[0]
    volume = max(form.place("volume"), form.place("day_volume"))
    prices: list[list[bytes]] = [[] for _ in found]
    volumes: list[list[bytes]] = [[] for _ in found]
    for _, cells in islice(records.cells(), _SAMPLE_ROWS):
        if not isinstance(cells, BadRow):
            index = numbers.get(symbol_in(cells, places), 0) if places else 0
            prices[index].append(cells[price])
            volumes[index].append(cells[volume] if volume >= 0 else b"")
    return tuple(
        _as_fine(
            each, finer_prices(some, each, divisor, form.mark), finer_quantities(sizes, each.quantity_scale, form.mark)
        )
        for each, some, sizes in zip(found, prices, volumes, strict=True)
    )


def _divided(instrument: Instrument, divisor: int) -> Instrument:
    """The instrument with prices as fine as a divisor that is a power of ten asks for."""
    factor, rest = divmod(divisor, instrument.price_scale)
    if rest or factor < 2 or str(divisor).strip("0") != "1":
        return instrument
    return replace(instrument, price_scale=divisor, tick_size=instrument.tick_size * factor)


def _as_fine(instrument: Instrument, price_decimals: int, quantity_decimals: int) -> Instrument:
    """The instrument, counted as finely as its file does where that is finer than the configuration; -1: as it is."""
    if price_decimals >= 0:
        scale = max(10**price_decimals, instrument.price_scale)
        instrument = replace(instrument, price_scale=scale, tick_size=max(1, scale // 10**price_decimals))
    if quantity_decimals >= 0:
        factor = max(1, 10**quantity_decimals // instrument.quantity_scale)
        instrument = replace(
            instrument,
            quantity_scale=instrument.quantity_scale * factor,
            lot_size=instrument.lot_size * factor,
            freeze_quantity=instrument.freeze_quantity * factor,
        )
    return instrument
