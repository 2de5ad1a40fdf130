"""The broker's risk management: lots, freeze quantity, products, and money, a second sell included. Knows no price rule of the exchange."""

from msgspec import Struct

from tests.simulator.exchange import refusals
from tests.simulator.exchange.orders import BrokerOrder
from tests.simulator.exchange.positions import Positions
from tests.simulator.exchange.refusals import OrderRefusal


class Funds(Struct, frozen=True):
    """The client's money in paise: what there was, what is tied up by orders and shorts, what is left."""

    cash: int
    spent: int
    blocked: int

    @property
    def available(self) -> int:
        """What is left."""
        return self.cash - self.spent - self.blocked


class RiskManagement:
    """Looks at each order before the exchange does; `short_margin` is what a lot sold short takes (paise).

    A sell is covered by the position in its product less all other working sells of it; what is not covered needs the
    margin of a short. So a second sell beside a working one is refused where there is no such money. An order counts once
    it was looked at.
    """

    def __init__(self, positions: Positions, cash: int, short_margin: int) -> None:
        self.cash = cash
        self.intraday_over = False
        self._positions = positions
        self.short_margin = short_margin
        self._working: dict[int, BrokerOrder] = {}

    def work(self, order: BrokerOrder) -> None:
        """From now on the order counts."""
        self._working[order.number] = order

    def end(self, order: BrokerOrder) -> None:
        """The order no longer counts."""
        self._working.pop(order.number, None)

    @property
    def working(self) -> list[BrokerOrder]:
        """Orders that have not reached their end, in the order they came."""
        return list(self._working.values())

    def objection(self, order: BrokerOrder, price: int, quantity: int) -> OrderRefusal | None:
        """What there is against `quantity` units in all at `price`, of an order that is new or to be changed."""
        security = order.security
        if quantity % security.lot:
            return refusals.odd_lot(security.lot)
        if quantity > security.freeze:
            return refusals.too_large(security.freeze)
        required = self._required(order, price, quantity - order.filled)
        if self.intraday_over and order.product == "INTRADAY" and required:
            return refusals.intraday_over()
        available = self.funds(without=order).available
        return refusals.no_funds(available, required) if required > max(available, 0) else None

    def funds(self, without: BrokerOrder | None = None) -> Funds:
        """The money as it is; `without` an order that is to be judged."""
        buys = [each for each in self._working.values() if each.side == "BUY" and each.approved and each is not without]
        blocked = sum(each.price * each.rest for each in buys)
        keys = {(each.security.symbol, each.product): each.security.lot for each in self._working.values()}
        keys |= {key: holding.security.lot for key, holding in self._positions.holdings.items()}
        for (symbol, product), lot in keys.items():
            sells = self._working_rest("SELL", symbol, product, without)
            blocked += self._margin(lot, sells - self._positions.of(symbol, product))
        return Funds(self.cash, self._positions.spent, blocked)

    def oversold(self, symbol: str) -> int:
        """By how many units the client's sells that have not ended exceed the position; 0 where they do not."""
        sells = [
            each.rest
            for each in self._working.values()
            if each.side == "SELL" and each.security.symbol == symbol and not each.external
        ]
        return max(0, sum(sells) - max(0, self._positions.net(symbol))) if sells else 0

    def _required(self, order: BrokerOrder, price: int, rest: int) -> int:
        """The money that `rest` units more take: premium, or margin as far as they open a short (paise)."""
        symbol, lot = order.security.symbol, order.security.lot
        net = self._positions.of(symbol, order.product)
        others = self._working_rest(order.side, symbol, order.product, order)
        if order.side == "BUY":
            return price * max(0, rest - max(0, -net - others))  # what buys a short back frees its margin
        return self._margin(lot, others + rest - net) - self._margin(lot, others - net)

    def _working_rest(self, side: str, symbol: str, product: str, without: BrokerOrder | None) -> int:
        return sum(
            each.rest
            for each in self._working.values()
            if each.side == side and each.product == product and each.security.symbol == symbol and each is not without
        )

    def _margin(self, lot: int, short: int) -> int:
        return -(-short // lot) * self.short_margin if short > 0 else 0
