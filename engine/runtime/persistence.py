"""What a run leaves behind: events and the account in the journal, ticks' marks in the recording. Decides nothing."""

import sys
from collections.abc import Callable
from typing import Final

from engine.model import events
from engine.model.marks import Mark, StartMark, StateMark
from engine.model.order_requests import LogIn, ReadRequest
from engine.model.order_rows import PartFilled
from engine.model.ports import Journal, Recorder, Rolling
from engine.model.state import as_text, state_hash
from engine.runtime.exits import Exits
from engine.trading.trader import Trader

_MOVES_THE_ACCOUNT = (
    events.FillBooked,
    events.TradeClosed,
    events.OrderRejected,
    events.OrderCancelled,
    events.EntriesChanged,
    events.FlatChanged,
    events.DayStarted,
    events.OperatorActed,
    PartFilled,
)
# What is only asked has no row: what was read has told already, and after a restart all of it is asked anew.
_ASKED: Final = events.ReadHoldings | ReadRequest | LogIn
# What is kept is bounded by the second, not by how much happens: the rows after the newest account tell the rest.
_LEVELS_NS: Final = 250_000_000  # between two looks at levels
_LEVELS_A_LOOK: Final = 5  # positions; the next look begins with those that are left
_BYTES_PER_S: Final = 8_000  # of accounts as wholes; the next one waits until the last is paid for
_PRICES_NS: Final = 5_000_000_000  # between two accounts that are only kept for their prices, at least
_PRICES_COST: Final = 4  # and of the time that the account itself is paid for with
_PRICES_MOST_NS: Final = 60_000_000_000
_TURN_OVER_NS: Final = 60_000_000_000  # between two looks whether the journal's month is over
_FIELDS_BYTES, _INSTRUMENT_BYTES, _POSITION_BYTES = 1_500, 28, 400  # about, of an account in a row
WHOLE_INSTRUMENTS: Final = 10  # with more instruments a checkpoint covers the account and this many of them, in turn


