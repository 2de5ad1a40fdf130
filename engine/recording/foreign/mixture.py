"""Notices rows of several instruments that are taken for one, by a column of which nobody knows the name. Knows no names.

Such a file looks like one whose price jumps from row to row, and is smooth within each value of that column; or, where
one instrument follows another, like one that goes back in time, to another price, wherever that column changes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import islice, pairwise
from typing import Final

from engine.model.errors import InputError
from engine.model.types import Tick
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.instruments import Symbols, symbol_in
from engine.recording.foreign.neighbours import StepBack
from engine.recording.foreign.numbers import BLANKS, plain
from engine.recording.foreign.records import Records
from engine.recording.foreign.vocabulary import ROLES, WITHOUT_A_SYMBOL, Role

_ROWS: Final = 1000
_MOST_VALUES: Final = 50
_REPEATS: Final = 5  # rows of each value, on average, at least
_SWITCHES: Final = 10  # places at least where one value follows another
_PLAIN: Final = 20  # steps from one value to another are so many times those within one, on average,
_APART: Final = 0.02  # and such a part of the price
# What a trade or a quote is, not whose: buyers pay more than sellers get.
_SIDES: Final = frozenset(
    b"b s buy sell bid ask bids asks buyer seller true false t f y n yes no 0 1 -1 up down".split()
)

Row = tuple[float, list[bytes]]  # its price, its cells


def refuse_mixture(form: FileForm, records: Records, symbols: Symbols) -> None:
    """Raise InputError where a column that was ignored tells instruments apart."""
    ignored = _ignored(form, symbols)
    for rows in _by_instrument(form, records, symbols).values() if ignored else ():
        for place in ignored:
            values = [_value(cells[place]) for _, cells in rows]
            if _are_apart(values, [price for price, _ in rows]):
                _refuse(form, place, len(set(values)))


def refuse_blocks(
    form: FileForm, records: Records, symbols: Symbols, rows: Iterable[object], steps: Collection[StepBack]
) -> None:
    """Raise InputError where a column that was ignored changes wherever the file goes back, to times that it had and other prices."""
    back = {step.row for step in steps if not step.few}
    columns = [_Blocks(place, back) for place in _ignored(form, symbols)] if back else []
    ticks = (row for row in rows if isinstance(row, Tick))
    tick = next(ticks, None)
    for row, cells in records.cells() if columns else ():
        while tick is not None and tick.seq < row:
            tick = next(ticks, None)
        if tick is not None and tick.seq == row and isinstance(cells, list):
            for column in columns:
                column.add(tick, _value(cells[column.place]))
    for column in columns:
        if column.are_instruments():
            _refuse(form, column.place, len(column.times))


class _Blocks:
    """What one column says of the blocks of a file."""

    def __init__(self, place: int, back: set[int]) -> None:
        self.place = place
        self.times: dict[bytes, tuple[int, int]] = {}  # of each value the first and the last, in ms
        self._back = back
        self._last: dict[int, tuple[bytes, int]] = {}  # value and price of each instrument's last row
        self._begins: list[
            tuple[bytes, int, bytes, int]
        ] = []  # the same before and at each of the places where it changes
        self._steps = self._count = 0

    def add(self, tick: Tick, value: bytes) -> None:
        """The next row."""
        if len(self.times) > _MOST_VALUES:
            return
        begin, end = self.times.get(value, (tick.exch_ms, tick.exch_ms))
        self.times[value] = min(begin, tick.exch_ms), max(end, tick.exch_ms)
        before, last = self._last.get(tick.instrument, (value, tick.price))
        self._last[tick.instrument] = value, tick.price
        if value == before:
            self._steps += abs(tick.price - last)
            self._count += 1
        elif tick.seq in self._back:
            self._begins.append((before, last, value, tick.price))

    def are_instruments(self) -> bool:
        """Whether it changes at all of the places, its values have the same times, and the price jumps from one to the other."""
        if len(self._begins) < len(self._back) or len(self.times) > _MOST_VALUES or self.times.keys() <= _SIDES:
            return False
        jumps = [abs(one - other) for _, one, _, other in self._begins]
        jump, price = sum(jumps) / len(jumps), max(one for _, one, _, _ in self._begins)
        together = all(self._share_times(one, other) for one, _, other, _ in self._begins)
        return together and jump > _PLAIN * self._steps / max(1, self._count) and jump > _APART * price

    def _share_times(self, one: bytes, other: bytes) -> bool:
        """Whether half of the time of one or the other is the other's as well."""
        (begin, end), (other_begin, other_end) = self.times[one], self.times[other]
        return 2 * (min(end, other_end) - max(begin, other_begin)) > min(end - begin, other_end - other_begin)


def _ignored(form: FileForm, symbols: Symbols) -> list[int]:
    """Columns of which nobody has said anything."""
    used = {place for role, place in form.places.items() if role not in WITHOUT_A_SYMBOL}
    return [place for place in range(form.width) if place not in {*used, *symbols.places, *form.said_away}]


def _by_instrument(form: FileForm, records: Records, symbols: Symbols) -> dict[int, list[Row]]:
    """Price and cells of the first rows of each instrument."""
    found: dict[int, list[Row]] = {}
    for price, cells in islice(_prices(form, records), _ROWS):
        index = symbols.numbers.get(symbol_in(cells, symbols.places), 0) if symbols.places else 0
        found.setdefault(index, []).append((price, cells))
    return found


def _prices(form: FileForm, records: Records) -> Iterator[Row]:
    place = form.price_places()[0]
    for _, cells in records.cells():
        if isinstance(cells, list):
            with suppress(ValueError):
                price = float(plain(cells[place], form.mark))
                if 0 < price < float("inf"):
                    yield price, cells


def _value(cell: bytes) -> bytes:
    return cell.strip(BLANKS).lower()


def _are_apart(values: list[bytes], prices: list[float]) -> bool:
    """Whether prices jump where another value follows, and hardly move within each."""
    counts = Counter(values)
    few = 2 <= len(counts) <= _MOST_VALUES and len(values) >= _REPEATS * len(counts)
    if not few or all(value in _SIDES for value in counts):
        return False
    jumps = [abs(prices[at + 1] - prices[at]) for at, (one, two) in enumerate(pairwise(values)) if one != two]
    if len(jumps) < max(_SWITCHES, 2 * len(counts)):  # a column that changes with time: a date, a session, a part
        return False
    last: dict[bytes, float] = {}
    steps = []
    for value, price in zip(values, prices, strict=True):
        if value in last:
            steps.append(abs(price - last[value]))
        last[value] = price
    jump, step = sum(jumps) / len(jumps), sum(steps) / len(steps)
    return jump > _PLAIN * step and jump > _APART * sum(prices) / len(prices)


def _refuse(form: FileForm, place: int, count: int) -> None:
    name = form.names[place] if place < len(form.names) else ""
    word = form.said_as(place)
    parts: tuple[Role, ...] = ("symbol", "series", "segment")
    role = next((role for role in parts if role not in form.places), ROLES[0])
    raise InputError(
        f"the prices of {count} values of column '{name or word}' lie apart, as those of {count} instruments do; say "
        f"--columns {role}={word}, or --columns -={word} where all are of one"
    )
