"""Doubles of brokers: they answer late, or not as one would like."""

from collections import deque
from collections.abc import Callable

from engine.model.broker_events import BrokerEvent, Cancelled, Filled, Holdings, Rejected
from engine.model.types import Order
from engine.venues.simulated.broker import PaperBroker


class InstantBroker(PaperBroker):
    """The simulated broker; what it posts waits in `posted` for whoever plays the engine."""

    def __init__(self, instruments: int, lowest_price: Callable[[int], int] = lambda _: 1) -> None:
        self.posted: deque[BrokerEvent] = deque()
        super().__init__(instruments, self.posted.append, lowest_price)


class RejectingBroker(InstantBroker):
    """Refuses the orders whose numbers are in `rejects`."""

    def __init__(self, instruments: int, rejects: set[int]) -> None:
        super().__init__(instruments)
        self._rejects = rejects

    def submit(self, order: Order) -> None:
        if order.number in self._rejects:
            self._post(Rejected(order.number, "price band"))
        else:
            super().submit(order)


class LateBroker(InstantBroker):
    """Says nothing at once; what it has to say waits in `answers()`."""

    def __init__(self, instruments: int) -> None:
        super().__init__(instruments)
        self._waiting: list[BrokerEvent] = []
        self._post = self._waiting.append

    def cancel(self, number: int) -> None:
        working = [event for event in self._waiting if isinstance(event, Filled) and event.fill.order == number]
        for event in working:
            self._waiting.remove(event)
            self._net[event.fill.instrument] -= event.fill.quantity
        self._post(Cancelled(number))

    def answers(self, lie: int = 0) -> list[BrokerEvent]:
        """What was held back; with `lie` every report of holdings claims that much more of instrument 0."""
        waiting = self._waiting[:]
        self._waiting.clear()
        if lie:
            return [
                Holdings((event.net[0] + lie, *event.net[1:]), event.working) if isinstance(event, Holdings) else event
                for event in waiting
            ]
        return waiting
