"""What an existing journal is worth: checked without changing a byte, set aside when damaged; knows nothing of how rows are written."""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.journal.account import UNCLEAN
from engine.journal.fold import begins_blind, count_anew, folded, newest_exits
from engine.journal.months import closed_files, month_of, settle, sides, utc
from engine.journal.reader import begin_of, is_first, older_than, stored_events
from engine.journal.rows import GENESIS, RunStarted, chain_problem, entry_of
from engine.journal.schema import foreign, open_reader
from engine.journal.takeover import BLIND, LACKING, LEFT_OPEN, READY, UNKNOWN, Opened, take_over
from engine.journal.wal import cut_off
from engine.model.errors import DiskError, InputError
from engine.model.exit_page import NEWEST_EXITS
from engine.model.types import Trade, TradeMode
from engine.outside.files import put_aside_odd
from engine.text.sanitize import CleanText, clean, cleaned

MISSING = clean(f"the journal is missing: {UNKNOWN}")
DAMAGED = clean(f"the journal was damaged: {UNKNOWN}")
NOTHING = CleanText("")
CHAIN_CHECKED_ON_OPEN = 1_000  # events; `verify` checks all of them
WHOLE_FILE_CHECKED_BELOW = 64 * 2**20  # bytes; reading all pages of a larger file would delay the start

# What SQLite says when the disk or another program is in the way: no verdict on the file itself.
NO_VERDICT = frozenset(
    {
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH,
    }
)  # fmt: skip


class Last(Struct, frozen=True):
    """Where the chain goes on, and what was found; the file began in `month`, `idle`: its last run left nothing open."""

    number: int
    hash: bytes
    opened: Opened
    month: str = ""
    idle: bool = False


def examine(path: Path, mode: TradeMode, wall_ns: int, *, used: bool = False) -> Last:
    """Check the journal at `path`, and see what is to be taken over from it; a damaged one is renamed, never overwritten.

    `used`: a run was in this directory before, so that there must be one; without it entries begin locked.

    Raises DiskError when the disk or another program does not let us look.
    """
    try:
        settle(path)
        for side in sides(path):
            put_aside_odd(side)
        cut = cut_off(path)
        damage = _damage(path, mode) or _out_of_chain(path)
        if not damage and not path.exists():
            lost = MISSING if used else NOTHING
            opened = Opened(run=1, missing=f"{path.name} {LACKING}" if used else "", unknown=lost)
            return Last(0, GENESIS, _without_account(opened, mode, lost))
        if not damage:
            try:
                return _last(path, mode, cut)
            except InputError as error:  # every byte is sound, and this program does not know what to make of it
                damage = str(error)
        kept_as = set_aside(path, wall_ns)
    except (OSError, sqlite3.Error) as error:
        raise DiskError(f"journal {path}: {error}") from error
    opened = Opened(run=1, damage=clean(damage), kept_as=kept_as.name, unknown=DAMAGED)
    return Last(0, GENESIS, _without_account(opened, mode, CleanText("the journal was damaged")))


def _damage(path: Path, mode: TradeMode) -> str:
    """What is wrong with the file; "" when it is well or was never there."""
    if not os.path.lexists(path):
        return "the file is gone, its write-ahead log is still there" if os.path.lexists(_side(path, "-wal")) else ""
    if not stat.S_ISREG(path.lstat().st_mode):
        return "it is not a plain file"
    size = path.stat().st_size
    if problem := _cut_off(path, size):
        return problem
    try:
        with closing(open_reader(path)) as connection:
            return foreign(connection) or _inside(connection, mode, size < WHOLE_FILE_CHECKED_BELOW)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in NO_VERDICT:
            raise
        return str(error)


def _out_of_chain(path: Path) -> str:
    """Why the file is older than the newest one that was closed, as a copy is that was put in its place; "" when it is not.

    A closed file that is damaged, or cannot be reached, is no reason to doubt the open one. One that goes on from no other
    may be a copy of any of them.
    """
    closed = closed_files(path.parent)[::-1] if path.exists() else []
    if closed and not is_first(path):
        del closed[1:]
    for each in closed:
        with suppress(sqlite3.DatabaseError):
            if older := older_than(each, path):
                return older
    return ""


def _cut_off(path: Path, size: int) -> str:
    """What the bare bytes tell: SQLite takes an empty file for a new one, and fills a page that was cut off with zeros."""
    if size == 0:
        return "it is empty (0 bytes)"
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(b"SQLite format 3\0") or len(header) < 100:
        return "it is not an SQLite file"
    log = _side(path, "-wal")
    if log.exists() and log.stat().st_size:
        return ""  # a kill while the log was being brought home; SQLite finishes that
    page = int.from_bytes(header[16:18], "big")
    expected = int.from_bytes(header[28:32], "big") * (65_536 if page == 1 else page)
    return "" if size == expected else f"it has {size} bytes instead of {expected}"


