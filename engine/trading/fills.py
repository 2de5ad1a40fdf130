"""What the broker says, booked: fills and rejections into positions, cash, memory. Asks for no new order itself."""

from collections.abc import Callable

from msgspec.structs import replace

from engine.model.broker_events import BrokerEvent, Cancelled, Filled, Holdings, Rejected
from engine.model.events import FillBooked, OrderCancelled, OrderRejected, TradeClosed
from engine.model.types import Fill, Order
from engine.trading.costs import Kinds
from engine.trading.flatten import Flattener
from engine.trading.instrument_state import InstrumentState
from engine.trading.orders.open_orders import Orders
from engine.trading.positions import STOP_LOSS, Position
from engine.trading.trading_state import TradingState


class FillHandler:
    """Takes broker events; `judge_entry` puts a fresh entry through the exits (instrument, position, decided price, ms).

    `opened` is told of each position that was bought.
    """

    def __init__(
        self,
        state: TradingState,
        orders: Orders,
        flattener: Flattener,
        judge_entry: Callable[[InstrumentState, Position, int, int], None],
        opened: Callable[[InstrumentState, Position], None],
    ) -> None:
        self._state = state
        self._orders = orders
        self._flattener = flattener
        self._judge_entry = judge_entry
        self._opened = opened

    def take(self, event: BrokerEvent, now_ms: int) -> None:
        """Book what the broker says."""
        match event:
            case Filled():
                orders = self._orders
                blind, before = orders.is_blind(event.fill.order), orders.filled(event.fill.order)
                kinds = self._state.portfolio.charge(event.fill, before)
                order = orders.on_fill(event.fill)
                if event.fill.side == "BUY":
                    self._bought(event.fill, order, kinds)
                else:
                    self._sold(event.fill, order.reason if order else "External", kinds, blind=blind)
            case Rejected():
                closed = self._close(event.order)
                if closed is not None:
                    self._state.effects.append(OrderRejected(event.order, closed.instrument, event.reason))
            case Cancelled():
                closed = self._close(event.order)
                if closed is not None:
                    self._state.effects.append(OrderCancelled(event.order, closed.instrument))
            case Holdings():
                self._flattener.verify(event, now_ms)

    def _bought(self, fill: Fill, order: Order | None, kinds: Kinds) -> None:
        state = self._state
        inst = state.instrument_states[fill.instrument]
        decided = self._decided(inst, order) if order else fill.price
        if state.position(inst) is None:
            inst.entered_at = inst.taken
        position = state.portfolio.buy(fill, decided, kinds)
        state.effects.append(FillBooked(fill, position.state(inst.index), str(state.portfolio.cash), kinds))
        inst.strategy.on_entry()
        self._opened(inst, position)
        if not state.flat.running:
            self._judge_entry(inst, position, decided, fill.at_ms)

    @staticmethod
    def _decided(inst: InstrumentState, order: Order) -> int:
        """The tick price that `order` was decided at; once another tick has come, near enough: off the grid it was rounded."""
        tick = inst.last_tick
        return inst.last_price if tick and tick.seq == order.tick_seq else order.price - inst.levels.slippage

    def _sold(self, fill: Fill, reason: str, kinds: Kinds, *, blind: bool) -> None:
        state = self._state
        inst = state.instrument_states[fill.instrument]
        held_before = state.position(inst)
        own_stop = held_before is not None and held_before.stopped_by_operator(reason)
        trade = state.portfolio.sell(fill, reason, kinds, blind=blind)
        left = state.position(inst)
        held = left.state(inst.index) if left else None
        if left is None:
            inst.held_ticks += inst.taken - inst.entered_at
        state.effects.append(FillBooked(fill, held, str(state.portfolio.cash), kinds))
        if trade is not None:
            if own_stop:
                trade = replace(trade, operator_stop=True)
            inst.strategy.on_exit(stop_loss=trade.reason == STOP_LOSS)
            state.effects.append(TradeClosed(trade))

    def _close(self, number: int) -> Order | None:
        """Let an exit be judged again, and a whole entry give its place in the day back; the order, None = not open."""
        state = self._state
        closed = self._orders.close(number)
        if closed is None:
            return None
        order, left = closed
        untouched = left == order.quantity
        position = state.portfolio.positions[order.instrument]
        if order.side == "SELL" and position is not None:
            position.undo(left, order.target if untouched else -1)
        elif order.side == "BUY" and untouched:
            state.gate.day_entries = max(0, state.gate.day_entries - 1)
        return order
