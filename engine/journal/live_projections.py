"""Orders at a real broker as rows, in a file that was made one for them; an order may be one that an earlier run has placed.

An answer that comes late undoes nothing of what is known by then.
"""

import sqlite3

from engine.journal.fill_rows import position_text, put_fill
from engine.journal.rows import Entry, StoredEvent
from engine.journal.schema import is_live, make_live
from engine.model.events import FillBooked, OrderCancelled, OrderRejected
from engine.model.order_reports import Accepted, Unclear
from engine.model.order_requests import AmendOrder, PlaceOrder
from engine.model.order_rows import Adopted, Ended, PartFilled, SendBegun

_STILL = "state = CASE WHEN state IN ('submitted', 'sending', 'unknown') THEN '{}' ELSE state END"
_NEWEST = "(SELECT max(run) FROM orders WHERE number = ?)"


def project_live(connection: sqlite3.Connection, event: StoredEvent, entry: Entry) -> bool:
    """Carry over what a row says of an order at a real broker; whether it is one that does. Raises sqlite3.Error."""
    match entry:
        case FillBooked():
            return _corrected(connection, event, entry)
        case OrderRejected() | OrderCancelled():
            return _refused(connection, entry)
        case PartFilled(fill=fill):
            put_fill(connection, event, entry, _run_of(connection, fill.order, event.run))
        case Adopted():
            _adopted(connection, event, entry)
        case PlaceOrder() | AmendOrder() | SendBegun() | Accepted() | Unclear() | Ended():
            _follow(connection, entry)
        case _:
            return False
    return True


def _follow(
    connection: sqlite3.Connection, entry: PlaceOrder | AmendOrder | SendBegun | Accepted | Unclear | Ended
) -> None:
    match entry:
        case PlaceOrder():
            make_live(connection)  # where the replay of such a run is what begins with it
            _set(connection, entry.order, "purpose = ?, limit_price = ?", entry.purpose, entry.limit)
        case AmendOrder():
            _set(connection, entry.order, "limit_price = ?", entry.limit)
        case SendBegun():
            _set(connection, entry.order, "state = 'sending'")
        case Accepted(request="place"):
            _set(connection, entry.order, f"broker_id = ?, {_STILL.format('working')}", entry.broker_id)
        case Accepted(request="modify"):
            _set(connection, entry.order, "broker_id = ?", entry.broker_id)
        case Unclear(request="place"):
            _set(connection, entry.order, _STILL.format("unknown"))
        case Ended():
            _set(connection, entry.order, "state = ?", entry.state.lower())
        case _:
            return  # the answer to a change or a cancel alone tells nothing of the order


def _set(connection: sqlite3.Connection, number: int, what: str, *values: object) -> None:
    """Change the newest order of that number."""
    connection.execute(f"UPDATE orders SET {what} WHERE number = ? AND run = {_NEWEST}", (*values, number, number))  # noqa: S608 - words of our own


def _adopted(connection: sqlite3.Connection, event: StoredEvent, row: Adopted) -> None:
    """Keep an order that was found; one that is known works again."""
    make_live(connection)
    known = connection.execute("SELECT 1 FROM orders WHERE number = ? AND tag = ?", (row.order, row.tag)).fetchone()
    if known:
        _set(connection, row.order, "state = 'working'")
        return
    connection.execute(
        "INSERT OR REPLACE INTO orders (run, number, tag, instrument, side, quantity, price, reason, at_ms, tick, state,"
        " event, purpose, limit_price) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'working', ?, ?, ?)",
        (event.run, row.order, row.tag, row.instrument, row.side, row.quantity, row.limit, row.reason,
         event.wall_ns // 1_000_000, event.number, row.purpose, row.limit),
    )  # fmt: skip


# ── What both kinds of broker tell ──────────────────────────────────────────────────────────────────────────────────


def _is_placed(connection: sqlite3.Connection, number: int) -> bool:
    """Whether order `number` is one at a real broker."""
    if not is_live(connection):
        return False
    query = f"SELECT purpose FROM orders WHERE number = ? AND run = {_NEWEST}"  # noqa: S608 - words of our own
    found = connection.execute(query, (number, number)).fetchone()
    return found is not None and found[0] != ""


def _corrected(connection: sqlite3.Connection, event: StoredEvent, booked: FillBooked) -> bool:
    """Keep what an order has left behind whose parts are kept; others' sales, which have number 0, are told in parts, too."""
    number = booked.fill.order
    if not _is_placed(connection, number) and (number or not is_live(connection)):
        return False
    connection.execute(
        "UPDATE positions SET cash = ?, position = ? WHERE run = ? AND instrument = ?",
        (booked.cash, position_text(booked), event.run, booked.fill.instrument),
    )
    return True


def _refused(connection: sqlite3.Connection, end: OrderRejected | OrderCancelled) -> bool:
    """Keep why an order was refused, of which its own row has told that it is over."""
    placed = _is_placed(connection, end.order)
    if placed and isinstance(end, OrderRejected):
        _set(connection, end.order, "rejection = ?", end.reason)
    return placed


def _run_of(connection: sqlite3.Connection, number: int, run: int) -> int:
    """The run that has placed the newest order of that number."""
    (of_run,) = connection.execute(f"SELECT {_NEWEST}", (number,)).fetchone()
    return run if of_run is None else int(of_run)
