"""Carries the trader's effects to the edges, within the turn, and the broker's answers of that moment back to the trader."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import get_args

from engine.model.broker_events import BrokerEvent
from engine.model.clock import Clock
from engine.model.events import (
    AnyEvent,
    Cancel,
    CommandRefused,
    DayStarted,
    FillBooked,
    OrderCancelled,
    OrderRejected,
    ReadHoldings,
    Submit,
    TradeClosed,
    TraderFault,
)
from engine.model.marks import EventMark
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import OrderRequest, PlaceOrder
from engine.model.ports import Broker, OrderLanes
from engine.runtime.action_receipt import ActionReceipt
from engine.runtime.cursor import Cursor
from engine.runtime.epochs import Epochs
from engine.runtime.event_log import tell
from engine.runtime.exits import Exits
from engine.runtime.outcomes import Outcomes
from engine.runtime.persistence import Persistence
from engine.runtime.receipt import Receipt
from engine.runtime.timeline import Timeline
from engine.trading.event_text import EventText
from engine.trading.trader import Trader

_now_ns = time.perf_counter_ns


class Effects:
    """Hands each event of the trader to whom it concerns, by one table; every call comes within the turn.

    A broker answers only by posting events. What a simulated one posts comes in by `answers` and is taken within the
    same turn, so that replay, paper and every delivery decide alike; a real one's come when they come. What is asked of a
    real one goes out by its lanes, behind its row in the journal.
    `refusal` is why the newest command was refused, `rejected` how many orders a broker has refused.
    """

    def __init__(
        self,
        *,
        trader: Trader,
        broker: Broker | OrderLanes,
        answers: deque[BrokerEvent],
        cursor: Cursor,
        clock: Clock,
        epochs: Epochs,
        persistence: Persistence,
        event_text: EventText,
        outcomes: Outcomes,
        exits: Exits,
        receipt: Receipt,
        action_receipt: ActionReceipt,
        timeline: Timeline,
    ) -> None:
        self.refusal = ""
        self.rejected = 0
        self._trader = trader
        self._answers = answers
        self._cursor = cursor
        self._clock = clock
        self._epochs = epochs
        self._persistence = persistence
        self._event_text = event_text
        self._outcomes = outcomes
        self._exits = exits
        self._receipt = receipt
        self._action_receipt = action_receipt
        self._timeline = timeline
        self._recv_ns = 0  # when the tick at hand was received, 0 = none is
        self._row = 0  # number of the journal's row of the event at hand, 0 = it has none
        self._unanswered: dict[int, int] = {}  # order number → when it was sent (monotonic ns)
        self._handlers: dict[type[AnyEvent], Callable[..., None]] = {
            FillBooked: self._filled,
            DayStarted: self._day_started,
            OrderRejected: self._rejected,
            OrderCancelled: lambda event: self._answered(event.order),
            TradeClosed: self._trade_closed,
            CommandRefused: self._refused,
            TraderFault: self._trader_raised,
        }
        if isinstance(broker, OrderLanes):
            self._lanes = broker
            self._handlers |= dict.fromkeys(get_args(OrderRequest), self._ask) | {PlaceOrder: self._place}
        else:
            self._broker = broker
            self._handlers |= {
                Submit: self._submit,
                Cancel: lambda event: self._broker.cancel(event.order),
                ReadHoldings: lambda _: self._broker.read_holdings(),
            }

    @property
    def now_ms(self) -> int:
        """The engine's own time, UTC: that of the newest tick in a replay, the wall's where ticks are live."""
        return self._clock.wall_ns() // 1_000_000

    @property
    def oldest_order_ns(self) -> int:
        """When the oldest order was sent of which its broker has said nothing (monotonic); 0 when there is none."""
        return next(iter(self._unanswered.values()), 0)

    def carry_out(self, events: Sequence[AnyEvent], recv_ns: int = 0) -> None:
        """Hand `events` to the edges, and what a broker answers at once to the trader, until nothing follows.

        Only then they are put into words: no order waits for a line of the log.
        """
        self._recv_ns = recv_ns
        waiting = deque(events)
        told: list[AnyEvent] = []
        answers = self._answers
        try:
            while waiting:
                event = waiting.popleft()
                told.append(event)
                self._row = self._persistence.keep(event)
                handler = self._handlers.get(type(event))
                if handler is not None:
                    handler(event)
                self._receipt.note(event, _now_ns())
                self._action_receipt.note(event)
                self._timeline.note(event, self._cursor.last_seq)
                while answers:
                    waiting.extend(self._trader.on_event(answers.popleft(), self.now_ms))
        finally:
            tell(told, self._event_text)
        if not self._persistence.begun:
            self._persistence.account(self.now_ms)

    def answered(self, said: BrokerEvent | OrderAnswer, now_ms: int) -> None:
        """Take what a broker has posted from a thread of its own."""
        self.carry_out(self._trader.on_event(said, now_ms))
        orders = self._trader.state.orders
        if self._unanswered and orders.kind == "real":
            for number in [each for each in self._unanswered if orders.is_answered(each)]:
                self._answered(number)

    def mark(self, kind: str, text: str) -> None:
        """Keep something that happened in the recording, at this place."""
        self._persistence.mark(EventMark(self._cursor.position, kind, text, self.now_ms))

    # ── The table's handlers ────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, event: Submit) -> None:
        self._unanswered[event.order.number] = _now_ns()
        self._broker.submit(event.order)
        if self._recv_ns:
            self._epochs.now.to_order.record(_now_ns() - self._recv_ns)

    def _ask(self, request: OrderRequest) -> None:
        self._lanes.ask(request, self._row)

    def _place(self, request: PlaceOrder) -> None:
        self._unanswered[request.order] = _now_ns()
        self._lanes.ask(request, self._row)
        if self._recv_ns:
            self._epochs.now.to_order.record(_now_ns() - self._recv_ns)

    def _answered(self, order: int) -> None:
        self._unanswered.pop(order, None)

    def _rejected(self, event: OrderRejected) -> None:
        self.rejected += 1
        self._answered(event.order)

    def _day_started(self, event: DayStarted) -> None:
        self._exits.statistics.take(event)

    def _filled(self, event: FillBooked) -> None:
        self._answered(event.fill.order)
        self._exits.statistics.take(event)

    def _trade_closed(self, event: TradeClosed) -> None:
        trade = event.trade
        self._exits.statistics.take(event)
        self._exits.add(trade)
        self.mark("fill", f"{trade.quantity} {trade.exit_price} {trade.reason}")

    def _refused(self, event: CommandRefused) -> None:
        self.refusal = event.reason
        self._outcomes.add(f"{event.command} refused: {event.reason}")

    def _trader_raised(self, _event: TraderFault) -> None:
        self._cursor.milestone = 0  # whoever delivers the ticks has to look at it after this one
