"""The simulated broker: fills every order at once, whole, at the price it was decided at. Knows no strategy and no clock."""

from collections.abc import Callable, Sequence

from engine.model.broker_events import BrokerEvent, Cancelled, Filled, Holdings, Rejected
from engine.model.types import Fill, Instrument, Order
from engine.text.sanitize import clean


class PaperBroker:
    """Keeps its own count of what it sold and bought, so that flat can be verified against it as against a real one.

    It posts every answer before the call returns.
    """

    def __init__(
        self, instruments: int, post: Callable[[BrokerEvent], None], lowest_price: Callable[[int], int] = lambda _: 1
    ) -> None:
        self._net = [0] * instruments
        self._lowest_price = lowest_price
        self._post = post

    def submit(self, order: Order) -> None:
        """Fill `order` at its price (slippage is in it already); refuse what no exchange would take."""
        if order.quantity <= 0 or order.price < self._lowest_price(order.instrument):
            self._post(Rejected(order.number, clean(f"quantity {order.quantity} at price {order.price}")))
            return
        self._net[order.instrument] += order.quantity if order.side == "BUY" else -order.quantity
        fill = Fill(order.number, order.instrument, order.side, order.quantity, order.price, order.at_ms)
        self._post(Filled(fill))

    def cancel(self, number: int) -> None:
        """Nothing is ever left working, so whatever was asked for is taken back already."""
        self._post(Cancelled(number))

    def read_holdings(self) -> None:
        """What is held; nothing is ever left working."""
        self._post(Holdings(tuple(self._net), 0))

    def hold(self, net: Sequence[int]) -> None:
        """Hold `net` per instrument from now on: a replay went back, or a run goes on."""
        self._net = list(net)


def simulated(
    instruments: Sequence[Instrument], post: Callable[[BrokerEvent], None], _: object
) -> tuple[PaperBroker, Callable[[Sequence[int]], None]]:
    """A simulated broker that posts within the turn, and how it is told what it holds: of every instrument, where there are more."""
    broker = PaperBroker(len(instruments), post, lambda index: instruments[index].lowest_price)
    return broker, broker.hold
