"""Doubles of brokers: they answer late, or not as one would like."""

from collections.abc import Sequence

from engine.model.broker_events import BrokerEvent, Filled, Holdings, Rejected
from engine.model.types import Order
from engine.venues.simulated.broker import PaperBroker


class RejectingBroker(PaperBroker):
    """Refuses the orders whose numbers are in `rejects`."""

    def __init__(self, instruments: int, rejects: set[int]) -> None:
        super().__init__(instruments)
        self._rejects = rejects

    def submit(self, order: Order) -> Sequence[BrokerEvent]:
        if order.number in self._rejects:
            return (Rejected(order.number, "price band"),)
        return super().submit(order)


class LateBroker(PaperBroker):
    """Says nothing at once; what it has to say waits in `answers()`."""

    def __init__(self, instruments: int) -> None:
        super().__init__(instruments)
        self._waiting: list[BrokerEvent] = []

    def submit(self, order: Order) -> Sequence[BrokerEvent]:
        self._waiting.extend(super().submit(order))
        return ()

    def cancel(self, number: int) -> Sequence[BrokerEvent]:
        working = [event for event in self._waiting if isinstance(event, Filled) and event.fill.order == number]
        for event in working:
            self._waiting.remove(event)
            self._net[event.fill.instrument] -= event.fill.quantity
        self._waiting.append(Rejected(number, "cancelled"))
        return ()

    def read_holdings(self) -> Sequence[BrokerEvent]:
        self._waiting.extend(super().read_holdings())
        return ()

    def answers(self, lie: int = 0) -> list[BrokerEvent]:
        """What was held back; with `lie` every report of holdings claims that much more of instrument 0."""
        waiting, self._waiting = self._waiting, []
        if lie:
            return [
                Holdings((event.net[0] + lie, *event.net[1:]), event.working) if isinstance(event, Holdings) else event
                for event in waiting
            ]
        return waiting
