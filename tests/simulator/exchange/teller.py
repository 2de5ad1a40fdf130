"""What the broker tells of orders, fills and positions: three lists, each late by its own, and the update socket. Decides nothing."""

from collections.abc import Mapping
from copy import copy
from random import Random

import msgspec

from tests.simulator.exchange import rows
from tests.simulator.exchange.books import LaggedBook
from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.depth import Depth
from tests.simulator.exchange.due import DueActions
from tests.simulator.exchange.orders import CODES, BrokerOrder, ExchangeFill
from tests.simulator.exchange.positions import Holding
from tests.simulator.exchange.script import BOOKS
from tests.simulator.exchange.settings import Delays, Quirks, Span
from tests.simulator.exchange.updates import UpdateHub


class Teller:
    """Delays are drawn by `rng` for each change; `depths` have the last prices by symbol."""

    def __init__(
        self,
        client_code: str,
        delays: Delays,
        quirks: Quirks,
        rng: Random,
        counters: OrderCounters,
        due: DueActions,
        depths: Mapping[str, Depth],
    ) -> None:
        self._client_code = client_code
        self._quirks = quirks
        self._rng = rng
        self._depths = depths
        self._delays = delays
        self._extra: dict[str, tuple[int, int]] = dict.fromkeys(BOOKS, (0, 0))
        self.orders = LaggedBook(self._order_json)
        self.trades = LaggedBook(lambda fill: msgspec.json.encode(rows.trade_row(fill)))
        self.holdings = LaggedBook(lambda holding: msgspec.json.encode(rows.position_row(holding)))
        self.hub = UpdateHub(counters, due, self._message("AB00", rows.no_order()))

    def order(self, now_ms: int, order: BrokerOrder, code: str = "") -> None:
        """An order is not what it was; `code` where the update's is not that of its state."""
        order.updated_ms = now_ms
        image = copy(order)
        self.orders.change(now_ms, self._lag("order_book", self._delays.order_book, now_ms), order.number, image)
        code = code or CODES.get(order.state, "")
        if code and self.hub.heard and (order.tag or self._quirks.app_updates):
            self.hub.publish(now_ms, self.draw(self._delays.update), self._message(code, self.details(image)))

    def fill(self, now_ms: int, fill: ExchangeFill, holding: Holding) -> None:
        """There was a fill."""
        self.trades.change(now_ms, self._lag("trade_book", self._delays.trade_book, now_ms), fill.id, fill)
        self.holding(now_ms, holding)

    def holding(self, now_ms: int, holding: Holding) -> None:
        """A position is not what it was."""
        key = holding.security.symbol, holding.product
        holding.last = self._depths[holding.security.symbol].last
        self.holdings.change(now_ms, self._lag("positions", self._delays.positions, now_ms), key, copy(holding))

    def details(self, order: BrokerOrder) -> rows.Row:
        """One order as details and updates have it, with numbers."""
        return rows.order_row(order, self._quirks.average_decimals, text=False)

    def delay(self, book: str, extra_ms: int, until_ms: int) -> None:
        """Until then changes reach `book` later by so much."""
        self._extra[book] = extra_ms, until_ms

    def draw(self, span: Span) -> int:
        """A delay out of `span`, in ms."""
        shortest, longest = span
        return shortest + int(self._rng.random() * (longest + 1 - shortest)) if longest > shortest else shortest

    @property
    def settled_ms(self) -> int:
        """From when on all lists show all that has happened."""
        return max(self.orders.settled_ms, self.trades.settled_ms, self.holdings.settled_ms)

    def _lag(self, book: str, span: Span, now_ms: int) -> int:
        extra_ms, until_ms = self._extra[book]
        return self.draw(span) + (extra_ms if now_ms < until_ms else 0)

    def _order_json(self, order: BrokerOrder) -> bytes:
        row = rows.order_row(order, self._quirks.average_decimals, text=True)
        if self._quirks.null_token:
            row["symboltoken"] = None
        if self._quirks.number_orderid:
            row["orderid"] = int(order.orderid)
        return msgspec.json.encode(row)

    def _message(self, code: str, order: rows.Row) -> bytes:
        return msgspec.json.encode(
            {
                "user-id": self._client_code,
                "status-code": "200",
                "order-status": code,
                "error-message": "",
                "orderData": order,
            }
        )
