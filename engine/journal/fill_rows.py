"""A fill as a row among the fills, in the position and in its order; knows nothing of brokers."""

import sqlite3

import msgspec

from engine.journal.rows import StoredEvent
from engine.model.events import FillBooked
from engine.model.order_rows import PartFilled


def put_fill(
    connection: sqlite3.Connection, event: StoredEvent, booked: FillBooked | PartFilled, placed_in: int
) -> None:
    """Keep a fill, or a part of one, of an order that was placed in run `placed_in`, with what is held behind it; raises sqlite3.Error."""
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
    position = position_text(booked)
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
        (fill.quantity, fill.quantity, placed_in, fill.order),
    )


def position_text(booked: FillBooked | PartFilled) -> str | None:
    """What is held behind a fill, as a text; None: nothing."""
    return None if booked.position is None else msgspec.json.encode(booked.position).decode()
