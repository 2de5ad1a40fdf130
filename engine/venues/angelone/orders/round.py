"""One round: order book, trade book and positions, read one after the other. All three are good, or the round has failed."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import Reply, ReplyMeaning, WireRequest
from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundFailed, RoundRead
from engine.outside.https import HttpAnswer
from engine.text.sanitize import CleanText
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.orders.meanings import Heard, hear
from engine.venues.angelone.orders.numbers import MisfitError, to_identity
from engine.venues.angelone.orders.requests import ORDER_BOOK, POSITIONS, TRADE_BOOK
from engine.venues.angelone.orders.rows import OrderRow, PositionRow, TradeRow, fill_report, net_reports, order_report
from engine.venues.angelone.orders.traded import TradedInstruments

_Row = TypeVar("_Row")
_Report = TypeVar("_Report")
_BOOKS: Final = (("order book", ORDER_BOOK), ("trade book", TRADE_BOOK), ("positions", POSITIONS))


class _Told(Struct, frozen=True):
    """The newest good answer about a list, what it was read with, and what it said."""

    reply: HttpAnswer
    orders: tuple[OrderReport, ...]
    said: tuple[Any, ...]

    def again(self, reply: Reply, orders: tuple[OrderReport, ...]) -> bool:
        """Whether `reply` says the same, beside these orders."""
        return (
            isinstance(reply, HttpAnswer)
            and reply.body == self.reply.body
            and reply.status == self.reply.status
            and orders is self.orders
        )


class KnownRows:
    """What the rows of the newest round said: most come again as they were, and to read one takes longer than to find it.

    Holds the rows of one round at most, and its answers; to be made anew with other instruments.
    """

    def __init__(self) -> None:
        self.orders: dict[OrderRow, OrderReport] = {}
        self.fills: dict[tuple[TradeRow, OrderReport | None], FillReport] = {}
        self.told: dict[int, _Told] = {}


class SmartApiRound:
    """Asks for the three and puts them together; `generation` is the login that all of them are asked under."""

    def __init__(
        self, number: int, generation: int, begun_ms: int, traded: TradedInstruments, known: KnownRows | None = None
    ) -> None:
        self._known = known or KnownRows()
        self._number = number
        self._generation = generation
        self._begun_ms = begun_ms
        self._traded = traded
        self._said: list[tuple[Any, ...]] = []  # what was read so far: orders, fills, net

    @property
    def wire(self) -> WireRequest:
        """What is to be asked next."""
        return _BOOKS[len(self._said)][1]

    def take(self, reply: Reply, now_ms: int) -> ReplyMeaning | None:
        """Take the reply to that; the round's outcome once there is one."""
        told = self._known.told.get(len(self._said))
        if told is not None and told.again(reply, self._orders):
            said = told.said
        else:
            heard = hear(reply)
            try:
                said = (self._orders_in, self._trades_in, self._positions_in)[len(self._said)](heard, now_ms)
            except (MisfitError, msgspec.ValidationError) as error:
                reason = one_line(f"{_BOOKS[len(self._said)][0]}: {error}")
                return heard.means(RoundFailed(self._number, reason, heard.wait_s))
            if isinstance(reply, HttpAnswer):
                self._known.told[len(self._said)] = _Told(reply, self._orders, said)
        return self._take(said, now_ms)

    def _take(self, said: tuple[Any, ...], now_ms: int) -> ReplyMeaning | None:
        """Take what a list says; the round, once it is whole."""
        self._said.append(said)
        if len(self._said) < len(_BOOKS):
            return None
        return ReplyMeaning(RoundRead(self._number, self._begun_ms, now_ms, self._generation, *self._said))

    @property
    def _orders(self) -> tuple[OrderReport, ...]:
        """The orders of this round, once they are read."""
        return self._said[0] if self._said else ()

    def _orders_in(self, heard: Heard, _: int) -> tuple[OrderReport, ...]:
        rows = rows_in(heard, OrderRow)
        self._known.orders = _each(rows, self._known.orders, lambda row: order_report(row, self._traded))
        return tuple(self._known.orders[row] for row in rows)

    def _trades_in(self, heard: Heard, now_ms: int) -> tuple[FillReport, ...]:
        orders: dict[CleanText, OrderReport] = {each.broker_id: each for each in self._orders}
        rows = [(row, orders.get(to_identity(row.orderid))) for row in rows_in(heard, TradeRow)]
        self._known.fills = _each(rows, self._known.fills, lambda row: fill_report(*row, self._traded, now_ms))
        return tuple(self._known.fills[row] for row in rows)

    def _positions_in(self, heard: Heard, _: int) -> tuple[NetReport, ...]:
        return net_reports(rows_in(heard, PositionRow), self._traded)


def rows_in(heard: Heard, kind: type[_Row]) -> list[_Row]:
    """The rows of a list; none where it says that there are none. Raises MisfitError, msgspec.ValidationError."""
    if heard.yes:
        return [] if heard.data is None else msgspec.convert(heard.data, list[kind])  # type: ignore[valid-type]
    if heard.meaning.read == "empty":
        return []
    raise MisfitError(heard.text)


def _each(rows: list[_Row], known: dict[_Row, _Report], report: Callable[[_Row], _Report]) -> dict[_Row, _Report]:
    """What every row says, by row, as is `known` of it; raises MisfitError that names the row."""
    reports: dict[_Row, _Report] = {}
    for number, row in enumerate(rows, 1):
        try:
            reports[row] = known[row] if row in known else report(row)
        except MisfitError as error:
            raise MisfitError(f"row {number}: {error}") from None
    return reports
