"""Doubles of what stands outside the program: brokers that answer late, or not as one would like."""

from collections import deque
from collections.abc import Callable

from engine.model.broker_events import BrokerEvent, Cancelled, Filled, Holdings, Rejected
from engine.model.ports import FeedView
from engine.model.types import Order, Tick
from engine.venues.simulated.broker import PaperBroker
from engine.venues.supply import InSession, Tell


class InstantBroker(PaperBroker):
    """The simulated broker; what it posts waits in `posted` for whoever plays the engine."""

    def __init__(self, instruments: int) -> None:
        self.posted: deque[BrokerEvent] = deque()
        super().__init__(instruments, self.posted.append)


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


class ScriptedFeed:
    """A live feed whose ticks a test delivers itself."""

    def __init__(self, tell: Tell, in_session: InSession) -> None:
        self.tell = tell
        self.in_session = in_session
        self.deliver: Callable[[Tick], None] = lambda _: None
        self.stopped = False

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        self.deliver = deliver

    def stop(self, timeout_s: float) -> None:
        self.stopped = True

    def view(self) -> FeedView:
        return FeedView(
            source="scripted", state="UP", link=1, since_ns=0, up_ns=0, frame_ns=0, pong_ns=0, retry_ns=0, attempt=0,
            because="", rtt_ms=0.0, clock_ms=None, frames=0, books=0, bad={}, wanted=1, ticking=0,
        )  # fmt: skip
