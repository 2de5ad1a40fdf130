"""What becomes of orders at a real broker, in plain data: answers to single requests, and what its books say. Frozen, serialisable.

Nothing here is believed by itself: `engine.trading.orders` decides what each of them means for an order.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from msgspec import Struct

from engine.model.types import Side
from engine.text.sanitize import CleanText

_Row = TypeVar("_Row", "OrderReport", "FillReport", "NetReport")
Run = tuple[int, int]  # so many rows from that place on
Request = Literal["place", "modify", "cancel"]
# Why a broker or an exchange says no: what follows depends on the family alone, never on the words.
RefusalFamily = Literal[
    "price",
    "freeze",
    "lot",
    "funds",
    "product",
    "self_trade",
    "closed",
    "ip",
    "session",
    "blocked",
    "not_found",
    "other",
]
# `working` is everything that is not over: what a word that nobody knows is taken for.
BrokerState = Literal["working", "complete", "cancelled", "rejected"]


class Sent(Struct, frozen=True, tag=True, omit_defaults=True):
    """At least one byte of this request may have left. `durable`: the rows that tell of it were on the disk before."""

    order: int
    request: Request
    durable: bool = True


class Accepted(Struct, frozen=True, tag=True):
    """The broker's gateway has taken the request; whether anything comes of it is told by its books."""

    order: int
    request: Request
    broker_id: CleanText
    unique_id: CleanText


class Refused(Struct, frozen=True, tag="OrderRefused", omit_defaults=True):
    """The request is certain to have had no effect.

    `bound` is the price (minor units) that the words name as the last one allowed, 0 where they name none; `above` whether
    ours has to be at or above it.
    """

    order: int
    request: Request
    family: RefusalFamily
    text: CleanText
    bound: int = 0
    above: bool = False


class NotSent(Struct, frozen=True, tag=True):
    """Not a byte of the request has left."""

    order: int
    request: Request
    reason: CleanText


class Unclear(Struct, frozen=True, tag=True, omit_defaults=True):
    """Nobody knows whether the request was taken. `wait_s`: the broker wants to be left alone for so long."""

    order: int
    request: Request
    reason: CleanText
    wait_s: float = 0.0


class OrderReport(Struct, frozen=True, omit_defaults=True):
    """An order as the broker tells it, in its book, its details or an update.

    `unique_id` is the number that stays the same whatever becomes of the order: the `broker_id` again where a broker has but
    one. `instrument` is -1 where it is none of the run's; prices in minor units, `average` is nought while nothing is filled and
    exact to the minor unit only once trades are read. `said` is the broker's own word for `state`; `reason` what it says of
    an order that is over, of `family` where it was rejected. `variety` is the broker's word for a kind of order that is not
    an ordinary one, which it wants to hear again when the order is cancelled.
    """

    broker_id: CleanText
    unique_id: CleanText
    tag: CleanText
    instrument: int
    symbol: CleanText
    side: Side
    quantity: int
    filled: int
    limit: int
    average: int
    state: BrokerState
    said: CleanText
    at_ms: int
    reason: CleanText = CleanText("")
    family: RefusalFamily = "other"
    bound: int = 0
    above: bool = False
    variety: CleanText = CleanText("")


class FillReport(Struct, frozen=True):
    """A part of an order that was carried out, from the trade book; `fill_id` is unique within an exchange and an order."""

    fill_id: CleanText
    broker_id: CleanText
    instrument: int
    symbol: CleanText
    side: Side
    quantity: int
    price: int
    at_ms: int


class NetReport(Struct, frozen=True, omit_defaults=True):
    """What is held of one symbol over all products: `net` now, `carried` from the day before.

    `overnight` is the part of `net` that is held in products which are carried over night; `exchange` and `token` find the
    instrument where it is none of the run's.
    """

    instrument: int
    symbol: CleanText
    net: int
    carried: int
    overnight: int = 0
    exchange: CleanText = CleanText("")
    token: CleanText = CleanText("")


class OrderSeen(Struct, frozen=True, tag=True):
    """One order, from an update or its details; `generation` is the number of the login that it came under."""

    report: OrderReport
    generation: int


