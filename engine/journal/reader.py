"""Reads journals, also of a running or a killed program; changes nothing and knows nothing of how rows come about."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from engine.journal.rows import GENESIS, StoredEvent, chain_problem
from engine.journal.schema import foreign, open_reader
from engine.model.errors import InputError

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
    if problem := chain_problem(stored_events(connection, 0), 0, GENESIS):
        return problem
    if connection.execute("SELECT max(number) FROM events").fetchone() == (None,):
        return "it holds no events"
    if row := connection.execute(_NO_RUN).fetchone():
        return f"the row of the run of event {row[0]} is missing"
    if row := connection.execute(_NO_SUM_OF_FILLS).fetchone():
        return f"the position in instrument {row[1]} of run {row[0]} is not the sum of its fills"
    return ""
