"""The trader of a run at a real broker: the same strategy, exits and limits, over orders that live longer than a call.

What the broker says comes in as events, time as beats; what is to be sent goes out as effects. Nothing else decides.
"""

from collections.abc import Callable, Sequence
from typing import Final

from engine.config import Config
from engine.model.broker_events import BrokerEvent
from engine.model.commands import Flat, TraderCommand, Unlock
from engine.model.events import AnyEvent, Submit
from engine.model.order_reports import Accepted, NotSent, OrderAnswer, Refused, Unclear
from engine.model.order_requests import OrderRequest, PlaceOrder
from engine.model.types import FLAG_HAS_BOOK, Instrument, Order, Tick
from engine.trading.flatten import Flattener
from engine.trading.instrument_state import InstrumentState
from engine.trading.live_fills import LiveFills
from engine.trading.live_flatten import LiveFlattener
from engine.trading.orders.desk import OrderDesk
from engine.trading.orders.live_orders import LiveOrders
from engine.trading.orders.price_ladder import Quote
from engine.trading.positions import Position
from engine.trading.session import SessionDay, TradingHours
from engine.trading.trader import Trader

_KEPT: Final = (Accepted, Refused, NotSent, Unclear)  # the answers that the journal keeps
MakeDesk = Callable[[Sequence[Instrument], Callable[[int], Quote]], OrderDesk]


class LiveTrader(Trader):
    """`make_desk` is given the instruments, and whom to ask for what the feed shows of one of them."""

    __slots__ = ("_live_fills", "orders")

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        tag_prefix: str,
        hours_of: Callable[[str], TradingHours] | None,
        make_desk: MakeDesk,
    ) -> None:
        super().__init__(config, instruments, tag_prefix, hours_of)
        self.orders = self.state.orders = LiveOrders(
            make_desk(self.state.instruments, self._quote_of), self.state.portfolio.net
        )
        self.orders.desk.rest_stops(self._entry_of)
        self._live_fills = LiveFills(self.state, self.orders, self._judge_entry, self.agenda.opened)

    def _make_flattener(self, config: Config) -> Flattener:
        return LiveFlattener(self.state, config.risk, self.agenda.flat_began)

    def _quote_of(self, instrument: int) -> Quote:
        """What the feed shows, since when by our own time."""
        tick = self._instruments[instrument].last_tick
        if tick is None:
            return Quote(0)
        at_ms = tick.recv_wall_ns // 1_000_000 + self.orders.behind_ms
        return (
            Quote(at_ms, tick.bid, tick.ask, tick.price)
            if tick.flags & FLAG_HAS_BOOK
            else Quote(at_ms, last=tick.price)
        )

    def _entry_of(self, instrument: int) -> int:
        position = self.state.portfolio.positions[instrument]
        return 0 if position is None else position.entry_price

    # ── What comes in ───────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, tick: Tick) -> Sequence[AnyEvent]:
        """As for any trader; the price protection is estimated by good ticks."""
        orders = self.orders
        orders.hear(tick.recv_wall_ns // 1_000_000)
        effects = super().on_tick(tick)
        if self._instruments[tick.instrument].last_tick is tick:
            orders.desk.pursuit.pricing.traded(tick.instrument, tick.price, orders.now_ms)
        return self._with_orders(effects) if orders.touched or self.state.effects else effects

    def _exit(self, inst: InstrumentState, position: Position, price: int, now_ms: int, day: SessionDay) -> None:
        """As for any trader; a flat that runs closes all that there is, and nothing is judged beside it."""
        if not self.state.flat.running:
            super()._exit(inst, position, price, now_ms, day)

    def on_event(self, event: BrokerEvent | OrderAnswer, now_ms: int) -> Sequence[AnyEvent]:
        """Take what the broker says; who is no real one says nothing here."""
        if isinstance(event, BrokerEvent):
            return ()
        self.orders.follow(now_ms)
        if isinstance(event, _KEPT):
            self.state.effects.append(event)
        self.orders.take(event)
        return self._with_orders(())

    def on_command(
        self, command: TraderCommand, now_ms: int, closed_until_ms: int = 0, market_ms: int = 0
    ) -> Sequence[AnyEvent]:
        """As for any trader; an unlock lifts what the desk has locked, a flat that joins the running one sends what waits for a person."""
        self.orders.follow(now_ms)
        if isinstance(command, Flat):
            self.orders.release()
        effects = super().on_command(command, now_ms, closed_until_ms, market_ms)
        if isinstance(command, Unlock) and not self.state.flat.running:
            self.orders.unlock()
        return self._with_orders(effects)

    def on_beat(
        self, now_ms: int, market_ms: int = 0, closed_until_ms: int = 0, *, due: bool = False
    ) -> Sequence[AnyEvent]:
        """As for any trader, and the deadlines of orders; a beat that moves nothing leaves no trace."""
        orders, before = self.orders, (self.orders.now_ms, self.orders.behind_ms)
        orders.follow(now_ms)
        moved = orders.desk.beat(orders.now_ms)
        effects = self._with_orders(super().on_beat(now_ms, market_ms, closed_until_ms, due=due))
        self.moved = self.moved or moved or bool(effects)
        if not self.moved:
            orders.now_ms, orders.behind_ms = before
        return effects

    # ── What follows ────────────────────────────────────────────────────────────────────────────────────────────

    def _with_orders(self, effects: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        """`effects`, and all that follows for orders: what came of them is booked, what that calls for is decided, until nothing does."""
        state, orders = self.state, self.orders
        while True:
            if orders.touched:
                orders.touched = False
                orders.desk.settle(orders.now_ms)
            told = orders.take_told()
            for each in told:
                self._live_fills.take(each)
            self._follow_locks()
            self._flattener.push(orders.now_ms)
            if not told and not orders.touched and not orders.compare():
                break
        for request in orders.desk.take_requests():
            self._ask(request)
        return (*effects, *state.take_effects())

    def _follow_locks(self) -> None:
        """What the desk locks is locked for everybody, and shown; what a person has locked buys nothing more."""
        state, orders, gate = self.state, self.orders, self.state.gate
        desk = orders.desk
        if desk.blotter.locked and not gate.locked:
            gate.locked = desk.blotter.locked
            state.entries("locked", gate.locked, orders.now_ms)
        if desk.pursuit.halted and not gate.locked:
            state.halt(desk.pursuit.halted, orders.now_ms)
        if (gate.locked or gate.halted) and any(
            each.is_entry and not each.dropped for each in desk.pursuit.wishes.values()
        ):
            orders.withdraw_entries()

    def _ask(self, request: OrderRequest) -> None:
        """Let a request go out; a new order is told as any other."""
        if isinstance(request, PlaceOrder):
            order, inst = self.orders.order(request.order), self._instruments[request.instrument]
            seq = inst.last_tick.seq if inst.last_tick is not None else 0
            told = Order(
                order.number, order.tag, order.instrument, order.side, order.quantity, order.limit, order.reason,
                order.at_ms, seq, order.target,
            )  # fmt: skip
            self.state.effects.append(Submit(told))
        self.state.effects.append(request)
