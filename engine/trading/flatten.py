"""Getting out of everything: the emergency flat and the daily loss limit. Works without ticks and without a strategy."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.config import RiskConfig
from engine.model.broker_events import Holdings
from engine.model.events import CommandRefused, FlatChanged, ReadHoldings
from engine.model.types import Instrument
from engine.trading.flatten_state import FLAT_LOCK
from engine.trading.instrument_state import InstrumentState
from engine.trading.obstacles import Obstacles
from engine.trading.positions import Position
from engine.trading.session import closed_among
from engine.trading.trading_state import TradingState

FIRST_PRICE_MS: Final = 5_000  # so long behind an opening a flat waits for the first price of the session
_MOST_ORDERS = 1_000


class Push(Struct, frozen=True):
    """When a flat is pushed on; whether the broker may be asked, and whether anything is held by our own book."""

    now_ms: int
    closed_until_ms: int
    ask: bool
    holds: bool


class Flattener:
    """Drives the flat job: lock, close every position at once, ask the broker until it says that nothing is left.

    `began` is told when one begins.
    """

    def __init__(self, state: TradingState, risk: RiskConfig, began: Callable[[], None]) -> None:
        self._state = state
        self._began = began
        self._least_day_pnl = -risk.max_daily_loss
        self._obstacles = Obstacles(state)
        self._told_blind: set[int] = set()  # instruments: an order that is refused is made again and again

    def begin(
        self, reason: str, exit_reason: str, now_ms: int, closed_until_ms: int = 0, *, anyway: bool = False
    ) -> None:
        """Start the job, or say that the request joins the running one; `anyway`: a closed market does not hold it."""
        state = self._state
        if not state.flat.begin(reason, exit_reason):
            if anyway and not state.flat.anyway:
                state.flat.anyway = True
                self.push(now_ms)
            else:
                state.effects.append(CommandRefused("flat", f"joins the running one ({state.flat.reason})"))
            return
        state.flat.anyway = anyway
        self._told_blind.clear()
        self._obstacles.begin(now_ms)
        self._began()
        state.gate.locked = f"{FLAT_LOCK}{reason}"
        state.effects.append(FlatChanged("LOCKED", reason, now_ms))
        state.entries("locked", state.gate.locked, now_ms)
        self.push(now_ms, closed_until_ms=closed_until_ms)

    def forget(self) -> None:
        """The state is another one: its time begins anew, and nothing was told of it."""
        self._told_blind.clear()
        self._obstacles.begin(0)

    def arm(self, now_ms: int, *, armed: bool) -> None:
        """Lock entries while the plan of a flat is looked at; they stay locked when it is closed again."""
        state = self._state
        if not state.flat.arm(armed=armed):
            return
        if armed and not state.gate.locked:
            state.gate.locked = "flat armed"
            state.entries("locked", "flat armed", now_ms)
        state.effects.append(FlatChanged(state.flat.state, "plan open" if armed else "plan closed", now_ms))

    def push(self, now_ms: int, *, ask: bool = False, closed_until_ms: int = 0) -> bool:
        """Order what is still to be closed; whether there was anything to do.

        Once our own portfolio is empty `ask` the broker (once a beat, no oftener). Nothing is sent to a market that is
        proven to be closed, before it opens at `closed_until_ms`; where that says that some of several are closed, what is
        held there waits until the rest is out.
        """
        state = self._state
        flat = state.flat
        if not flat.running:
            return False
        told = len(state.effects)
        holds = any(state.portfolio.net(inst.index) for inst in state.instrument_states)
        if holds and (held := self._obstacles.hold(now_ms, closed_until_ms)) is not None:
            return held
        if self._obstacles.rests(now_ms):
            return False
        moved = self._work(Push(now_ms, closed_until_ms, ask, holds))
        if len(state.effects) > told:
            self._obstacles.tried(now_ms)
        if flat.running:
            self._obstacles.judge(now_ms)
        return moved or len(state.effects) > told

    def _work(self, push: Push) -> bool:
        """Do what is next; whether it is at another state by it."""
        state, flat, now_ms = self._state, self._state.flat, push.now_ms
        if flat.state == "LOCKED":
            self._cancel_entries(now_ms)
        closed = () if flat.anyway else closed_among(state.all_hours, push.closed_until_ms)
        for inst, position in state.held():
            if closed and inst.hours in closed:
                continue
            self._close(inst, position, now_ms)
        moved = flat.advance(holds=push.holds, working=len(state.orders) > 0)
        if moved:
            self._tell_state(now_ms)
        if push.ask and flat.state == "VERIFYING":
            state.effects.append(ReadHoldings())
        return moved

    def _tell_state(self, now_ms: int) -> None:
        """Tell what it is at, and the state beneath a trouble, too: whoever folds the journal must know it."""
        flat = self._state.flat
        told_as = (flat.state, flat.trouble) if flat.trouble else (flat.state,)
        self._state.effects.extend(FlatChanged(each, flat.reason, now_ms) for each in told_as)

    def _close(self, inst: InstrumentState, position: Position, now_ms: int) -> None:
        """Close a leg; right after an opening wait a moment for a price of this session, without one it is closed BLIND."""
        state, flat = self._state, self._state.flat
        since_ms = inst.unpriced_since_ms(now_ms)
        left = position.quantity - position.exiting
        if left <= 0 or (since_ms and not flat.anyway and now_ms - since_ms < FIRST_PRICE_MS):
            return
        if since_ms and inst.index not in self._told_blind:
            self._told_blind.add(inst.index)
            state.tell_blind(inst, left, flat.exit_reason, now_ms)
        most = largest_order(inst.instrument, position.quantity)
        state.close(inst, position, inst.last_price, now_ms, flat.exit_reason, most=most, blind=since_ms > 0)

    def _cancel_entries(self, now_ms: int) -> None:
        state = self._state
        if entries := state.orders.withdraw_entries():
            state.flat.state = "CANCELLING"
            state.effects.append(FlatChanged("CANCELLING", state.flat.reason, now_ms))
            state.effects.extend(entries)

    def verify(self, holdings: Holdings, now_ms: int) -> None:
        """Take the broker's own word of what is held."""
        flat = self._state.flat
        if flat.verify(holdings):
            self._state.effects.append(FlatChanged("FLAT", flat.reason, now_ms))

    def unlock(self, now_ms: int) -> None:
        """Lift lock and halt, unless a flat is running."""
        state = self._state
        if state.flat.running:
            state.effects.append(CommandRefused("unlock", "a flat is running"))
            return
        state.gate.locked = state.gate.halted = ""
        state.flat.reset()
        state.entries("unlocked", "operator", now_ms)

    def judge_daily_loss(self, now_ms: int) -> None:
        """Go flat when the day's result, open positions included, has reached the limit; a lock alone does not hinder it."""
        state = self._state
        if state.flat.running or state.flat.state == "FLAT":
            return
        day_pnl = state.portfolio.day_realised + self._untold()
        for inst, _ in state.held():
            day_pnl += state.portfolio.open_pnl(inst.index, inst.last_price)
        if day_pnl <= self._least_day_pnl:
            self.begin(f"daily loss {day_pnl:.2f}", "Daily Loss", now_ms)

    def _untold(self) -> Decimal:
        """What exits have won that are booked and not told: none here, for an exit is told with its fill."""
        return Decimal(0)


def largest_order(instrument: Instrument, quantity: int) -> int:
    """The largest quantity that the exchange takes in one order.

    No position is cut into more than a thousand orders: a freeze quantity that asks for that is a mistake.
    """
    return max(instrument.largest_order, -(-quantity // _MOST_ORDERS))
