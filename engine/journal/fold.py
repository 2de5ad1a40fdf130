"""Finds in a journal the last account that was kept and folds every later row into it; knows nothing of what is done with it.

Each run keeps its account before it does anything, and again after each change of it: only the end of a journal is
read, however long it is.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from engine.journal.account import JournalledAccount
from engine.journal.rows import ENTRIES, Entry
from engine.journal.schema import open_reader
from engine.model.errors import InputError
from engine.model.events import StateKept
from engine.text.sanitize import clean

_FOLDED = (
    "StateKept", "Submit", "FillBooked", "OrderRejected", "OrderCancelled", "LevelsMoved", "EntriesChanged", "FlatChanged", "DayStarted",
    "RunStarted", "RunEnded",
)  # fmt: skip
_NEWEST_FIRST = "SELECT number, run, kind FROM events WHERE kind IN ('StateKept', 'RunStarted') ORDER BY number DESC"
_TRADED = "SELECT EXISTS (SELECT 1 FROM orders WHERE run = ?) OR EXISTS (SELECT 1 FROM fills WHERE run = ?)"
_LATER = (
    f"SELECT number, kind, body FROM events WHERE number >= ? AND kind IN ({', '.join('?' * len(_FOLDED))})"  # noqa: S608 - as many ? as kinds
    " ORDER BY number"
)


def fold(path: Path) -> JournalledAccount | None:
    """The account as the journal at `path` leaves it; None when it keeps none. Raises InputError, sqlite3.Error."""
    with closing(open_reader(path)) as connection:
        return folded(connection)


def folded(connection: sqlite3.Connection) -> JournalledAccount | None:
    """The same through a connection that is open."""
    first = _kept(connection)
    if first is None:
        return None
    account = None
    for number, kind, body in connection.execute(_LATER, (first, *_FOLDED)):
        try:
            entry: Entry = ENTRIES.decode(body)
            if account is not None:
                account.take(entry)
            elif isinstance(entry, StateKept):
                account = JournalledAccount(entry)
        except (ValueError, ArithmeticError, LookupError, InputError) as error:
            raise InputError(f"event {number} ({clean(kind, 40)}) cannot be followed: {clean(str(error))}") from error
    return account


def _kept(connection: sqlite3.Connection) -> int | None:
    """Number of the newest `StateKept`; None when there is none, or a run has traded since that kept none."""
    for number, run, kind in connection.execute(_NEWEST_FIRST):
        if kind == "StateKept":
            return int(number)
        (traded,) = connection.execute(_TRADED, (run, run)).fetchone()
        if traded:
            return None
    return None
