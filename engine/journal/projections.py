"""Orders, fills, positions and runs as rows, kept in step with the events in the same transaction; knows nothing of threads or files.

The first run at a real broker makes the file one for its orders: each part of them is a fill.

A fill and a rejection belong to the tick of their order; a fill of an order that is not known, to the latest tick known.
A position is the sum of its own run's fills; what that run took over from the one before stands in its `StateKept`.
"""

import sqlite3

from engine.journal.fill_rows import put_fill
from engine.journal.live_projections import project_live
from engine.journal.rows import Continued, Entry, Rewound, RunEnded, RunStarted, StoredEvent
from engine.journal.schema import make_live
from engine.model.events import FillBooked, OrderCancelled, OrderRejected, Submit
from engine.model.types import REAL_MODES, Order, TradeMode


def project(connection: sqlite3.Connection, event: StoredEvent, entry: Entry) -> None:
    """Carry one event over into the projections; raises sqlite3.Error."""
    if project_live(connection, event, entry):
        return
    match entry:
        case Submit(order=order):
            _order(connection, event, order)
        case FillBooked():
            put_fill(connection, event, entry, event.run)
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
            _begin_live(connection, entry.mode)
            connection.execute(
                "INSERT INTO runs (run, mode, title, pid, started_ns) VALUES (?, ?, ?, ?, ?)",
                (entry.run, entry.mode, entry.title, entry.pid, event.wall_ns),
            )
        case Continued(file=before) if before:
            _begin_live(connection, entry.mode)
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


def _begin_live(connection: sqlite3.Connection, mode: TradeMode) -> None:
    if mode in REAL_MODES:
        make_live(connection)


def _order(connection: sqlite3.Connection, event: StoredEvent, order: Order) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO orders (run, number, tag, instrument, side, quantity, price, reason, at_ms, tick, event)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.run, order.number, order.tag, order.instrument, order.side, order.quantity, order.price,
         order.reason, order.at_ms, order.tick_seq, event.number),
    )  # fmt: skip


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
