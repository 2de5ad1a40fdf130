"""Generated sessions of one or more instruments as one source, which misbehaves on command. Knows no pace and no thread."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.model.commands import Fault
from engine.model.errors import InputError
from engine.model.sources import Undamaged
from engine.model.types import PRICE_NAN, Instrument, Tick
from engine.text.sanitize import clean
from engine.venues.simulated.generator import MockSession

Draw = Callable[[str, int], MockSession]
_NEVER_MS: Final = 1 << 62


class FaultySource(Undamaged):
    """Joins sessions by the exchange's time into one stream; without faults a single session comes out unchanged.

    `misbehave` may be called from any thread: it takes effect with the next tick. What was dropped or repeated shifts
    the numbers of all that follows, so a run that was given faults only goes forward.
    """

    generated = True

    def __init__(self, sessions: tuple[MockSession, ...], draw: Draw | None = None) -> None:
        """`draw` makes the session of a further symbol, the given number of those before it; None: there are none."""
        more = len(sessions) - 1
        self.name = clean(sessions[0].name + (f" and {more} more" if more else ""))
        self.zone = sessions[0].zone
        self.instruments = tuple(session.instruments[0] for session in sessions)
        self._sessions = tuple(_Part(session, index) for index, session in enumerate(sessions))
        self._draw = draw
        self._first = len(sessions)  # how many there were at the start: those behind them have seeds of their own
        self._drawn: dict[str, MockSession] = {}  # what was found and is perhaps not followed
        self._wanted: deque[tuple[Instrument, ...]] = deque()  # lists to go by, of which the newest holds
        self._given_ms = 0  # the session's time of the newest tick that was given out
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

    def find(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """The instruments of `symbols`, with a session of this day for each; raises UserError."""
        if self._draw is None:
            raise InputError("the instruments of this source cannot be changed while it runs")
        for symbol in symbols:
            if symbol not in self._drawn:
                self._drawn[symbol] = self._draw(symbol, self._first + len(self._drawn))
        return tuple(self._drawn[symbol].instruments[0] for symbol in symbols)

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Give the ticks of these from the next tick on: of what `find` has added from then on, of what is `removed` no more."""
        self._wanted.append(instruments)
        if not self._given_ms:
            self._adopt()

    def _adopt(self) -> None:
        """Go by the newest list behind the newest tick, so that the numbers of those given out stay as they were."""
        while self._wanted:
            wanted = self._wanted.popleft()
            parts, at_ms = list(self._sessions), self._given_ms
            for index in range(len(self.instruments), len(wanted)):
                session = self._drawn[wanted[index].symbol]
                parts.append(_Part(session, index, at_ms, _NEVER_MS if not wanted[index].removed else at_ms))
            for index, (was, now) in enumerate(zip(self.instruments, wanted, strict=False)):
                if now.removed and not was.removed:
                    parts = [each.until(at_ms) if each.index == index else each for each in parts]
                elif was.removed and not now.removed:
                    session = next(each.session for each in parts if each.index == index)
                    parts.append(_Part(session, index, at_ms))
            self._sessions, self.instruments = tuple(parts), wanted

    def _from(self, first: int) -> Iterator[Tick]:
        """The sessions' own ticks, joined, from number `first` on."""
        number = first
        while True:
            parts = self._sessions
            for tick in self._joined(parts, number):
                number += 1
                self._given_ms = tick.exch_ms
                yield tick
                if self._wanted:
                    self._adopt()
                if self._sessions is not parts:
                    break
            else:
                return

    @staticmethod
    def _joined(parts: tuple["_Part", ...], first: int) -> Iterator[Tick]:
        if len(parts) == 1:
            return parts[0].session.ticks(first)
        return islice(merge(*(each.ticks() for each in parts), key=lambda tick: tick.exch_ms), first - 1, None)

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
        return sum(part.number_at(_NEVER_MS) for part in self._sessions)

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose exchange time is ≤ `at_ms` (UTC); 0 if there is none."""
        return max(0, sum(part.number_at(at_ms) for part in self._sessions) - self._shift)


class _Part(Struct, frozen=True):
    """The ticks of `session` between two times (ms, the first exclusive), which are those of instrument `index`."""

    session: MockSession
    index: int
    after_ms: int = 0
    until_ms: int = _NEVER_MS

    def until(self, at_ms: int) -> "_Part":
        """The same, no longer than to `at_ms`."""
        return replace(self, until_ms=min(self.until_ms, at_ms))

    def ticks(self) -> Iterator[Tick]:
        """All of them."""
        for tick in self.session.ticks(self.session.number_at(self.after_ms) + 1 if self.after_ms else 1):
            if tick.exch_ms > self.until_ms:
                return
            tick.instrument = self.index
            yield tick

    def number_at(self, at_ms: int) -> int:
        """How many of them are no later than `at_ms`."""
        session, at_ms = self.session, min(at_ms, self.until_ms)
        count = session.count() if at_ms == _NEVER_MS else session.number_at(at_ms)
        return max(0, count - (session.number_at(self.after_ms) if self.after_ms else 0))
