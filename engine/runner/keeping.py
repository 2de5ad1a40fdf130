"""What a run leaves behind: facts and the account in the journal, ticks' marks in the recording. Decides nothing."""

from typing import Final

from engine.messages import (
    DayStarted,
    EntriesChanged,
    EventMark,
    Fact,
    FillBooked,
    FlatChanged,
    InputMark,
    LevelsMoved,
    OrderRejected,
    ReadHoldings,
    StartMark,
    StateKept,
    StateMark,
    TradeClosed,
    TraderCommand,
)
from engine.ports import Journal, Recorder
from engine.state import as_text, state_hash
from engine.trader import Trader

_UNJOURNALLED = (ReadHoldings,)
_MOVES_THE_ACCOUNT = (FillBooked, TradeClosed, OrderRejected, EntriesChanged, FlatChanged, DayStarted)
_ACCOUNT_EVERY_NS: Final = 5_000_000_000
WHOLE_DESKS: Final = 10  # with more instruments a checkpoint covers the account and this many of them, in turn


class Keeper:
    """Hands facts to the journal and marks to the recorder; every call comes within the turn.

    `keeps_account`: the journal also gets the account as a whole after each change of it, so that the next run can
    take it over. A replay's need not.
    """

    def __init__(
        self, trader: Trader, journal: Journal | None, recorder: Recorder | None, *, keeps_account: bool
    ) -> None:
        self._trader = trader
        self._journal = journal
        self._recorder = recorder
        self._keeps_account = keeps_account and journal is not None
        self._changed = False
        self._checkpoints = 0
        self._account_due_ns = 0
        self._levels: dict[int, tuple[int, int | None, int]] = {}

    def fact(self, fact: Fact) -> None:
        """Put `fact` into the journal."""
        if self._journal is not None and not isinstance(fact, _UNJOURNALLED):
            self._journal.write(fact)
            if isinstance(fact, _MOVES_THE_ACCOUNT):
                self._changed = self._keeps_account

    def account(self, now_ms: int) -> None:
        """Put the account into the journal, where a fact has changed it since the last time."""
        if self._changed and self._journal is not None:
            self._changed = False
            self._journal.write(self._trader.keep(now_ms))

    def begin_account(self, now_ms: int) -> None:
        """Put the account into the journal as it is at the start: what comes later is followed from there."""
        self._changed = self._keeps_account
        self.account(now_ms)

    def beat(self, now_ns: int, now_ms: int) -> None:
        """Keep levels that have moved; while something is held also the whole account, every few seconds, with its prices."""
        self.levels()
        if self._levels and now_ns >= self._account_due_ns:
            self._account_due_ns = now_ns + _ACCOUNT_EVERY_NS
            self._changed = True
            self.account(now_ms)

    def levels(self) -> None:
        """Put the levels of open positions into the journal, where they have moved since the last time."""
        if not self._keeps_account or self._journal is None:
            return
        for index, position in enumerate(self._trader.state.book.positions):
            if position is None:
                self._levels.pop(index, None)
                continue
            levels = (position.highest, position.trail_stop, position.taken)
            if self._levels.get(index) != levels:
                self._levels[index] = levels
                self._journal.write(LevelsMoved(position.state(index)))

    def begin(self, kept: StateKept) -> None:
        """Note in the recording what the trader took over from the run before."""
        if self._recorder is not None:
            self._recorder.mark(StartMark(kept))

    def event(self, ticks: int, kind: str, text: str, at_ms: int) -> None:
        """Keep an event in the recording at this place."""
        if self._recorder is not None:
            self._recorder.mark(EventMark(ticks, kind, text, at_ms))

    def given(self, ticks: int, command: TraderCommand | None, at_ms: int) -> None:
        """Keep in the recording that the trader was given a command, or a beat (None) that did something."""
        if self._recorder is not None:
            self._recorder.mark(InputMark(ticks, command, at_ms))

    def checkpoint(self, ticks: int) -> None:
        """Keep the hash of the deciding state, and its fields, in the recording at this place."""
        if self._recorder is None:
            return
        count = len(self._trader.state.desks)
        chosen = range(count)
        if count > WHOLE_DESKS:
            first = self._checkpoints * WHOLE_DESKS % count
            chosen = range(first, min(first + WHOLE_DESKS, count))
        self._checkpoints += 1
        fields = self._trader.dump(chosen)
        self._recorder.mark(StateMark(ticks, state_hash(fields), as_text(fields)))
