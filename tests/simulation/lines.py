"""A lane of the program's and what is under way by it: when it has to be stepped, and when nothing can come of that."""

from collections import deque

from msgspec import Struct

from engine.execution.actions import LaneName
from engine.execution.order_dialect import Reply
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import WriteLane
from engine.model.order_reports import OrderAnswer
from tests.simulator.exchange.due import NEVER


class UnderWay(Struct, frozen=True):
    """A request whose reply is here at `due_ms`."""

    number: int
    due_ms: int
    reply: Reply


class Line:
    """`stirred`: something has come for the lane since it was stepped last. What it tells may be on its way for a while, in order."""

    __slots__ = ("_events", "_next_ms", "_told_ms", "_under_way", "lane", "name", "stirred")

    def __init__(self, name: LaneName, lane: WriteLane | ReadLane) -> None:
        self.name: LaneName = name
        self.lane = lane
        self.stirred = True
        self._under_way: list[UnderWay] = []
        self._events: deque[tuple[int, OrderAnswer]] = deque()
        self._told_ms = 0  # the time that the lane knows of
        self._next_ms: int | None = None  # when something happens by time alone; None: that has to be asked

    def stir(self, told_ms: int | None = None) -> None:
        """Something has come for it, with the time where one was told."""
        self.stirred, self._next_ms = True, None
        if told_ms is not None:
            self._told_ms = told_ms

    def send(self, number: int, due_ms: int, reply: Reply) -> None:
        """A request has gone out."""
        self._under_way.append(UnderWay(number, due_ms, reply))
        self._next_ms = None

    @property
    def newest(self) -> Reply:
        """What will come of the request that went out last."""
        return self._under_way[-1].reply

    def take_back(self) -> None:
        """Forget what went out last."""
        self._under_way.pop()
        self._next_ms = None

    @property
    def next_ms(self) -> int:
        """When something happens by time alone; never where nothing waits in the lane, and nothing is on its way."""
        if self._next_ms is None:
            wait_ms = self.lane.wait_ms
            self._next_ms = NEVER if wait_ms is None else self._told_ms + wait_ms
            for each in self._under_way:
                self._next_ms = min(self._next_ms, each.due_ms)
            if self._events:
                self._next_ms = min(self._next_ms, self._events[0][0])
        return self._next_ms

    def begin(self, now_ms: int) -> None:
        """It is stepped now: what has come by the wire is given to the lane."""
        for each in [each for each in self._under_way if each.due_ms <= now_ms]:
            self._under_way.remove(each)
            self.lane.answer(each.number, each.reply, now_ms)
        self.stirred, self._told_ms, self._next_ms = False, now_ms, None

    def tell(self, event: OrderAnswer, due_ms: int) -> None:
        """What came about is handed over then, or behind what is on its way already."""
        self._events.append((max(due_ms, self._events[-1][0]) if self._events else due_ms, event))
        self._next_ms = None

    def take_events(self, now_ms: int) -> list[OrderAnswer]:
        """What is handed over by now."""
        events = []
        while self._events and self._events[0][0] <= now_ms:
            events.append(self._events.popleft()[1])
            self._next_ms = None
        return events
