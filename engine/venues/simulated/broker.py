"""The simulated broker: fills every order at once, whole, at the price it was decided at. Knows no strategy and no clock."""

from collections.abc import Sequence

from engine.model.broker_events import BrokerEvent, Filled, Holdings, Rejected
from engine.model.types import Fill, Order
from engine.text.sanitize import CleanText, clean


class PaperBroker:
    """Keeps its own count of what it sold and bought, so that flat can be verified against it as against a real one."""

    def __init__(self, instruments: int) -> None:
        self._net = [0] * instruments

    def submit(self, order: Order) -> Sequence[BrokerEvent]:
        """Fill `order` at its price (slippage is in it already); refuse what no exchange would take."""
        if order.quantity <= 0 or order.price <= 0:
            return (Rejected(order.number, clean(f"quantity {order.quantity} at price {order.price}")),)
        self._net[order.instrument] += order.quantity if order.side == "BUY" else -order.quantity
        fill = Fill(order.number, order.instrument, order.side, order.quantity, order.price, order.at_ms)
        return (Filled(fill),)

    def cancel(self, number: int) -> Sequence[BrokerEvent]:
        """Nothing is ever left working, so there is nothing to take back."""
        return (Rejected(number, CleanText("cancelled")),)

    def read_holdings(self) -> Sequence[BrokerEvent]:
        """What is held; nothing is ever left working."""
        return (Holdings(tuple(self._net), 0),)

    def restore(self, net: Sequence[int]) -> None:
        """Hold `net` per instrument: a replay went back, or a run goes on."""
        self._net = list(net)
