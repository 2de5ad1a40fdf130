"""Finds in a journal the last account that was kept and folds every later row into it; knows nothing of what is done with it.

Each run keeps its account before it does anything, and again after each change of it: only the end of a journal is
read, however long it is.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from engine.journal.account import JournalledAccount
from engine.journal.reader import file_before
from engine.journal.rows import RunStarted, entry_of
from engine.journal.schema import open_reader
from engine.journal.takeover import begins_blind
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


_UNLOCKED = """SELECT EXISTS (SELECT 1 FROM events WHERE kind = 'EntriesChanged' AND body LIKE '%"unlocked"%')"""


def fold(path: Path) -> JournalledAccount | None:
    """The account as the journal at `path` leaves it; None when it keeps none. Raises InputError."""
    try:
        with closing(open_reader(path)) as connection:
            return folded(connection, path)
    except sqlite3.Error as error:
        raise InputError(f"journal {path}: {error}") from error


def untraded(path: Path) -> bool:
    """Whether the journal at `path` keeps no account because there never was one: begun where nothing was, and nothing came since.

    Raises InputError.
    """
    try:
        with closing(open_reader(path)) as connection:
            begun = _begun(connection)
            traded = connection.execute("SELECT EXISTS (SELECT 1 FROM orders) OR EXISTS (SELECT 1 FROM fills)")
            return begun is not None and not begun.found and traded.fetchone() == (0,) and _kept(connection) == 0
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise InputError(f"journal {path}: {error}") from error


def unknown_before(path: Path) -> str:
    """What the first run of the journal at `path` found in place of the one before, as long as nobody has unlocked entries since.

    What was held before is not known then, whatever the account says; "" where it is.
    """
    with suppress(sqlite3.Error, msgspec.DecodeError), closing(open_reader(path)) as connection:
        begun, before = _begun(connection), file_before(connection)
        blind = begun is not None and begins_blind(begun.found)
        if not (blind or before) or connection.execute(_UNLOCKED).fetchone() == (1,):
            return ""
        return begun.found if begun is not None and blind else unknown_before(path.with_name(before))
    return ""


def _begun(connection: sqlite3.Connection) -> RunStarted | None:
    """The first run of a file that goes on from no other; raises sqlite3.Error, DecodeError."""
    first = connection.execute("SELECT body FROM events ORDER BY number LIMIT 1").fetchone()
    entry = entry_of(first[0]) if first else None
    return entry if isinstance(entry, RunStarted) else None


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
    with closing(open_reader(path.with_name(before))) as connection_before:
        account = folded(connection_before, path.with_name(before))
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
