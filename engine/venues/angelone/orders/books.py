"""SmartAPI's three lists that a round consists of: order book, trade book and positions. Asks nobody."""

from typing import Final, TypeVar

import msgspec

from engine.execution.book_rounds import RowMemory, is_beside
from engine.execution.order_dialect import Reply
from engine.execution.told_fields import MisfitError, to_identity
from engine.execution.told_rows import told_in
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import FillReport, NetReport, OrderReport
from engine.venues.angelone.orders.meanings import Heard, hear
from engine.venues.angelone.orders.requests import ORDER_BOOK, POSITIONS, TRADE_BOOK
from engine.venues.angelone.orders.rows import OrderRow, PositionRow, TradeRow, fill_report, net_reports, order_report

_Row = TypeVar("_Row")
_ORDERS: Final = msgspec.json.Decoder(OrderRow)
_TRADES: Final = msgspec.json.Decoder(TradeRow)


class SmartApiBooks:
    """The `Books` of Angel One; a list is read by the run's instruments."""

    wires: Final = (ORDER_BOOK, TRADE_BOOK, POSITIONS)

    def __init__(self, traded: TradedInstruments) -> None:
        self._traded = traded
        self._orders: RowMemory[OrderReport] = RowMemory()
        self._fills: RowMemory[FillReport] = RowMemory()

    def hear(self, reply: Reply) -> Heard:
        """What kind of reply it is."""
        return hear(reply)

    def orders(self, heard: Heard) -> tuple[OrderReport, ...]:
        """The order book; raises MisfitError, like those below."""
        rows = rows_in(heard, msgspec.Raw)
        return self._orders.read(rows, lambda row: order_report(_ORDERS.decode(row), self._traded))

    def fills(self, heard: Heard, orders: tuple[OrderReport, ...], now_ms: int) -> tuple[FillReport, ...]:
        """The trade book, beside the orders of its round."""
        known = {each.broker_id: each for each in orders}

        def read(raw: msgspec.Raw) -> FillReport:
            row = _TRADES.decode(raw)
            return fill_report(row, known.get(to_identity(row.orderid)), self._traded, now_ms)

        return self._fills.read(rows_in(heard, msgspec.Raw), read, lambda told: is_beside(told, known))

    def net(self, heard: Heard) -> tuple[NetReport, ...]:
        """The positions."""
        return net_reports(rows_in(heard, PositionRow), self._traded)


def rows_in(heard: Heard, kind: type[_Row]) -> list[_Row]:
    """The rows of a list; none where it says that there are none. Raises MisfitError."""
    if heard.yes:
        return told_in(heard.data, list[kind]) or []  # type: ignore[valid-type]
    if heard.meaning.read == "empty":
        return []
    raise MisfitError(heard.text)
