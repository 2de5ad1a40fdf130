"""A lane of the program's and what is under way by it: when it has to be stepped, and when nothing can come of that."""

from msgspec import Struct

from engine.execution.actions import LaneName
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import WriteLane
from engine.venues.order_dialect import Reply
from tests.simulator.exchange.due import NEVER


class UnderWay(Struct, frozen=True):
    """A request whose reply is here at `due_ms`."""

    number: int
    due_ms: int
    reply: Reply


class Line:
    """`stirred`: something has come for the lane since it was stepped last."""

    __slots__ = ("_due_ms", "_told_ms", "_under_way", "lane", "name", "stirred")

    def __init__(self, name: LaneName, lane: WriteLane | ReadLane) -> None:
        self.name: LaneName = name
        self.lane = lane
        self.stirred = True
        self._under_way: list[UnderWay] = []
        self._told_ms = 0  # the time that the lane knows of
        self._due_ms: int | None = None  # when its own time is up; None: that has to be asked

    def stir(self, told_ms: int | None = None) -> None:
        """Something has come for it, with the time where one was told."""
        self.stirred, self._due_ms = True, None
        if told_ms is not None:
            self._told_ms = told_ms

    def send(self, number: int, due_ms: int, reply: Reply) -> None:
        """A request has gone out."""
        self._under_way.append(UnderWay(number, due_ms, reply))

    @property
    def newest(self) -> Reply:
        """What will come of the request that went out last."""
        return self._under_way[-1].reply

    def take_back(self) -> None:
        """Forget what went out last."""
        self._under_way.pop()

    @property
    def waits(self) -> bool:
        """Whether anything waits in the lane, or is under way."""
        return self._own_ms < NEVER

    @property
    def next_ms(self) -> int:
        """When something happens by time alone."""
        due_ms = self._own_ms
        for each in self._under_way:
            due_ms = min(due_ms, each.due_ms)
        return due_ms

    @property
    def _own_ms(self) -> int:
        if self._due_ms is None:
            wait_ms = self.lane.wait_ms
            self._due_ms = NEVER if wait_ms is None else self._told_ms + wait_ms
        return self._due_ms

    def begin(self, now_ms: int) -> None:
        """It is stepped now: what has come by the wire is given to the lane."""
        for each in [each for each in self._under_way if each.due_ms <= now_ms]:
            self._under_way.remove(each)
            self.lane.answer(each.number, each.reply, now_ms)
        self.stirred, self._told_ms, self._due_ms = False, now_ms, None
