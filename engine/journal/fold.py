"""Finds in a journal the last account that was kept and folds every later row into it; knows nothing of what is done with it.

Each run keeps its account before it does anything, and again after each change of it: only the end of a journal is
read, however long it is.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from engine.journal.account import JournalledAccount
from engine.journal.months import utc
from engine.journal.reader import file_before
from engine.journal.rows import RunStarted, entry_of
from engine.journal.schema import open_left
from engine.journal.takeover import is_blind
from engine.journal.wal import cut_off
from engine.model.errors import InputError
from engine.model.events import StateKept, TradeClosed
from engine.model.types import Trade
from engine.presentation.statistics import TradeStatistics

_FOLDED = (
    "StateKept", "Submit", "FillBooked", "OrderRejected", "OrderCancelled", "LevelsMoved", "EntriesChanged", "FlatChanged", "DayStarted",
    "OperatorActed", "TradeClosed", "RunStarted", "RunEnded", "PlaceOrder", "Adopted", "PartFilled", "ClosedOthers", "Ended",
)  # fmt: skip
_NEWEST_FIRST = "SELECT number, run, kind FROM events WHERE kind IN ('StateKept', 'RunStarted') ORDER BY number DESC"
_TRADED = "SELECT EXISTS (SELECT 1 FROM orders WHERE run = ?) OR EXISTS (SELECT 1 FROM fills WHERE run = ?)"
_LATER = (
    f"SELECT number, kind, body FROM events WHERE number >= ? AND kind IN ({', '.join('?' * len(_FOLDED))})"  # noqa: S608 - as many ? as kinds
    " ORDER BY number"
)


_COUNTED = """SELECT body FROM events WHERE kind IN ('FillBooked', 'TradeClosed', 'DayStarted')
    OR number IN (SELECT min(number) FROM events WHERE kind = 'StateKept' GROUP BY run) ORDER BY number"""
_EXITS = "SELECT run, kind, body FROM events WHERE kind IN ('TradeClosed', 'DayStarted') ORDER BY number DESC"
_SYMBOLS = "SELECT body FROM events WHERE run = ? AND kind = 'StateKept' ORDER BY number LIMIT 1"
_UNLOCKED = """SELECT EXISTS (
    SELECT 1 FROM events WHERE number > ? AND kind = 'EntriesChanged' AND body LIKE '%"unlocked"%')"""


def fold(path: Path) -> JournalledAccount | None:
    """The account as the journal at `path` leaves it; None when it keeps none. Raises InputError."""
    try:
        with closing(open_left(path)) as connection:
            return folded(connection, path)
    except sqlite3.Error as error:
        raise InputError(f"journal {path}: {error}") from error


def untraded(path: Path) -> bool:
    """Whether the journal at `path` keeps no account because there never was one: begun where nothing was, and nothing came since.

    Raises InputError.
    """
    try:
        with closing(open_left(path)) as connection:
            begun = _begun(connection)
            traded = connection.execute("SELECT EXISTS (SELECT 1 FROM orders) OR EXISTS (SELECT 1 FROM fills)")
            return begun is not None and not begun.found and traded.fetchone() == (0,) and _kept(connection) == 0
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise InputError(f"journal {path}: {error}") from error


def unknown_after(path: Path) -> str:
    """What is not known of the end of the journal at `path`, where its write-ahead log was cut off; "" where it is whole. Raises InputError.

    Never of a journal that this process has open.
    """
    cut = cut_off(path)
    if not cut:
        return ""
    try:
        with closing(open_left(path)) as connection:
            last = connection.execute("SELECT wall_ns FROM events ORDER BY number DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise InputError(f"journal {path}: {cut}; {error}") from error
    known = f"its last row is of {utc(last[0])}, " if last else ""
    return f"{cut}: {known}what came after is not known"


def begins_blind(path: Path) -> bool:
    """Whether the newest run of the journal at `path` found that it is not known what was held before, and nobody has unlocked entries since.

    Its account tells then of what came later alone.
    """
    files = [path]
    with suppress(sqlite3.Error, msgspec.DecodeError, TypeError):  # what is damaged is told elsewhere
        while True:
            with closing(open_left(files[-1])) as connection:
                number, started = _newest_start(connection)
                before = "" if started is not None else file_before(connection)
            if started is not None:
                return is_blind(started.found) and not any(_unlocked(each, number) for each in files)
            if not before:
                return False
            files.append(path.with_name(before))
    return False


def _newest_start(connection: sqlite3.Connection) -> tuple[int, RunStarted | None]:
    """Number and body of the row with which the newest run began; None where it began in the file before. Reads few rows.

    Raises sqlite3.Error, DecodeError.
    """
    (low,) = connection.execute("SELECT number FROM events ORDER BY number LIMIT 1").fetchone() or (0,)
    high, run = connection.execute("SELECT number, run FROM events ORDER BY number DESC LIMIT 1").fetchone() or (0, 0)
    while low < high:
        middle = (low + high) // 2
        (of,) = connection.execute("SELECT run FROM events WHERE number = ?", (middle,)).fetchone()
        low, high = (middle + 1, high) if of < run else (low, middle)
    begun = connection.execute("SELECT body FROM events WHERE number >= ? ORDER BY number LIMIT 2", (low,))
    entries = (entry_of(body) for (body,) in begun)  # the first of a file may tell what that goes on from
    return low, next((each for each in entries if isinstance(each, RunStarted)), None)


def _unlocked(path: Path, after: int) -> bool:
    with closing(open_left(path)) as connection:
        return bool(connection.execute(_UNLOCKED, (after,)).fetchone()[0])


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
    with closing(open_left(path.with_name(before))) as connection_before:
        account = folded(connection_before, path.with_name(before))
    return account and _followed(connection, 0, account)


def count_anew(connection: sqlite3.Connection, account: JournalledAccount) -> None:
    """Count the trades of this file's rows, where the account was kept by a program that kept no statistics. Raises sqlite3.Error."""
    if account.trades.counted:
        return
    counted = TradeStatistics()
    for (body,) in connection.execute(_COUNTED):
        with suppress(msgspec.DecodeError):  # the account does not rest on it
            counted.take(entry_of(body))
    account.trades.statistics, account.trades.counted = counted, True