def _inside(connection: sqlite3.Connection, mode: TradeMode, whole: bool) -> str:
    if whole:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            return str(verdict)
    last = connection.execute("SELECT number, run FROM events ORDER BY number DESC LIMIT 1").fetchone()
    if last is None:
        return "it holds no events"
    run = connection.execute("SELECT mode FROM runs WHERE run = ?", (last[1],)).fetchone()
    if run is None:
        return f"the row of run {last[1]} is missing"
    if run[0] != mode:
        return f"it is the journal of mode {run[0]}"
    begin, previous = begin_of(connection)
    after = max(begin, last[0] - CHAIN_CHECKED_ON_OPEN)
    return chain_problem(stored_events(connection, after), after, previous if after == begin else None)


def _last(path: Path, mode: TradeMode, cut: str) -> Last:
    """The end of a healthy journal and what its last run left behind; raises InputError when that cannot be followed.

    `cut` says that more rows were behind it, "" that it is whole.
    """
    unknown = clean(f"{cut}: {UNKNOWN}") if cut else BLIND if begins_blind(path) else NOTHING
    with closing(open_reader(path)) as connection:
        number, link, wall_ns = connection.execute(
            "SELECT number, hash, wall_ns FROM events ORDER BY number DESC LIMIT 1"
        ).fetchone()
        run, of_mode, ended, started_ns = cleaned(
            connection.execute("SELECT run, mode, ended_ns, started_ns FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        )
        unclean = ""
        if ended is None:
            unclean = f"run {run} ({of_mode}) of {utc(started_ns)} did not end in good order"
        if cut:
            unclean = "; ".join(filter(None, (unclean, f"{cut}: what came after its last row is not known")))
        (begun_ns,) = connection.execute("SELECT wall_ns FROM events ORDER BY number LIMIT 1").fetchone()
        account = folded(connection, path) if mode != "replay" else None
        exits: tuple[Trade, ...] = ()
        if account is not None:
            count_anew(connection, account)
            exits = newest_exits(connection, account, NEWEST_EXITS)
        if account is None:
            opened = msgspec.structs.replace(_by_projections(connection, run, unclean), unknown=unknown)
            idle = not (opened.open_positions or opened.unresolved_orders)
            return Last(
                number, link, _without_account(opened, mode, _looked_at(connection, run)), month_of(begun_ns), idle
            )
    account.ended = account.ended and not cut
    if ended is not None and not account.ended and not cut:
        unclean = f"run {run} ({of_mode}) of {utc(started_ns)} ended because something was broken"
    told = f"{unclean}; its last row is of {utc(wall_ns)}" if unclean else ""
    opened = Opened(run=run + 1, fresh=False, unclean=unclean, unknown=unknown, exits=exits)
    idle = account.idle
    return Last(number, link, take_over(opened, account, mode, told), month_of(begun_ns), idle)


def _by_projections(connection: sqlite3.Connection, run: int, unclean: str) -> Opened:
    """What the tables tell of a run that has kept no account."""
    positions = connection.execute(
        "SELECT instrument, quantity FROM positions WHERE run = ? AND quantity <> 0 ORDER BY instrument", (run,)
    ).fetchall()
    orders = connection.execute(
        "SELECT tag FROM orders WHERE run = ? AND state NOT IN ('filled', 'rejected') ORDER BY number", (run,)
    ).fetchall()
    return Opened(
        run=run + 1,
        fresh=False,
        unclean=unclean,
        open_positions=tuple(positions),
        unresolved_orders=tuple(tag for (tag,) in cleaned(orders)),
    )


def _looked_at(connection: sqlite3.Connection, run: int) -> CleanText:
    """Why a run that kept no account leaves entries locked: what it had found itself, and nobody has unlocked; or ""."""
    first = connection.execute(
        "SELECT body FROM events WHERE run = ? AND kind = 'RunStarted' ORDER BY number DESC LIMIT 1", (run,)
    ).fetchone()
    entry = entry_of(first[0]) if first else None
    return UNCLEAN if isinstance(entry, RunStarted) and entry.found else CleanText("")


def _without_account(opened: Opened, mode: TradeMode, locked: CleanText) -> Opened:
    """`opened` with its report, where there is no account to go on with."""
    lines = opened.lines()
    if mode == "replay":
        return msgspec.structs.replace(opened, report=lines)
    if opened.unclean or (lines and not locked):
        locked = UNCLEAN if opened.unclean else LEFT_OPEN
    if not locked:
        return opened
    lines = lines or (f"entries were locked: {locked}",)
    unknown = "the account of before is not known: this one begins with the configured capital"
    return msgspec.structs.replace(opened, still_locked=locked, report=(*lines, unknown, READY))


def set_aside(path: Path, wall_ns: int, why: str = "damaged") -> Path:
    """Rename the file together with its write-ahead log, so that nothing of it is lost or taken for the new one's; raises OSError."""
    stamp = f"{path.name}.{why}-{utc(wall_ns)}"
    names = (stamp, *(f"{stamp}-{count}" for count in range(2, 1_000)))
    for target in map(path.with_name, names):
        if not any(os.path.lexists(_side(target, side)) for side in ("", "-wal", "-shm")):
            break
    else:
        raise FileExistsError(f"no free name beside {stamp}")
    for side in ("", "-wal", "-shm"):
        if os.path.lexists(_side(path, side)):
            os.rename(_side(path, side), _side(target, side))
    return target


def _side(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)
