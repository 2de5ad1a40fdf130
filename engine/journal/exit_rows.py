"""Reads exits by their numbers out of a journal, the newest file first. Knows no thread and remembers nothing.

An account counts its exits on from run to run without holes; a replay that goes back counts some of them again. Read
backwards, what was decided last comes first: a number that was seen already belongs to a past that is no more.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, json
from msgspec.structs import replace

from engine.journal.months import JOURNAL_FILE
from engine.journal.reader import file_before
from engine.journal.rows import entry_of
from engine.journal.schema import foreign, open_reader
from engine.model.errors import InputError
from engine.model.events import TradeClosed
from engine.model.types import Trade

_KEPT = "SELECT body FROM events WHERE number < ? AND kind = 'StateKept' ORDER BY number DESC LIMIT 1"

END: Final = 2**63 - 1  # a row number behind every row

# What is passed over is passed over by SQLite, which does not hold the interpreter while it does so.
_BACKWARDS = """SELECT number, run, json_extract(body, '$.trade.number') AS counted, body FROM events
    WHERE number < ? AND kind = 'TradeClosed' AND counted <= ? ORDER BY number DESC"""


class _Symbols(Struct):
    symbols: tuple[str, ...] = ()


def exit_rows(
    folder: Path, first: int, last: int, before_row: int = END, symbols: Sequence[str] = ()
) -> tuple[tuple[Trade, ...], int]:
    """Exits number `first` to `last`, oldest first, and the number of the row of `first`.

    All of them stand before row `before_row`. Their instruments are those of `symbols`, whatever numbers an earlier run
    gave them; -1 is none of these. Raises InputError where an exit is missing, OSError, sqlite3.Error.
    """
    found: list[Trade] = []
    path, wanted, row = folder / JOURNAL_FILE, last, before_row
    places: dict[int, dict[int, int]] = {}  # of each run: what an instrument's number is now
    while True:
        with closing(open_reader(path)) as connection:
            if problem := foreign(connection):
                raise InputError(f"{path.name}: {problem}")
            for number, run, counted, body in connection.execute(_BACKWARDS, (before_row, last)):
                if counted < wanted:
                    raise InputError(f"exit {wanted:,} is not in {path.name}")
                if counted > wanted:
                    continue  # a replay went back over it
                if symbols and run not in places:
                    places[run] = _places(connection, number, symbols)
                trade = _trade(path, body)
                place = places.get(run, {}).get(trade.instrument, trade.instrument)
                found.append(trade if place == trade.instrument else replace(trade, instrument=place))
                wanted, row = wanted - 1, number
                if wanted < first:
                    return tuple(reversed(found)), row
            name = file_before(connection)
        if not name:
            raise InputError(f"exit {wanted:,} is not in the journal")
        path = folder / name


def _places(connection: sqlite3.Connection, number: int, symbols: Sequence[str]) -> dict[int, int]:
    """What numbers the instruments have among `symbols` that the run of row `number` knew, where an account tells them."""
    kept = connection.execute(_KEPT, (number,)).fetchone()
    known = json.decode(kept[0], type=_Symbols).symbols if kept else ()
    return {place: symbols.index(symbol) if symbol in symbols else -1 for place, symbol in enumerate(known)}


def _trade(path: Path, body: str) -> Trade:
    try:
        entry = entry_of(body)
    except msgspec.DecodeError as error:
        raise InputError(f"{path.name}: {error}") from error
    if not isinstance(entry, TradeClosed):
        raise InputError(f"{path.name}: a row is not what it is called")
    return entry.trade
