"""What the journal has of a day's orders at a real broker, for the next run of that day: their rows, and when requests were sent.

Rows are of all runs of the day, also where the month's file changed on it, with the numbers that instruments have now.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from engine.journal.chain_reader import ChainReader
from engine.journal.rows import Entry, entry_of
from engine.journal.schema import OF_ORDERS, foreign, is_live, open_left
from engine.model.errors import InputError
from engine.model.events import StateKept, Submit
from engine.model.order_reports import Accepted, NotSent, Refused
from engine.model.order_requests import AmendOrder, PlaceOrder, WithdrawOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, PartFilled, SendBegun

ROWS: Final = (
    f"SELECT number, run, wall_ns, body FROM events WHERE kind IN {OF_ORDERS} AND wall_ns >= ? ORDER BY number"  # noqa: S608 - words of our own
)
_LAST: Final = "SELECT wall_ns FROM events ORDER BY number DESC LIMIT 1"
_FIRST: Final = "SELECT wall_ns FROM events ORDER BY number LIMIT 1"
_KEPT: Final = """SELECT body FROM events WHERE number < ? AND run = ? AND kind = 'StateKept'
    ORDER BY number DESC LIMIT 1"""
_KEPT_LATER: Final = """SELECT body FROM events WHERE number > ? AND run = ? AND kind = 'StateKept'
    ORDER BY number LIMIT 1"""
_Told = (
    Submit
    | PlaceOrder
    | Adopted
    | SendBegun
    | Accepted
    | Refused
    | NotSent
    | PartFilled
    | Ended
    | External
    | ClosedOthers
)


class SentRequest(NamedTuple):
    """When a request went out (UTC ms, as its row says), for an entry or not; `order`: it placed one."""

    at_ms: int
    entry: bool
    order: bool


class LiveDay(NamedTuple):
    """`rows` for `engine.trading.orders.recovery.recover`, and every request that was `sent`, both oldest first."""

    rows: tuple[_Told, ...]
    sent: tuple[SentRequest, ...]

    @property
    def tags(self) -> Iterator[str]:
        """The tags of its orders, oldest first."""
        for row in self.rows:
            if isinstance(row, Submit):
                yield row.order.tag
            elif isinstance(row, PlaceOrder | Adopted):
                yield row.tag


class DatedRow(NamedTuple):
    """A row, when it was handed over (UTC ns), and what the symbols were by number in its run."""

    wall_ns: int
    entry: Entry
    symbols: tuple[str, ...]


def read_live_day(
    folder: Path,
    since_ns: int,
    symbols: Sequence[str],
    opener: Callable[[Path], sqlite3.Connection] = open_left,
) -> LiveDay:
    """The orders in the journal in `folder` since `since_ns` (UTC); `symbols` name the instruments by their numbers now.

    `opener` is `schema.open_reader` in the process that writes there. Raises InputError where a file of the day cannot be
    read: an order may be missing then; OSError.
    """
    found: list[DatedRow] = []
    for path in reversed(ChainReader(folder, opener).files):
        try:
            with closing(opener(path)) as connection:
                if problem := foreign(connection):
                    raise InputError(f"journal {path}: {problem}")
                last = connection.execute(_LAST).fetchone()
                if last is None or last[0] < since_ns:
                    break
                found[:0] = rows_in(connection, since_ns) if is_live(connection) else ()
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise InputError(f"journal {path}: {error}") from error
    return told(found, symbols)


def begun_ns(folder: Path, opener: Callable[[Path], sqlite3.Connection] = open_left) -> int:
    """When the journal in `folder` was begun (UTC), as far as its files go back. Raises InputError, sqlite3.Error, OSError."""
    with closing(opener(ChainReader(folder, opener).files[0])) as connection:
        (first_ns,) = connection.execute(_FIRST).fetchone()
        return int(first_ns)


def rows_in(connection: sqlite3.Connection, since_ns: int) -> list[DatedRow]:
    """The rows of orders since `since_ns` (UTC) in a file for orders at a real broker, oldest first. Raises sqlite3.Error, DecodeError."""
    known: dict[int, tuple[str, ...]] = {}
    found = []
    for number, run, wall_ns, body in connection.execute(ROWS, (since_ns,)).fetchall()[::-1]:
        if run not in known:
            known[run] = _symbols(connection, number, run)
        found.append(DatedRow(wall_ns, entry_of(body), known[run]))
    return found[::-1]


def _symbols(connection: sqlite3.Connection, number: int, run: int) -> tuple[str, ...]:
    """What a run called its instruments, which only become more, by the account that it kept nearest to its newest row."""
    kept = kept_near(connection, number, run)
    return () if kept is None else kept.symbols


def kept_near(connection: sqlite3.Connection, number: int, run: int) -> StateKept | None:
    """The account that a run kept nearest to row `number`: the last one before it, else the first one behind."""
    for query in (_KEPT, _KEPT_LATER):
        kept = connection.execute(query, (number, run)).fetchone()
        entry = entry_of(kept[0]) if kept else None
        if isinstance(entry, StateKept):
            return entry
    return None


# ── What they tell ──────────────────────────────────────────────────────────────────────────────────────────────────


def told(found: Iterable[DatedRow], symbols: Sequence[str]) -> LiveDay:
    """What these rows tell. Of an instrument that is not listed any more nothing is; where one is held the account says so."""
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    rows: list[_Told] = []
    left_out: set[int] = set()
    dated = list(found)
    for row in dated:
        placed = _placed(row, numbers, left_out)
        if placed is not None:
            rows.append(placed)
    return LiveDay(tuple(_whole(rows)), tuple(_sent(dated)))


def _placed(row: DatedRow, numbers: dict[str, int], left_out: set[int]) -> _Told | None:
    """A row that tells of an order, with its instrument's number of now; None for any other, and for an order that is left out."""
    entry = renumbered(row, numbers)
    match entry:
        case Submit(order=order):
            number, gone = order.number, order.instrument < 0
        case PlaceOrder() | Adopted():
            number, gone = entry.order, entry.instrument < 0
        case External():
            return entry
        case PartFilled(fill=fill):
            number, gone = fill.order, fill.instrument < 0
        case SendBegun() | Accepted() | Refused() | NotSent() | Ended() | ClosedOthers():
            number, gone = entry.order, False
        case _:
            return None
    if gone and number:
        left_out.add(number)
    return None if number in left_out or gone else entry


