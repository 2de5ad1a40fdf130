"""Finds in a journal the last account that was kept and folds every later row into it; knows nothing of what is done with it.

Each run keeps its account before it does anything, and again after each change of it: only the end of a journal is
read, however long it is.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from engine.journal.account import JournalledAccount
from engine.journal.reader import file_before
from engine.journal.rows import entry_of
from engine.journal.schema import open_reader
from engine.model.errors import InputError
from engine.model.events import StateKept

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
        return folded(connection, path)


def folded(connection: sqlite3.Connection, path: Path) -> JournalledAccount | None:
    """The same through a connection to `path` that is open.

    A file that was begun just before a kill keeps no account yet: the file before it has the newest.
    """
    first = _kept(connection)
    if first is None:
        return None
    if first:
        return _followed(connection, first, None)
    before = file_before(connection)
    if not before:
        return None
    account = fold(path.with_name(before))
    return account and _followed(connection, 0, account)


def _followed(
    connection: sqlite3.Connection, first: int, account: JournalledAccount | None
) -> JournalledAccount | None:
    """Fold the rows from number `first` on into `account`, or into the one that the first of them keeps."""
    for number, kind, body in connection.execute(_LATER, (first, *_FOLDED)):
        try:
            entry = entry_of(body)
            if account is not None:
                account.take(entry)
            elif isinstance(entry, StateKept):
                account = JournalledAccount(entry)
        except (ValueError, ArithmeticError, LookupError, InputError) as error:
            raise InputError(f"event {number} ({kind}) cannot be followed: {error}") from error
    return account


def _kept(connection: sqlite3.Connection) -> int | None:
    """Number of the newest `StateKept`, 0 when there is none; None when a run has traded since that kept none."""
    for number, run, kind in connection.execute(_NEWEST_FIRST):
        if kind == "StateKept":
            return int(number)
        (traded,) = connection.execute(_TRADED, (run, run)).fetchone()
        if traded:
            return None
    return 0
