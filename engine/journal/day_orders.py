"""The orders at a real broker of one day, out of a journal's files, each with what became of it. Changes nothing there."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from engine.journal.chain_reader import ChainReader
from engine.journal.live_day import kept_near
from engine.journal.lost_exits import instruments_of
from engine.journal.order_courses import OrderCourses
from engine.journal.rows import entry_of
from engine.journal.schema import OF_DAYS, OF_ORDERS, foreign, is_live, open_left
from engine.model.errors import InputError
from engine.model.order_courses import OrderCourse
from engine.model.types import Instrument
from engine.text.sanitize import clean

# Each half by an index of its own.
_ROWS: Final = (
    f"SELECT number, run, wall_ns, body FROM events WHERE kind IN {OF_ORDERS} AND wall_ns >= ? AND wall_ns < ?"  # noqa: S608 - words of our own
    f" UNION ALL SELECT number, run, wall_ns, body FROM events WHERE kind IN {OF_DAYS} AND kind = 'FillBooked'"
    " AND wall_ns >= ? AND wall_ns < ? ORDER BY number"
)
_LAST: Final = "SELECT wall_ns FROM events ORDER BY number DESC LIMIT 1"
_STATES: Final = "SELECT tag, state, rejection FROM orders WHERE purpose <> ''"


class DayOrders(NamedTuple):
    """The orders, oldest first; `real`: a file of that day is one for orders at a real broker."""

    courses: tuple[OrderCourse, ...]
    real: bool


def day_orders(
    folder: Path, since_ns: int, until_ns: int, opener: Callable[[Path], sqlite3.Connection] = open_left
) -> DayOrders:
    """What the journal in `folder` tells of orders from `since_ns` until before `until_ns` (UTC).

    Raises InputError where a file of the day cannot be read: an order may be missing then; OSError.
    """
    found, states, real = OrderCourses(), dict[str, tuple[str, str]](), False
    for path in _files_since(folder, since_ns, opener):
        try:
            with closing(opener(path)) as connection:
                if is_live(connection):
                    real = True
                    _read(connection, found, since_ns, until_ns)
                    states |= {tag: (state, said) for tag, state, said in connection.execute(_STATES)}
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise InputError(f"journal {path}: {error}") from error
    return DayOrders(tuple(_standing(each, states) for each in found.courses()), real)


def _files_since(folder: Path, since_ns: int, opener: Callable[[Path], sqlite3.Connection]) -> list[Path]:
    """The files that may tell of then or later, oldest first; raises InputError."""
    found: list[Path] = []
    for path in reversed(ChainReader(folder, opener).files):
        try:
            with closing(opener(path)) as connection:
                if problem := foreign(connection):
                    raise InputError(f"journal {path}: {problem}")
                last = connection.execute(_LAST).fetchone()
        except sqlite3.Error as error:
            raise InputError(f"journal {path}: {error}") from error
        if last is None or last[0] < since_ns:
            break
        found.append(path)
    return found[::-1]


def _read(connection: sqlite3.Connection, into: OrderCourses, since_ns: int, until_ns: int) -> None:
    known: dict[int, Sequence[Instrument]] = {}
    rows = connection.execute(_ROWS, (since_ns, until_ns, since_ns, until_ns)).fetchall()
    for number, run, _, _ in reversed(rows):
        if run not in known:  # the account nearest to its newest row: instruments only become more
            kept = kept_near(connection, number, run)
            known[run] = instruments_of(kept) if kept is not None else ()
    for _, run, wall_ns, body in rows:
        into.take(wall_ns // 1_000_000, entry_of(body), known[run])


def _standing(course: OrderCourse, states: dict[str, tuple[str, str]]) -> OrderCourse:
    """An order with what its table alone knows: that nobody knows what became of it, and why it was refused."""
    state, said = states.get(course.tag, ("", ""))
    if not state or not course.tag:
        return course
    named = course.state if state == "submitted" else clean(state.upper(), 20)
    return replace(course, state=named, said=clean(said, 200) if said else course.said)
