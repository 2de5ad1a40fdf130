"""Taking up another state: one of an earlier tick of a replay, or the account of an earlier run.

They are kept as bytes: a fifth of the memory that a dict takes, and nobody can change them.
"""

import marshal
from bisect import bisect_right
from collections.abc import Callable, Sequence

from engine.model.clock import Clock, VirtualClock
from engine.model.events import StateKept
from engine.model.state import Fields
from engine.runtime.cursor import Cursor
from engine.runtime.exits import Exits
from engine.trading.trader import Trader

_MOST = 64  # of a session of two million ticks one each 40,000: run again in a tenth of a second
_MOST_BYTES = 64_000_000  # with a thousand instruments one state has half a megabyte


class SavedStates:
    """The deciding state after certain ticks; when they are too many or too much, every second one is forgotten."""

    def __init__(self, interval_ticks: int, most_bytes: int = _MOST_BYTES) -> None:
        self._interval = interval_ticks
        self._most_bytes = most_bytes
        self._saved: list[tuple[int, int, bytes]] = []

    def next_after(self, seq: int) -> int:
        """The tick number after which the next state is wanted."""
        return (seq // self._interval + 1) * self._interval

    def save(self, seq: int, now_ms: int, fields: Fields) -> None:
        """Put the state after tick `seq` aside, unless that one is there already."""
        if self._saved and self._saved[-1][0] >= seq:
            return
        self._saved.append((seq, now_ms, marshal.dumps(fields)))
        while len(self._saved) > 1 and (len(self._saved) > _MOST or self.size_bytes > self._most_bytes):
            self._interval *= 2
            self._saved = [saved for saved in self._saved if saved[0] % self._interval == 0]

    @property
    def size_bytes(self) -> int:
        """What all of them take together."""
        return sum(len(fields) for _, _, fields in self._saved)

    def nearest(self, seq: int) -> tuple[int, int, Fields]:
        """The newest state after `seq` ticks or fewer, as (tick number, its ms, fields); later ones are forgotten."""
        count = bisect_right(self._saved, seq, key=lambda saved: saved[0])
        del self._saved[count:]
        at_seq, now_ms, fields = self._saved[-1]
        return at_seq, now_ms, marshal.loads(fields)  # noqa: S302 - our own bytes, of this very process


class OperatorGate:
    """What the operator, not a rule, has paused or locked: going back in time is no way round the typed unlock."""

    __slots__ = ("locked", "paused")

    def __init__(self) -> None:
        self.paused = False
        self.locked = ""


class Rewind:
    """Takes up another state: trader, clock, exits, and what the simulated broker holds.

    `hold` has the simulated broker hold so much of each instrument from now on.
    """

    def __init__(
        self,
        trader: Trader,
        cursor: Cursor,
        clock: Clock,
        exits: Exits,
        operator: OperatorGate,
        hold: Callable[[Sequence[int]], None],
    ) -> None:
        self._trader = trader
        self._cursor = cursor
        self._clock = clock if isinstance(clock, VirtualClock) else None
        self._exits = exits
        self._operator = operator
        self._hold = hold

    def go_back(self, seq: int, now_ms: int, fields: Fields) -> None:
        """Take back the state after tick `seq` of a replay; what the operator locked or paused stays so."""
        state = self._trader.state
        self._trader.load(fields)
        state.gate.paused, state.gate.locked = self._operator.paused, self._operator.locked or state.gate.locked
        self._cursor.last_seq = seq
        if self._clock is not None:
            self._clock.at_ms = now_ms
        self._exits.go_back(fields, state.book.trades)
        self._hold_what_is_booked()

    def take_over(self, kept: StateKept) -> tuple[str, ...]:
        """Go on with the account of an earlier run, before the first event; lines on what is otherwise now.

        Raises ValueError, as `Trader.restore` does.
        """
        state = self._trader.state
        told = self._trader.restore(kept)
        self._exits.before = state.book.trades
        self._operator.paused = state.gate.paused
        self._hold_what_is_booked()
        return told

    def _hold_what_is_booked(self) -> None:
        book = self._trader.state.book
        self._hold([book.net(index) for index in range(len(book.positions))])