def newest_exits(connection: sqlite3.Connection, account: JournalledAccount, most: int) -> tuple[Trade, ...]:
    """The newest exits of the account's day, `most` at most, oldest first, by the account's numbers of instruments. Raises sqlite3.Error."""
    found: list[Trade] = [account.trades.untold] if account.trades.untold is not None else []
    places: dict[int, list[int | None]] = {}
    number = account.cash_account.trades + 1 - len(found)
    for run, kind, body in connection.execute(_EXITS):
        with suppress(msgspec.DecodeError):
            entry = entry_of(body)
            if kind == "DayStarted" or len(found) >= most:
                break
            if not isinstance(entry, TradeClosed) or entry.trade.number >= number:
                continue  # one of an account that has begun anew since is no exit of this one
            number = entry.trade.number
            if run not in places:
                places[run] = _places(connection, run, account)
            trade, place = entry.trade, dict(enumerate(places[run])).get(entry.trade.instrument)
            if place is not None:
                found.append(replace(trade, instrument=place))
    return tuple(reversed(found))


def _places(connection: sqlite3.Connection, run: int, account: JournalledAccount) -> list[int | None]:
    """The account's number of each instrument of `run`; None for one that it has not."""
    kept = connection.execute(_SYMBOLS, (run,)).fetchone()
    entry = entry_of(kept[0]) if kept else None
    numbers = {symbol: number for number, symbol in enumerate(account.symbols)}
    return [numbers.get(symbol) for symbol in entry.symbols] if isinstance(entry, StateKept) else []


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
