"""Taking up another state: one of an earlier tick of a replay, or the account of an earlier run. Within the turn."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from engine.model.clock import Clock, VirtualClock
from engine.model.events import StateKept
from engine.model.state import Fields
from engine.runtime.cursor import Cursor
from engine.runtime.exits import Exits
from engine.trading.trader import Trader


class OperatorGate(Struct):
    """What the operator, not a rule, has paused or locked: going back in time is no way round the typed unlock."""

    paused: bool = False
    locked: str = ""


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
        state.load_told(fields)
        self._exits.go_back(fields, state.portfolio.trades)
        self.hold_what_is_booked()

    def take_over(self, kept: StateKept) -> tuple[str, ...]:
        """Go on with the account of an earlier run, before the first event; lines on what is otherwise now.

        Raises ValueError, as `TradingState.restore` does.
        """
        state = self._trader.state
        told = self._trader.state.restore(kept)
        self._exits.begin_after(state.portfolio.trades)
        self._follow(kept)
        self._operator.paused = state.gate.paused
        self.hold_what_is_booked()
        return told

    def carry_on(self, fields: Fields, kept: StateKept) -> None:
        """Go on with the whole state of a run that was recorded up to here elsewhere, with its account; raises what wrong fields cause."""
        self._trader.load(fields)
        self._exits.begin_after(self._trader.state.portfolio.trades)
        self._follow(kept)
        self.hold_what_is_booked()

    def _follow(self, kept: StateKept) -> None:
        """Go on with the statistics of the account, under the instruments' present numbers."""
        self._exits.statistics.take_over(kept)
        self._exits.statistics.take(self._trader.state.keep(kept.at_ms))

    def hold_what_is_booked(self) -> None:
        """Have the simulated broker hold what the portfolio has of each instrument that is listed."""
        portfolio = self._trader.state.portfolio
        self._hold([portfolio.net(index) for index in range(len(portfolio.positions))])
