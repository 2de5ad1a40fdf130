"""Kite Connect's three lists that a round consists of: orders, trades and positions. Asks nobody."""

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from engine.execution.book_rounds import RowMemory, is_beside
from engine.execution.order_dialect import Reply
from engine.execution.told_fields import MisfitError, to_identity
from engine.execution.told_rows import told_in
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import FillReport, NetReport, OrderReport
from engine.venues.kite.orders.meanings import Heard, hear
from engine.venues.kite.orders.requests import ORDER_BOOK, POSITIONS, TRADE_BOOK
from engine.venues.kite.orders.rows import OrderRow, PositionRow, TradeRow, fill_report, net_reports, order_report

_Told = TypeVar("_Told")
_ORDERS: Final = msgspec.json.Decoder(OrderRow)
_TRADES: Final = msgspec.json.Decoder(TradeRow)


class _Positions(Struct, frozen=True):
    """`net` is what is held; what the day alone has brought is in it."""

    net: list[PositionRow] | None


class KiteBooks:
    """The `Books` of Kite Connect; a list is read by the run's instruments."""

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
        rows = data_in(heard, list[msgspec.Raw]) or []
        return self._orders.read(rows, lambda row: order_report(_ORDERS.decode(row), self._traded))

    def fills(self, heard: Heard, orders: tuple[OrderReport, ...], _: int) -> tuple[FillReport, ...]:
        """The trade book, beside the orders of its round; its times have their date."""
        known = {each.broker_id: each for each in orders}

        def read(raw: msgspec.Raw) -> FillReport:
            row = _TRADES.decode(raw)
            return fill_report(row, known.get(to_identity(row.order_id)), self._traded)

        rows = data_in(heard, list[msgspec.Raw]) or []
        return self._fills.read(rows, read, lambda told: is_beside(told, known))

    def net(self, heard: Heard) -> tuple[NetReport, ...]:
        """The positions."""
        told = data_in(heard, _Positions)
        return net_reports((told.net if told else None) or (), self._traded)


def data_in(heard: Heard, kind: type[_Told]) -> _Told | None:
    """What a yes holds, None where that is null; raises MisfitError."""
    if not heard.yes:
        raise MisfitError(heard.text)
    return told_in(heard.data, kind)
