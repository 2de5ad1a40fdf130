"""One round: order book, trade book and positions, read one after the other. All three are good, or the round has failed."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundFailed, RoundRead
from engine.text.sanitize import CleanText
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.orders.meanings import Heard, hear
from engine.venues.angelone.orders.numbers import MisfitError
from engine.venues.angelone.orders.requests import ORDER_BOOK, POSITIONS, TRADE_BOOK
from engine.venues.angelone.orders.rows import OrderRow, PositionRow, TradeRow, fill_report, net_reports, order_report
from engine.venues.angelone.orders.traded import TradedInstruments
from engine.venues.order_dialect import Reply, ReplyMeaning, WireRequest

_Row = TypeVar("_Row")
_Report = TypeVar("_Report")
_BOOKS: Final = (("order book", ORDER_BOOK), ("trade book", TRADE_BOOK), ("positions", POSITIONS))


class SmartApiRound:
    """Asks for the three and puts them together; `generation` is the login that all of them are asked under."""

    def __init__(self, number: int, generation: int, begun_ms: int, traded: TradedInstruments) -> None:
        self._number = number
        self._generation = generation
        self._begun_ms = begun_ms
        self._traded = traded
        self._read = 0
        self._orders: tuple[OrderReport, ...] = ()
        self._fills: tuple[FillReport, ...] = ()
        self._net: tuple[NetReport, ...] = ()

    @property
    def wire(self) -> WireRequest:
        """What is to be asked next."""
        return _BOOKS[self._read][1]

    def take(self, reply: Reply, now_ms: int) -> ReplyMeaning | None:
        """Take the reply to that; the round's outcome once there is one."""
        heard = hear(reply)
        try:
            (self._take_orders, self._take_trades, self._take_positions)[self._read](heard, now_ms)
        except (MisfitError, msgspec.ValidationError) as error:
            reason = one_line(f"{_BOOKS[self._read][0]}: {error}")
            return heard.means(RoundFailed(self._number, reason, heard.wait_s))
        self._read += 1
        if self._read < len(_BOOKS):
            return None
        return ReplyMeaning(
            RoundRead(self._number, self._begun_ms, now_ms, self._generation, self._orders, self._fills, self._net)
        )

    def _take_orders(self, heard: Heard, _: int) -> None:
        self._orders = _each(rows_in(heard, OrderRow), lambda row: order_report(row, self._traded))

    def _take_trades(self, heard: Heard, now_ms: int) -> None:
        orders: dict[CleanText, OrderReport] = {each.broker_id: each for each in self._orders}
        rows = rows_in(heard, TradeRow)
        self._fills = _each(rows, lambda row: fill_report(row, orders, self._traded, now_ms))

    def _take_positions(self, heard: Heard, _: int) -> None:
        self._net = net_reports(rows_in(heard, PositionRow), self._traded)


def rows_in(heard: Heard, kind: type[_Row]) -> list[_Row]:
    """The rows of a list; none where it says that there are none. Raises MisfitError, msgspec.ValidationError."""
    if heard.yes:
        return [] if heard.data is None else msgspec.convert(heard.data, list[kind])  # type: ignore[valid-type]
    if heard.meaning.read == "empty":
        return []
    raise MisfitError(heard.text)


def _each(rows: list[_Row], report: Callable[[_Row], _Report]) -> tuple[_Report, ...]:
    """What every row says; raises MisfitError that names the row."""
    reports: list[_Report] = []
    for number, row in enumerate(rows, 1):
        try:
            reports.append(report(row))
        except MisfitError as error:
            raise MisfitError(f"row {number}: {error}") from None
    return tuple(reports)
