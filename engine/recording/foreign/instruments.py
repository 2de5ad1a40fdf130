"""Whose rows a file of others holds: its symbols, and the instruments they are, as fine as their numbers ask for."""

import re
from collections.abc import Callable, Sequence
from itertools import islice
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording.csv_layout import SYMBOL, SYMBOL_ALLOWED, CsvLayout
from engine.recording.foreign.cell_readers import finer_prices, finer_quantities
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.headers import header_in
from engine.recording.foreign.numbers import BLANKS, missing
from engine.recording.foreign.records import Records, quoted
from engine.recording.foreign.rows import BadRow
from engine.recording.foreign.vocabulary import BESIDE_A_SYMBOL, PARTS_OF_A_SYMBOL, WITHOUT_A_SYMBOL
from engine.text.sanitize import clean
from engine.text.spreadsheet import text_of

_MAX_INSTRUMENTS = 1000
_SAMPLE_ROWS = 500


class Symbols(Struct, frozen=True):
    """The symbols of a file: `numbers` has each as the file writes it, and its instrument's index in order of appearance; `places` where it stands.

    Both are empty where the file names none.
    """

    numbers: dict[bytes, int]
    places: tuple[int, ...]


def symbol_in(cells: Sequence[bytes], places: tuple[int, ...]) -> bytes:
    """The symbol's cell; where it names several contracts, with what tells them apart."""
    if len(places) == 1:
        return cells[places[0]]
    return b" ".join(part for place in places if (part := cells[place].strip(BLANKS)))


def no_symbol(form: FileForm, row: int, text: bytes, places: tuple[int, ...]) -> BadRow:
    """Why a row's symbol is refused."""
    name = next((form.label(role) for role, place in form.places.items() if place in places[:1]), "symbol")
    where = f"row {row}, column '{name}'"
    return BadRow(row, "symbol", clean(f"{where}: '{quoted(text)}' is not a symbol; allowed: {SYMBOL_ALLOWED}"))


def find_symbols(form: FileForm, records: Records) -> Symbols:
    """Whose rows the file holds: any column that may tell instruments apart does so where rows differ in it.

    Raises InputError, without the file's name, where there is not one that can be a symbol.
    """
    asked = tuple(form.places[role] for role in ("symbol", *WITHOUT_A_SYMBOL) if role in form.places)
    if not asked:
        return Symbols({}, ())
    pick = itemgetter(*asked, asked[0])  # of one place, too, a tuple
    seen: dict[tuple[bytes, ...], int] = {}  # what stands at these places, and the first row of it
    for row, cells in records.cells():
        if isinstance(cells, BadRow) or (found := pick(cells)) in seen:
            continue
        if header_in(form, cells):
            continue
        seen[found] = row
        if len(seen) > 4 * _MAX_INSTRUMENTS:
            raise InputError(f"row {row}: is the {len(seen)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
    by_place = {place: [found[number] for found in seen] for number, place in enumerate(asked)}
    places = _telling(form, by_place)
    return Symbols(_numbered(form, seen, asked, places), places) if places else Symbols({}, ())


def _telling(form: FileForm, cells: dict[int, list[bytes]]) -> tuple[int, ...]:
    """Where that stands which tells instruments apart: a symbol with the parts that contracts have, and whatever else differs where these do not."""
    chosen: list[int] = []
    others = WITHOUT_A_SYMBOL
    symbol = form.place("symbol")
    if symbol >= 0 and not _says_none(cells[symbol]):
        chosen = [symbol, *(form.places[role] for role in PARTS_OF_A_SYMBOL if role in form.places)]
        others = BESIDE_A_SYMBOL
    for place in (form.places[role] for role in others if role in form.places):
        known: dict[tuple[bytes, ...], bytes] = {}
        for number, cell in enumerate(cells[place]):
            text = cell.strip(BLANKS)
            if text and known.setdefault(tuple(cells[each][number].strip(BLANKS) for each in chosen), text) != text:
                chosen.append(place)
                break
    return tuple(chosen)


def _says_none(cells: list[bytes]) -> bool:
    """Whether a column of symbols is empty: blank, or one and the same word for none throughout; beside others it is a symbol, as NA is."""
    words = {cell.strip(BLANKS) for cell in cells} - {b""}
    return not words or (len(words) == 1 and missing(words.pop()) != 0)


def _numbered(
    form: FileForm, seen: dict[tuple[bytes, ...], int], asked: tuple[int, ...], places: tuple[int, ...]
) -> dict[bytes, int]:
    """The symbol of each of `seen` and its instrument's index; raises InputError."""
    found: dict[bytes, int] = {}
    known: dict[bytes, int] = {}
    refused: BadRow | None = None
    within = tuple(asked.index(place) for place in places)
    for cells, row in seen.items():
        text = symbol_in(cells, within)
        symbol = _name(text)
        if SYMBOL.fullmatch(symbol):
            found[text] = known.setdefault(symbol, len(known))
            if len(known) > _MAX_INSTRUMENTS:
                raise InputError(f"row {row}: is the {len(known)}th symbol; allowed: up to {_MAX_INSTRUMENTS}")
        elif symbol and refused is None:
            refused = no_symbol(form, row, symbol, places)
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
    symbols: Symbols,
    divisor: int,
    instrument_for: Callable[[str], Instrument],
) -> tuple[Instrument, ...]:
    """The instruments, as fine as the first rows ask for."""
    numbers, places = symbols.numbers, symbols.places
    names = {index: _name(name).decode() for name, index in reversed(numbers.items())}
    found = [_divided(instrument_for(names[index]), divisor) for index in range(len(names))]
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
