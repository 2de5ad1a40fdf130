"""Where the client's orders in one security meet others' and rest, by price and then by time. Knows neither broker nor rules."""

from bisect import insort
from collections.abc import Callable

from tests.simulator.exchange.depth import Depth
from tests.simulator.exchange.orders import BrokerOrder

Filled = Callable[[int, BrokerOrder, int, int], None]


def _rank(order: BrokerOrder) -> tuple[int, int]:
    """Sorts a side: the better price first, then who came first."""
    return (-order.price if order.side == "BUY" else order.price), order.priority


class Matcher:
    """`filled(now_ms, order, price, quantity)` is told each fill, and has an order leave that is over."""

    def __init__(self, depth: Depth, filled: Filled) -> None:
        self.depth = depth
        self._filled = filled
        self._buys: list[BrokerOrder] = []
        self._sells: list[BrokerOrder] = []
        self._stops: list[BrokerOrder] = []
        self._came = 0

    def resting(self, side: str) -> list[BrokerOrder]:
        """The client's orders at the exchange, best first."""
        return self._buys if side == "BUY" else self._sells

    def crossed(self, order: BrokerOrder, price: int) -> BrokerOrder | None:
        """The client's own order which `order` would trade with at `price`."""
        better = 1 if order.side == "BUY" else -1
        for other in self.resting("SELL" if order.side == "BUY" else "BUY"):
            if other.price * better <= price * better and other.rest > 0:
                return other
        return None

    def enter(self, now_ms: int, order: BrokerOrder) -> None:
        """Trade at others' prices as far as the limit allows; the rest rests behind those that came before."""
        self._came += 1
        order.priority = self._came
        order.resting = True
        insort(self.resting(order.side), order, key=_rank)
        for price, quantity in self.depth.take(order.side, order.price, order.matchable):
            self.fill(now_ms, order, price, quantity)

    def wait(self, order: BrokerOrder) -> None:
        """A stop waits for its trigger."""
        order.resting = True
        self._stops.append(order)

    def leave(self, order: BrokerOrder) -> None:
        """The order is no longer here."""
        if order.resting:
            order.resting = False
            waits = any(each is order for each in self._stops)
            self._remove(self._stops if waits else self.resting(order.side), order)

    def match(self, now_ms: int) -> list[BrokerOrder]:
        """Others' book has moved: whoever now crosses one of the client's orders trades at its price. Stops whose time has come."""
        for side in (self._buys, self._sells):
            for order in tuple(side):
                quantity = sum(each for _, each in self.depth.take(order.side, order.price, order.matchable))
                if quantity:
                    self.fill(now_ms, order, order.price, quantity)
        return [each for each in self._stops if self._is_due(each)] if self._stops else []

    def fill(self, now_ms: int, order: BrokerOrder, price: int, quantity: int) -> None:
        """Somebody trades so much with an order."""
        self.depth.trade(now_ms, price, quantity)
        self._filled(now_ms, order, price, quantity)

    @property
    def is_empty(self) -> bool:
        """Whether none of the client's orders is here."""
        return not (self._buys or self._sells or self._stops)

    def _is_due(self, stop: BrokerOrder) -> bool:
        better = 1 if stop.side == "BUY" else -1
        return self.depth.last * better >= stop.trigger * better

    @staticmethod
    def _remove(orders: list[BrokerOrder], order: BrokerOrder) -> None:
        for place, each in enumerate(orders):
            if each is order:
                del orders[place]
                return