def renumbered(row: DatedRow, numbers: Mapping[str, int]) -> Entry:
    """What a row of orders says, with its instrument's number among those that `numbers` has by symbol; -1: it is none of them."""

    def now(instrument: int) -> int:
        symbol = row.symbols[instrument] if 0 <= instrument < len(row.symbols) else ""
        return numbers.get(symbol, -1)

    entry = row.entry
    match entry:
        case Submit(order=order):
            return Submit(replace(order, instrument=now(order.instrument)))
        case PartFilled(fill=fill, position=held):
            behind = replace(held, instrument=now(held.instrument)) if held is not None else None
            return replace(entry, fill=replace(fill, instrument=now(fill.instrument)), position=behind)
        case PlaceOrder() | AmendOrder() | Adopted() | External():
            return replace(entry, instrument=now(entry.instrument))
        case _:
            return entry


def _whole(rows: Sequence[_Told]) -> Iterator[_Told]:
    """All but the trades of others that closed what was held and were not booked any more: the next round tells of them anew."""
    for row, behind in zip_longest(rows, rows[1:]):
        if isinstance(row, External) and row.booked and not (isinstance(behind, PartFilled) and not behind.fill.order):
            continue
        yield row


def _sent(rows: Iterable[DatedRow]) -> Iterator[SentRequest]:
    """Each request that went out. What closes something may have gone out before its rows were there: it counts from the first of them."""
    entries: set[int] = set()
    for row in rows:
        entry, at_ms = row.entry, row.wall_ns // 1_000_000
        match entry:
            case PlaceOrder(purpose="ENTRY"):
                entries.add(entry.order)
            case PlaceOrder():
                yield SentRequest(at_ms, entry=False, order=True)
            case SendBegun() if entry.order in entries:
                yield SentRequest(at_ms, entry=True, order=True)
            case AmendOrder():
                yield SentRequest(at_ms, entry=entry.purpose == "ENTRY", order=False)
            case WithdrawOrder() if entry.broker_id:
                yield SentRequest(at_ms, entry=False, order=False)
