"""Reads journals, also of a running or a killed program; changes nothing and knows nothing of how rows come about."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from engine.journal.months import is_closed_name
from engine.journal.rows import GENESIS, Continued, StoredEvent, chain_problem, entry_of
from engine.journal.schema import foreign, open_left, open_reader
from engine.model.errors import InputError
from engine.text.sanitize import cleaned

_NO_SUM_OF_FILLS = """
    SELECT p.run, p.instrument FROM positions p WHERE p.quantity <>
        (SELECT coalesce(sum(CASE f.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END), 0)
         FROM fills f WHERE f.run = p.run AND f.instrument = p.instrument) LIMIT 1"""
_NO_RUN = "SELECT number FROM events WHERE run NOT IN (SELECT run FROM runs) LIMIT 1"


def read_events(path: Path, after: int = 0) -> Iterator[StoredEvent]:
    """The committed events with a number above `after`, in order; raises InputError when the file is not a sound journal."""
    try:
        with closing(open_reader(path)) as connection:
            if problem := foreign(connection):
                raise InputError(f"journal {path}: {problem}")
            yield from stored_events(connection, after)
    except sqlite3.Error as error:
        raise InputError(f"journal {path}: {error}") from error


def verify(path: Path) -> str | None:
    """The first problem of the whole journal (pages, hash chain, runs, positions = sum of their fills); None when sound."""
    try:
        with closing(open_reader(path)) as connection:
            connection.execute("BEGIN")  # one view of a journal that is being written
            return foreign(connection) or _problem(connection) or None
    except sqlite3.Error as error:
        return str(error)


def pid_of_open_run(path: Path) -> int:
    """The process that the journal's newest run belongs to; 0 when that run has ended, or the file does not tell."""
    with suppress(sqlite3.Error, TypeError), closing(open_left(path)) as connection:
        pid, ended = connection.execute("SELECT pid, ended_ns FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        return int(pid) if ended is None else 0
    return 0


def mode_of_newest_run(path: Path) -> str:
    """The mode of the journal's newest run; "" where the file does not tell."""
    with suppress(sqlite3.Error, TypeError), closing(open_left(path)) as connection:
        return str(*cleaned(connection.execute("SELECT mode FROM runs ORDER BY run DESC LIMIT 1").fetchone()))
    return ""


def begin_of(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """What the first row of a file must follow: a number and a hash; raises sqlite3.Error."""
    first = next(stored_events(connection, 0), None)
    if first is None or first.kind != Continued.__name__:
        return 0, GENESIS
    return first.number - 1, first.previous


def file_before(connection: sqlite3.Connection) -> str:
    """Name of the file that this one goes on from; "" where it is the first. Raises sqlite3.Error."""
    first = next(stored_events(connection, 0), None)
    if first is None or first.kind != Continued.__name__:
        return ""
    with suppress(msgspec.DecodeError):
        entry = entry_of(first.body)
        if isinstance(entry, Continued) and is_closed_name(entry.file):
            return entry.file
    return ""


def chain_break(before: Path, path: Path) -> str:
    """Why the journal at `path` does not go on where the closed file `before` ends; "" when it does. Raises sqlite3.Error."""
    with closing(open_reader(before)) as connection:
        end = _end_of(connection)
    with closing(open_reader(path)) as connection:
        if file_before(connection) == before.name and begin_of(connection) == end:
            return ""
    return f"it does not go on where {before.name} ends"


def is_first(path: Path) -> bool:
    """Whether the journal at `path` goes on from no other file; raises sqlite3.Error."""
    with closing(open_reader(path)) as connection:
        return begin_of(connection) == (0, GENESIS)


def older_than(before: Path, path: Path) -> str:
    """Why the journal at `path` is of a time before the closed file `before` ends; "" when it is not. Raises sqlite3.Error.

    The rows say so, whatever the clock was: one of the two holds the other's last row. Of two that end with the same row
    `before` may be a copy that somebody has laid there: what was closed needs no write-ahead log any more. By the clock a
    file is judged only where it goes on from another one; one that begins with row 1 may have been begun without a clock.
    """
    with closing(open_reader(before)) as closed, closing(open_reader(path)) as connection:
        ended, end = _end_of(closed), _end_of(connection)
        if begin_of(connection) == ended:
            return ""
        (keeps_log,) = closed.execute("SELECT journal_mode = 'wal' FROM pragma_journal_mode").fetchone()
        if _holds(connection, ended) and (ended != end or keeps_log):
            return ""
        if not _holds(closed, end) and (
            begin_of(connection) == (0, GENESIS) or _times(connection)[0] > _times(closed)[1]
        ):
            return ""
    return f"it is older than {before.name}, which was closed before it"


def _end_of(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the last row; raises sqlite3.Error."""
    end = connection.execute("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1").fetchone()
    return end or (0, GENESIS)


def _holds(connection: sqlite3.Connection, row: tuple[int, bytes]) -> bool:
    return connection.execute("SELECT 1 FROM events WHERE number = ? AND hash = ?", row).fetchone() is not None


def _times(connection: sqlite3.Connection) -> tuple[int, int]:
    """When the earliest and the latest of the rows were written (UTC, ns)."""
    times: tuple[int, int] = connection.execute("SELECT min(wall_ns), max(wall_ns) FROM events").fetchone()
    return times


def stored_events(connection: sqlite3.Connection, after: int) -> Iterator[StoredEvent]:
    """The events above number `after`; raises sqlite3.Error."""
    rows = connection.execute(
        "SELECT number, run, wall_ns, at_ms, kind, body, previous, hash FROM events WHERE number > ? ORDER BY number",
        (after,),
    )
    return (StoredEvent(*row) for row in rows)


def _problem(connection: sqlite3.Connection) -> str:
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        return str(verdict)
    if problem := chain_problem(stored_events(connection, 0), *begin_of(connection)):
        return problem
    if connection.execute("SELECT max(number) FROM events").fetchone() == (None,):
        return "it holds no events"
    if row := connection.execute(_NO_RUN).fetchone():
        return f"the row of the run of event {row[0]} is missing"
    if row := connection.execute(_NO_SUM_OF_FILLS).fetchone():
        return f"the position in instrument {row[1]} of run {row[0]} is not the sum of its fills"
    return ""