class RoundRead(Struct, frozen=True, tag=True):
    """Order book, trade book and positions, read one after the other; all three answers were good by themselves.

    `begun_ms` and `ended_ms` are our own time before the first request and after the last answer.
    """

    number: int
    begun_ms: int
    ended_ms: int
    generation: int
    orders: tuple[OrderReport, ...]
    fills: tuple[FillReport, ...]
    net: tuple[NetReport, ...]

    def since(self, before: "RoundRead") -> "RoundAgain":
        """It by what it says otherwise than `before`."""
        return RoundAgain(
            self.number,
            self.begun_ms,
            self.ended_ms,
            self.generation,
            _news(before.orders, self.orders),
            _news(before.fills, self.fills),
            _news(before.net, self.net),
        )


class RoundAgain(Struct, frozen=True, tag=True, omit_defaults=True):
    """A round by what it says otherwise than the one before it, in few bytes: for whoever keeps them.

    A book is its rows, (first, count) instead of those that stand so in the book before; None: it is that book.
    """

    number: int
    begun_ms: int
    ended_ms: int
    generation: int
    orders: tuple[Run | OrderReport, ...] | None = None
    fills: tuple[Run | FillReport, ...] | None = None
    net: tuple[Run | NetReport, ...] | None = None

    def whole(self, before: RoundRead) -> RoundRead:
        """The round, where `before` was the one before it."""
        return RoundRead(
            self.number,
            self.begun_ms,
            self.ended_ms,
            self.generation,
            _rows(before.orders, self.orders),
            _rows(before.fills, self.fills),
            _rows(before.net, self.net),
        )


def _news(before: Sequence[_Row], now: Sequence[_Row]) -> tuple[Run | _Row, ...] | None:
    """The rows of a book, runs of those that were in it before as (first, count); None where it is the same."""
    if now == before:
        return None
    places = {row: index for index, row in enumerate(before)}
    told: list[Run | _Row] = []
    for row in now:
        index = places.get(row)
        last = told[-1] if told else None
        if index is None:
            told.append(row)
        elif isinstance(last, tuple) and sum(last) == index:
            told[-1] = (last[0], last[1] + 1)
        else:
            told.append((index, 1))
    return tuple(told)


def _rows(before: tuple[_Row, ...], told: Sequence[Run | _Row] | None) -> tuple[_Row, ...]:
    """The rows of a book of which `_news` told."""
    if told is None:
        return before
    rows: list[_Row] = []
    for each in told:
        if isinstance(each, tuple):
            rows += before[each[0] : each[0] + each[1]]
        else:
            rows.append(each)
    return tuple(rows)


class RoundFailed(Struct, frozen=True, tag=True, omit_defaults=True):
    """A round did not come to its end, or its answers are of no use."""

    number: int
    reason: CleanText
    wait_s: float = 0.0


class ReadFailed(Struct, frozen=True, tag=True, omit_defaults=True):
    """An order's details (of number `order`) or a quote (of `instrument`) could not be read; nothing follows from that alone."""

    reason: CleanText
    order: int = 0
    instrument: int = -1
    wait_s: float = 0.0


class Quoted(Struct, frozen=True, tag=True, omit_defaults=True):
    """A price asked for because ticks are old: minor units, 0 = not told; `lower` and `upper` bound the day (circuit)."""

    instrument: int
    at_ms: int
    bid: int = 0
    ask: int = 0
    last: int = 0
    lower: int = 0
    upper: int = 0


class SessionChanged(Struct, frozen=True, tag=True):
    """The login at the broker is another one (`generation` rises), or is gone (`up` is false) and why."""

    generation: int
    up: bool
    reason: CleanText


OrderAnswer = (
    Sent
    | Accepted
    | Refused
    | NotSent
    | Unclear
    | OrderSeen
    | RoundRead
    | RoundAgain
    | RoundFailed
    | ReadFailed
    | Quoted
    | SessionChanged
)


def instruments_in(answer: OrderAnswer) -> Iterator[int]:
    """The numbers of the instruments that an answer names, -1 for what is none of the run's."""
    match answer:
        case OrderSeen(report=report):
            yield report.instrument
        case RoundRead() | RoundAgain():
            for book in (answer.orders, answer.fills, answer.net):
                yield from (row.instrument for row in book or () if not isinstance(row, tuple))
        case Quoted():
            yield answer.instrument
