"""Doubles of a disk that refuses, as SQLite connections that the journal is given, and the facts that its tests write."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from engine.model.events import FillBooked, OrderRejected, Submit
from engine.model.types import Fill, Order, PositionState, Side


def submit(number: int, *, tick: int = 0, side: Side = "BUY", quantity: int = 75, reason: str = "Entry") -> Submit:
    order = Order(number, f"R{number}", 0, side, quantity, 21_600, reason, 1_759_290_649_000 + number, tick or number)
    return Submit(order)


def booked(order: int, *, side: Side = "BUY", quantity: int = 75, instrument: int = 0, held: int = 75) -> FillBooked:
    fill = Fill(order, instrument, side, quantity, 21_600, 1_759_290_649_000 + order)
    position = PositionState(instrument, held, 1, 21_600, held, 21_600, 20_100, 0, 0, 1_620_000, Decimal("572.90"))
    return FillBooked(fill, position if held else None, "83227.10")


def rejected(order: int, reason: str = "margin") -> OrderRejected:
    return OrderRejected(order, 0, reason)


def sqlite_error(code: int, text: str) -> sqlite3.OperationalError:
    """What the module raises when SQLite returns `code`."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def refusing(commits: Iterable[str]) -> type[sqlite3.Connection]:
    """A connection whose commits go as told, one after the other, and well afterwards.

    `well`; `there`: it raises, and the rows are there; `lost`: it raises, and they are not; `fsync`: they are there,
    and the disk did not confirm them.
    """
    script = iter(commits)

    class Refusing(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            what = next(script, "well") if sql == "COMMIT" else "well"
            if what in {"there", "fsync"}:
                super().execute(sql)
            if what == "fsync":
                raise sqlite_error(sqlite3.SQLITE_IOERR_FSYNC, "disk I/O error")
            if what != "well":
                raise sqlite_error(sqlite3.SQLITE_IOERR_WRITE, "disk I/O error")
            return super().execute(sql, parameters)

    return Refusing


def full_while(no_room: Callable[[], bool]) -> type[sqlite3.Connection]:
    """A connection to a disk that takes no further page as long as `no_room` says so; SQLite itself then says "full"."""

    class Full(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE":
                super().execute(f"PRAGMA max_page_count = {1 if no_room() else 1_000_000}")
            return super().execute(sql, parameters)

    return Full


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What a query says, asked through a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
