"""What becomes of a signal: an order to buy, or the reason why not. Asked for each signal, not for each tick."""

from engine.config import RiskConfig
from engine.model.events import InstrumentWarned
from engine.model.types import FLAG_LATE
from engine.trading.data_quality import BAD_TICKS, DataQualityMonitor
from engine.trading.instrument_state import InstrumentState
from engine.trading.operator_actions import BARRED
from engine.trading.protection import idle_limit, idle_rules
from engine.trading.reach import NO_LOT, NO_WINDOW, WATCH_ONLY
from engine.trading.risk import Sizing
from engine.trading.session import SessionDay
from engine.trading.trading_state import TradingState


class EntryHandler:
    """Follows signals, as far as nothing speaks against it."""

    __slots__ = ("_data_quality", "_max_daily_loss", "_refuses_unprotected", "_sizing", "_state")

    def __init__(self, state: TradingState, risk: RiskConfig, data_quality: DataQualityMonitor) -> None:
        self._state = state
        self._data_quality = data_quality
        self._sizing = Sizing(risk)
        self._max_daily_loss = risk.max_daily_loss
        self._refuses_unprotected = risk.unprotected == "refuse"

    def follow(self, inst: InstrumentState, price: int, now_ms: int, day: SessionDay) -> None:
        """Follow the signal, or say why not."""
        state = self._state
        objection = self._objection(inst, now_ms, day) or inst.strategy.objection(price) or state.orders.objection()
        if not objection:
            limit = inst.buy_price(price)
            costs = state.costs.by_instrument[inst.index]
            affordable = self._sizing.quantity(state.free_cash(), limit, inst.instrument, costs, now_ms)
            quantity = state.orders.most(inst.index, affordable, limit)
            idle = idle_rules(inst.levels, inst.instrument, limit)
            unprotected = (*idle.protect, *self._idle_limit())
            if quantity and not (unprotected and self._refuses_unprotected):
                inst.objection = ""
                inst.refusals.entered()
                state.reach.followed += 1
                for text in (*unprotected, *idle.targets):
                    state.effects.append(InstrumentWarned(inst.index, text, now_ms))
                inst.entered_on = (inst.strategy.green, inst.strategy.values())
                state.buy(inst, quantity, limit, now_ms)
                return
            objection = f"unprotected: {unprotected[0].partition(':')[0]}" if quantity else _no_lot(affordable)
        state.reach.object(objection)
        if objection != inst.objection:
            self._data_quality.on_objection(inst, objection, now_ms)

    def _objection(self, inst: InstrumentState, now_ms: int, day: SessionDay) -> str:
        if inst.instrument.watch_only:
            return WATCH_ONLY
        if inst.index in self._state.gate.barred:
            return BARRED
        # Not `now_ms` alone: a tick that is late by less than `max_backwards_ms` must not open the day again.
        if not day.entry_from_ms <= now_ms < day.entry_until_ms or inst.tick_filter.newest_ms >= day.exit_from_ms:
            return NO_WINDOW
        if inst.last_tick is not None and inst.last_tick.flags & FLAG_LATE:
            return "the price is late"
        if inst.tick_filter.halted:
            return f"halted: {BAD_TICKS}"
        if waits := self._state.orders.entry_objection(inst.index):
            return waits
        return self._state.gate.objection()

    def _idle_limit(self) -> tuple[str, ...]:
        """Why the daily loss limit could never act, where there is one and it could not."""
        if self._max_daily_loss <= 0:
            return ()
        book = self._state.portfolio
        worth = book.cash + sum(book.open_value(inst.index, inst.last_price) for inst, _ in self._state.held())
        text = idle_limit(self._max_daily_loss, book.day_realised, worth)
        return (text,) if text else ()


def _no_lot(affordable: int) -> str:
    """Why not one lot is bought: there is no money for it, or one order may not be so much."""
    return "a lot is more than live.max_order_value" if affordable else NO_LOT
