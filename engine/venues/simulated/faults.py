"""Generated sessions of one or more instruments as one source, which misbehaves on command. Knows no pace and no thread."""

from collections import deque
from collections.abc import Iterator
from heapq import merge
from itertools import islice

from msgspec.structs import replace

from engine.model.commands import Fault
from engine.model.sources import Undamaged
from engine.model.types import PRICE_NAN, Tick
from engine.text.sanitize import clean
from engine.venues.simulated.generator import MockSession


class FaultySource(Undamaged):
    """Joins sessions by the exchange's time into one stream; without faults a single session comes out unchanged.

    `misbehave` may be called from any thread: it takes effect with the next tick. What was dropped or repeated shifts
    the numbers of all that follows, so a run that was given faults only goes forward.
    """

    generated = True

    def __init__(self, sessions: tuple[MockSession, ...]) -> None:
        more = len(sessions) - 1
        self.name = clean(sessions[0].name + (f" and {more} more" if more else ""))
        self.zone = sessions[0].zone
        self.instruments = tuple(session.instruments[0] for session in sessions)
        self._sessions = sessions
        self._faults: deque[Fault] = deque()
        self._shift = 0  # ticks of the sessions beyond those given out
        self._skew_ms = 0

    def misbehave(self, fault: Fault) -> None:
        """Do `fault` from the next tick on."""
        self._faults.append(fault)

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on (1 or less: all), numbered without holes from there."""
        number = max(first, 1)
        if number == 1:
            self._shift = self._skew_ms = 0
        for given, tick in enumerate(self._misbehaving(self._from(number + self._shift)), number):
            tick.seq = given
            yield tick

    def _from(self, first: int) -> Iterator[Tick]:
        """The sessions' own ticks, joined, from number `first` on."""
        if len(self._sessions) == 1:
            yield from self._sessions[0].ticks(first)
            return
        streams = (_of(session, index) for index, session in enumerate(self._sessions))
        yield from islice(merge(*streams, key=lambda tick: tick.exch_ms), first - 1, None)

    def _misbehaving(self, stream: Iterator[Tick]) -> Iterator[Tick]:
        """Pass `stream` on, and do what was commanded meanwhile."""
        for tick in stream:
            if not self._faults and not self._skew_ms:
                yield tick
            else:
                tick.exch_ms += self._skew_ms
                yield from self._distorted(tick, stream)

    def _distorted(self, tick: Tick, stream: Iterator[Tick]) -> Iterator[Tick]:
        """Give out `tick` as the oldest waiting fault wants it; a fault for another instrument waits."""
        fault = self._faults[0] if self._faults else None
        symbol = self.instruments[tick.instrument].symbol
        if fault is None or fault.symbol not in {"", symbol}:
            yield tick
            return
        self._count_down(fault)
        match fault.kind:
            case "drop":
                self._shift += 1
            case "stall":
                yield from self._silent_until(tick.exch_ms + fault.amount * 1000, stream)
            case "duplicate":
                self._shift -= 1
                yield from (tick, replace(tick))
            case "reorder":
                following = next(stream, None)
                yield from (tick,) if following is None else (following, tick)
            case "skew":
                self._skew_ms = fault.amount
                yield tick
            case "jump":
                tick.price += tick.price * 30 // 100
                yield tick
            case "bad_price":
                tick.price = PRICE_NAN
                yield tick

    def _count_down(self, fault: Fault) -> None:
        once = fault.kind in {"stall", "skew"}
        left = 0 if once else fault.amount - 1
        if left > 0:
            self._faults[0] = replace(fault, amount=left)
        else:
            self._faults.popleft()

    def _silent_until(self, until_ms: int, stream: Iterator[Tick]) -> Iterator[Tick]:
        """Say nothing until the session has come to `until_ms`, however much is traded."""
        self._shift += 1
        for tick in stream:
            if tick.exch_ms >= until_ms:
                yield tick
                return
            self._shift += 1

    def fraction_read(self) -> float:
        """All of it: the days are drawn at once."""
        return 1.0

    def count(self) -> int:
        """How many ticks the sessions have."""
        return sum(session.count() for session in self._sessions)

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose exchange time is ≤ `at_ms` (UTC); 0 if there is none."""
        return max(0, sum(session.number_at(at_ms) for session in self._sessions) - self._shift)


def _of(session: MockSession, index: int) -> Iterator[Tick]:
    for tick in session.ticks():
        tick.instrument = index
        yield tick
