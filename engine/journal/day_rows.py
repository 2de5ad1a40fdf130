"""The rows of a day's orders at a real broker in memory: a file that is begun anew has them, as the one had that was taken away."""

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.journal.live_day import DatedRow, renumbered, rows_in
from engine.journal.months import month_of
from engine.journal.rows import Continued, Entry, Waiting, entry_of, kind_of, written
from engine.journal.schema import ORDER_KINDS, is_live, open_reader
from engine.model.errors import InputError

_DAY_NS: Final = 24 * 3_600 * 10**9
_KINDS: Final = frozenset(ORDER_KINDS)


class _Kept(NamedTuple):
    """A row as it is written; `symbols` are None of a row of the present run."""

    wall_ns: int
    body: str
    symbols: tuple[str, ...] | None


class DayRows:
    """Follows what is written into the open file, and keeps for a day what tells of orders.

    A run after a crash finds at the broker which orders bear its tags. One that it did not know as booked it would book
    once more, on top of an account that has it.
    """

    def __init__(self, earlier: Iterable[DatedRow] = ()) -> None:
        """`earlier` are the rows of runs before that stand in the open file."""
        self._rows: deque[_Kept] = deque(_Kept(row.wall_ns, written(row.entry)[1], row.symbols) for row in earlier)

    def follow(self, rows: Sequence[Waiting], month: str) -> None:
        """Take rows that have left for the open file, which began in `month`."""
        for row in rows:
            if kind_of(row.entry) in _KINDS:
                self._rows.append(_Kept(row.wall_ns, written(row.entry)[1], None))
            elif isinstance(row.entry, Continued) and month == month_of(row.wall_ns):
                self._rows.clear()  # they stand in a file of their own
        while self._rows and rows and self._rows[0].wall_ns < rows[-1].wall_ns - _DAY_NS:
            self._rows.popleft()

    def anew(self, symbols: Sequence[str]) -> list[tuple[int, Entry]]:
        """The rows, oldest first, each with when it was written; their instruments have the numbers of `symbols`, those of the present run."""
        numbers = {symbol: number for number, symbol in enumerate(symbols)}
        return [(row.wall_ns, _of_now(row, numbers)) for row in self._rows]


def day_rows(path: Path, now_ns: int) -> DayRows:
    """With what the runs before have left in the open file at `path`; raises InputError where it cannot be read: an order may be missing then."""
    try:
        with closing(open_reader(path)) as connection:
            return DayRows(rows_in(connection, now_ns - _DAY_NS) if is_live(connection) else ())
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise InputError(f"journal {path}: {error}") from error


def _of_now(row: _Kept, numbers: Mapping[str, int]) -> Entry:
    entry = entry_of(row.body)
    return entry if row.symbols is None else renumbered(DatedRow(row.wall_ns, entry, row.symbols), numbers)
