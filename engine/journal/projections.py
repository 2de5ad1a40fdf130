"""Orders, fills, positions and runs as rows, kept in step with the events in the same transaction; knows nothing of threads or files.

A fill and a rejection belong to the tick of their order; a fill of an order that is not known, to the latest tick known.
A position is the sum of its own run's fills; what that run took over from the one before stands in its `StateKept`.
"""

import sqlite3

import msgspec

from engine.journal.rows import Continued, Entry, Rewound, RunEnded, RunStarted, StoredEvent
from engine.model.events import FillBooked, OrderCancelled, OrderRejected, Submit
from engine.model.types import Order


def project(connection: sqlite3.Connection, event: StoredEvent, entry: Entry) -> None:
    """Carry one event over into the projections; raises sqlite3.Error."""
    match entry:
        case Submit(order=order):
            _order(connection, event, order)
        case FillBooked():
            _fill(connection, event, entry)
        case OrderRejected():
            connection.execute(
                "UPDATE orders SET state = 'rejected', rejection = ? WHERE run = ? AND number = ?",
                (entry.reason, event.run, entry.order),
            )
        case OrderCancelled():
            connection.execute(
                "UPDATE orders SET state = 'cancelled' WHERE run = ? AND number = ?", (event.run, entry.order)
            )
        case Rewound(ticks=ticks):
            _rewind(connection, event.run, ticks)
        case RunStarted():
            connection.execute(
                "INSERT INTO runs (run, mode, title, pid, started_ns) VALUES (?, ?, ?, ?, ?)",
                (entry.run, entry.mode, entry.title, entry.pid, event.wall_ns),
            )
        case Continued(file=before) if before:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (entry.run, entry.mode, entry.title, entry.pid, entry.started_ns, entry.ended_ns, entry.outcome),
            )
        case RunEnded(outcome=outcome):
            connection.execute(
                "UPDATE runs SET ended_ns = ?, outcome = ? WHERE run = ?", (event.wall_ns, outcome, event.run)
            )
        case _:
            return  # kept as an event only


def _order(connection: sqlite3.Connection, event: StoredEvent, order: Order) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO orders (run, number, tag, instrument, side, quantity, price, reason, at_ms, tick, event)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.run, order.number, order.tag, order.instrument, order.side, order.quantity, order.price,
         order.reason, order.at_ms, order.tick_seq, event.number),
    )  # fmt: skip


def _fill(connection: sqlite3.Connection, event: StoredEvent, booked: FillBooked) -> None:
    run, fill = event.run, booked.fill
    (tick,) = connection.execute(
        "SELECT coalesce((SELECT tick FROM orders WHERE run = ? AND number = ?),"
        " (SELECT max(tick) FROM orders WHERE run = ?), 0)",
        (run, fill.order, run),
    ).fetchone()
    (held,) = connection.execute(
        "SELECT coalesce((SELECT quantity FROM positions WHERE run = ? AND instrument = ?), 0)", (run, fill.instrument)
    ).fetchone()
    held += fill.quantity if fill.side == "BUY" else -fill.quantity
    position = None if booked.position is None else msgspec.json.encode(booked.position).decode()
    connection.execute(
        "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.number, run, fill.order, fill.instrument, fill.side, fill.quantity, fill.price, fill.at_ms,
         tick, held, booked.cash, position),
    )  # fmt: skip
    connection.execute(
        "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run, fill.instrument, held, fill.at_ms, tick, booked.cash, position, event.number),
    )
    connection.execute(
        "UPDATE orders SET filled = filled + ?,"
        " state = CASE WHEN filled + ? >= quantity THEN 'filled' ELSE 'part filled' END WHERE run = ? AND number = ?",
        (fill.quantity, fill.quantity, run, fill.order),
    )


def _rewind(connection: sqlite3.Connection, run: int, ticks: int) -> None:
    """Forget orders and fills of later ticks; each position is again what its last fill that is left made of it."""
    connection.execute("DELETE FROM fills WHERE run = ? AND tick > ?", (run, ticks))
    connection.execute("DELETE FROM orders WHERE run = ? AND tick > ?", (run, ticks))
    connection.execute("DELETE FROM positions WHERE run = ?", (run,))
    connection.execute(
        "INSERT INTO positions SELECT run, instrument, held, at_ms, tick, cash, position, event FROM fills"
        " WHERE event IN (SELECT max(event) FROM fills WHERE run = ? GROUP BY instrument)",
        (run,),
    )
