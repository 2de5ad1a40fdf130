"""What came of orders at a real broker, booked: quantities at once, the trade and its costs once an order is over."""

from collections.abc import Callable
from typing import Final, assert_never

from msgspec.structs import replace

from engine.model.events import FillBooked, OrderCancelled, OrderRejected, TradeClosed
from engine.model.order_reports import Accepted
from engine.model.order_requests import Purpose
from engine.model.order_rows import Adopted, Booked, ClosedOthers, Ended, External, OrderWarned, PartFilled
from engine.model.types import Fill, PositionState
from engine.text.sanitize import CleanText
from engine.trading.costs import Kinds
from engine.trading.instrument_state import InstrumentState
from engine.trading.order_parts import OrderParts
from engine.trading.orders.blotter import Told
from engine.trading.orders.live_order import Alarm, AmendRefused, LiveOrder
from engine.trading.orders.live_orders import LiveOrders
from engine.trading.orders.others import Mismatch
from engine.trading.orders.wishes import WishOver
from engine.trading.positions import STOPS, Position
from engine.trading.trading_state import TradingState

_REFUSED: Final = frozenset({"REFUSED", "REJECTED", "NOT_PLACED"})
_NOT_PLACED: Final = CleanText("it was not placed")


class LiveFills:
    """`judge_entry` and `opened` as for `FillHandler`."""

    def __init__(
        self,
        state: TradingState,
        orders: LiveOrders,
        judge_entry: Callable[[InstrumentState, Position, int, int], None],
        opened: Callable[[InstrumentState, Position], None],
    ) -> None:
        self._state = state
        self._orders = orders
        self._judge_entry = judge_entry
        self._opened = opened

    def take(self, told: Told | WishOver) -> None:
        """Book it."""
        match told:
            case Booked():
                self._booked(self._orders.order(told.order), told)
            case Ended():
                self._ended(self._orders.order(told.order), told)
            case WishOver():
                self._over(told)
            case External():
                self._external(told)
            case Mismatch():
                name = self._state.instruments[told.instrument]
                ours, theirs = name.quantity_text(told.ours), name.quantity_text(told.theirs)
                self._warn(0, f"MISMATCH {name.symbol}: {ours} of ours, {theirs} at the broker")
            case Alarm():
                self._warn(told.order, told.text)
            case Adopted() | Accepted() | ClosedOthers():
                self._state.effects.append(told)  # a restart must know it
            case AmendRefused():
                return
            case _:
                assert_never(told)

    def _warn(self, order: int, text: str) -> None:
        self._state.effects.append(OrderWarned(order, text, self._orders.now_ms))

    # ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _booked(self, order: LiveOrder, told: Booked) -> None:
        """Book a part: what is held and cash follow at once."""
        parts = self._orders.parts.setdefault(order.number, OrderParts())
        fill = Fill(order.number, order.instrument, order.side, told.quantity, told.price, self._orders.now_ms)
        inst = self._state.instrument_states[order.instrument]
        if order.side == "BUY":
            self._bought(inst, order, fill, parts)
        else:
            self._sold(inst, order.reason, fill, parts)
        if told.late:  # nothing else tells of its end
            self._complete(order, parts.turnover)

    def _bought(self, inst: InstrumentState, order: LiveOrder, fill: Fill, parts: OrderParts) -> None:
        state, is_first = self._state, not parts.filled
        if state.position(inst) is None:
            inst.entered_at = inst.taken
        kinds = state.portfolio.charge(fill, parts.filled)
        position = state.portfolio.buy(fill, order.decided, kinds)
        parts.add(fill, kinds)
        self._tell_part(inst, fill, kinds)
        if not is_first:
            return
        inst.strategy.on_entry()
        self._opened(inst, position)
        if not state.flat.running:
            self._judge_entry(inst, position, order.decided, fill.at_ms)

    def _sold(self, inst: InstrumentState, reason: str, fill: Fill, parts: OrderParts) -> Kinds:
        state = self._state
        held = state.position(inst)
        parts.operator_stop |= held is not None and held.stopped_by_operator(reason)
        kinds = state.portfolio.charge(fill, parts.filled)
        state.portfolio.sell_part(fill, kinds, parts)
        if held is not None and state.position(inst) is None:
            inst.held_ticks += inst.taken - inst.entered_at
        self._tell_part(inst, fill, kinds)
        return kinds

    def _tell_part(self, inst: InstrumentState, fill: Fill, kinds: Kinds) -> None:
        state = self._state
        state.effects.append(PartFilled(fill, self._held(inst), str(state.portfolio.cash), kinds))

    def _held(self, inst: InstrumentState) -> PositionState | None:
        return self._state.told(inst.index)

    # ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ended(self, order: LiveOrder, told: Ended) -> None:
        """Tell what an order came to, once: what it came to exactly before that it is over, for behind that nobody asks any more."""
        effects = self._state.effects
        if told.filled:
            booked = self._orders.parts.get(order.number, OrderParts()).filled  # the rest has closed what is not ours
            self._complete(order, told.turnover * booked // told.filled)
        elif order.frees:
            order.frees = False
            self._give_back(order.instrument, order.purpose, 0, order.target)
        effects.append(told)
        if told.filled >= order.quantity:
            return
        if told.state in _REFUSED:
            effects.append(OrderRejected(order.number, order.instrument, order.said or _NOT_PLACED))
        else:
            effects.append(OrderCancelled(order.number, order.instrument))

    def _complete(self, order: LiveOrder, turnover: int) -> None:
        """Book what all of it came to exactly, and tell it with its trade."""
        state, number = self._state, order.number
        parts = self._orders.parts.pop(number, OrderParts())
        if not parts.filled:
            return
        price = max(1, (turnover + parts.filled // 2) // parts.filled)
        fill = Fill(number, order.instrument, order.side, parts.filled, price, order.filled_ms)
        kinds = state.portfolio.correct(fill, parts, turnover)
        self._tell(state.instrument_states[order.instrument], fill, parts, kinds, order.reason, blind=order.blind)

    def _tell(
        self, inst: InstrumentState, fill: Fill, parts: OrderParts, kinds: Kinds, reason: str, *, blind: bool = False
    ) -> None:
        state = self._state
        trade = state.portfolio.complete(fill, parts, reason, blind=blind) if fill.side == "SELL" else None
        exact = parts.turnover if parts.turnover != fill.price * fill.quantity else 0
        untold = self._untold(inst) if fill.side == "SELL" else 0
        state.effects.append(FillBooked(fill, self._held(inst), str(state.portfolio.cash), kinds, exact, untold))
        if trade is not None:
            if parts.operator_stop:
                trade = replace(trade, operator_stop=True)
            inst.strategy.on_exit(stop_loss=trade.reason in STOPS)
            state.effects.append(TradeClosed(trade))

    def _untold(self, inst: InstrumentState) -> int:
        """What exits of the instrument have closed that are not over."""
        orders = self._orders
        return sum(
            parts.closed for number, parts in orders.parts.items() if orders.order(number).instrument == inst.index
        )

    def _over(self, told: WishOver) -> None:
        """Let an exit be judged again where it did not come true, and an entry without any fill give its place in the day back."""
        if told.purpose == "EXIT" or not told.filled:
            left, target = max(0, told.quantity - told.filled), -1 if told.filled else told.target
            self._give_back(told.instrument, told.purpose, left, target)

    def _give_back(self, instrument: int, purpose: Purpose, left: int, target: int) -> None:
        """So much of something does not come true."""
        state = self._state
        position = state.portfolio.positions[instrument]
        if purpose == "EXIT" and position is not None:
            position.undo(left, target)
        elif purpose == "ENTRY":
            state.gate.day_entries = max(0, state.gate.day_entries - 1)

    def _external(self, told: External) -> None:
        """Somebody else closed what we held: booked as a sale of its own."""
        state = self._state
        state.effects.append(told)
        if not told.booked:
            return
        inst = state.instrument_states[told.instrument]
        fill = Fill(0, told.instrument, "SELL", told.booked, told.price, self._orders.now_ms)
        parts = OrderParts()
        kinds = self._sold(inst, told.by, fill, parts)
        self._tell(inst, fill, parts, kinds, told.by)