class Persistence:
    """Hands events to the journal and marks to the recorder; every call comes within the turn.

    `keeps_account`: the journal also gets the account as a whole, so that the next run can take it over: at the start,
    and on a beat when it has changed. A replay's need not. `begun`: there is nothing to keep before anything else.
    """

    def __init__(
        self, trader: Trader, exits: Exits, journal: Journal | None, recorder: Recorder | None, *, keeps_account: bool
    ) -> None:
        self._trader = trader
        self._exits = exits
        self._journal = journal
        self._recorder = recorder
        self._keeps_account = keeps_account and journal is not None
        self.begun = not self._keeps_account
        self._changed = False
        self._checkpoints = 0
        self._account_due_ns = self._levels_due_ns = self._prices_due_ns = self._turn_over_due_ns = 0
        self._levels_from = 0  # the instrument that the next look begins with
        self._levels: dict[int, tuple[int, int | None, int]] = {}  # of what is held, as the journal has them
        self._prices: dict[int, int] = {}  # of what was held when the account was kept

    def keep(self, event: events.AnyEvent) -> int:
        """Put `event` into the journal; the number of its row, 0 where it gets none."""
        row = 0
        if self._journal is not None and not isinstance(event, _ASKED):
            row = self._journal.write(event)
            if isinstance(event, _MOVES_THE_ACCOUNT):
                self._changed = self._keeps_account
                if isinstance(event, events.FillBooked | PartFilled) and event.position is not None:
                    held = event.position
                    self._levels[held.instrument] = (held.highest, held.trail_stop, held.taken)
        return row

    def account(self, now_ms: int) -> None:
        """Put the account into the journal at once, where an event has changed it since the last time."""
        if self._changed and self._journal is not None:
            self._changed, self.begun = False, True
            self._prices = self._held_prices()
            self._journal.write(self._kept(now_ms))

    def renew(self, now_ms: int) -> None:
        """Others have taken the journal away: another begins, with the account as it is."""
        if self._journal is not None:
            self._changed, self.begun = False, True
            self._prices = self._held_prices()
            self._levels.clear()
            self._journal.renew(self._kept(now_ms) if self._keeps_account else None)

    def close(self, outcome: str, now_ms: int, *, fault: bool) -> None:
        """The run has ended, and how: the journal is closed."""
        if self._journal is not None:
            account = self._kept(now_ms) if self._keeps_account else None
            self._journal.close(outcome, fault=fault, account=account)

    def begin_account(self, now_ms: int) -> None:
        """Put the account into the journal as it is: what comes later is followed from there.

        A replay's as well, which nobody takes over: it names the instruments and, once it went back, the day.
        """
        self._changed = self._journal is not None
        self.account(now_ms)

    def beat(self, now_ns: int, now_ms: int) -> None:
        """Keep what is due at `now_ns` (monotonic): levels that have moved, the account where it or its prices changed."""
        if not self._keeps_account:
            return
        if now_ns >= self._levels_due_ns:
            self._levels_due_ns = now_ns + _LEVELS_NS
            self.levels(_LEVELS_A_LOOK)
        if now_ns >= self._turn_over_due_ns:
            self._turn_over_due_ns = now_ns + _TURN_OVER_NS
            self._turn_over(now_ms)
        if now_ns < self._account_due_ns:
            return
        if now_ns >= self._prices_due_ns and self._levels:
            self._changed = self._changed or self._prices != self._held_prices()
        if self._changed:
            self.account(now_ms)
            instruments = len(self._trader.state.instrument_states)
            size = _FIELDS_BYTES + _INSTRUMENT_BYTES * instruments + _POSITION_BYTES * len(self._prices)
            paid_ns = size * 1_000_000_000 // _BYTES_PER_S
            self._account_due_ns = now_ns + paid_ns
            self._prices_due_ns = now_ns + min(max(_PRICES_NS, _PRICES_COST * paid_ns), _PRICES_MOST_NS)

    def _turn_over(self, now_ms: int) -> None:
        """Let the journal's next file begin once a month, while nothing is open, with the account in it."""
        state = self._trader.state
        if self._journal is None or len(state.orders) or state.flat.running:
            return
        if not any(state.portfolio.net(inst.index) for inst in state.instrument_states) and self._journal.turn_over():
            self.begin_account(now_ms)

    def _kept(self, now_ms: int) -> events.StateKept:
        """The account as a whole, and beside what decides its statistics."""
        return self._exits.statistics.keep(self._trader.state.keep(now_ms))

    def _held_prices(self) -> dict[int, int]:
        return {inst.index: inst.last_price for inst, _ in self._trader.state.held()}

    def levels(self, most: int = sys.maxsize) -> None:
        """Put the levels of open positions into the journal, where they have moved since the last time; of `most` of them."""
        if not self._keeps_account or self._journal is None:
            return
        state = self._trader.state
        positions = state.portfolio.positions
        for index in (*range(self._levels_from, len(positions)), *range(self._levels_from)):
            position = positions[index]
            if position is None:
                self._levels.pop(index, None)
                continue
            levels = (position.highest, position.trail_stop, position.taken)
            if self._levels.get(index) != levels:
                if not most:
                    self._levels_from = index
                    return
                most -= 1
                self._levels[index] = levels
                held = state.told(index)
                assert held is not None
                self._journal.write(events.LevelsMoved(held))

    def begin_file(self, recorder: Rolling, position: int, change: Callable[[], None] = lambda: None) -> None:
        """Go on in the next file of `recorder`: the old one ends with a checkpoint, the new one begins with the whole state.

        What `change` does to the state lies between the two.
        """
        state = self._trader.state
        self.checkpoint(position)
        change()
        recorder.go_on(position)
        self.begin_desk()
        kept = self._kept(0)
        count = len(state.instrument_states)
        for first in range(0, count, WHOLE_INSTRUMENTS):
            fields = as_text(state.dump(range(first, min(first + WHOLE_INSTRUMENTS, count))))
            recorder.mark(StartMark(kept, fields))
        self.checkpoint(position)

    def begin_desk(self) -> None:
        """Say in the recording with what the desk of a run at a real broker begins, where there is one."""
        orders = self._trader.state.orders
        if orders.kind == "real" and self._recorder is not None:
            for each in orders.begin_recording():
                self._recorder.mark(each)

    def mark(self, mark: Mark) -> None:
        """Keep `mark` in the recording."""
        if self._recorder is not None:
            self._recorder.mark(mark)

    def checkpoint(self, ticks: int) -> None:
        """Keep the hash of the deciding state, and its fields, in the recording at this place."""
        if self._recorder is None:
            return
        count = len(self._trader.state.instrument_states)
        chosen = range(count)
        if count > WHOLE_INSTRUMENTS:
            first = self._checkpoints * WHOLE_INSTRUMENTS % count
            chosen = range(first, min(first + WHOLE_INSTRUMENTS, count))
        self._checkpoints += 1
        fields = self._trader.state.dump(chosen)
        self._recorder.mark(StateMark(ticks, state_hash(fields), as_text(fields)))
