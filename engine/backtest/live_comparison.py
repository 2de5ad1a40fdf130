"""A recorded run at a real broker: how each of its orders went, and how the same ticks went on paper. Prints nothing."""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

from engine.backtest.on_paper import on_paper
from engine.backtest.rerun import Rerun, rerun
from engine.backtest.round_trips import round_trips, side_by_side
from engine.backtest.verification import rules_of, verdict
from engine.journal.order_courses import OrderCourses
from engine.model.errors import InputError
from engine.model.events import AnyEvent, FillBooked
from engine.model.order_courses import LiveComparison, OrderCourse, RoundTrip
from engine.model.order_reports import Accepted
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import ClosedOthers, Ended, PartFilled
from engine.model.types import FLAG_HAS_BOOK, Instrument, Trade
from engine.recording import MqrSource
from engine.recording.progress import Progress
from engine.trading.orders.live_order import LiveOrder
from engine.trading.trader import Trader

_OF_AN_ORDER: Final = Accepted | ClosedOthers | Ended | FillBooked | PartFilled


class _Followed:
    """Follows what comes of orders while a recording is worked."""

    def __init__(self) -> None:
        self._courses = OrderCourses()
        self._entries_ms: dict[
            tuple[int, int], int
        ] = {}  # instrument and moment of an entry's fill → when it was decided

    def take(self, trader: Trader, event: AnyEvent) -> None:
        """Take an event of a run at a real broker, by that broker's time as the recording has it."""
        state, orders = trader.state, trader.state.orders
        if orders.kind != "real":
            return
        known = orders.desk.blotter.orders
        if isinstance(event, _OF_AN_ORDER) and not self._courses.knows(number := _number_in(event)) and number in known:
            self._courses.follow(_placed_before(known[number], state.instruments[known[number].instrument]))
        best = _best(trader, event) if isinstance(event, PlaceOrder) else 0
        self._courses.take(orders.now_ms, event, state.instruments, best)
        if isinstance(event, PartFilled) and event.fill.side == "BUY" and event.fill.order:
            fill = event.fill
            self._entries_ms[fill.instrument, fill.at_ms] = orders.order(fill.order).at_ms

    def courses(self, trader: Trader) -> tuple[OrderCourse, ...]:
        """All orders, each as the trader knows it at the end."""
        orders = trader.state.orders
        if orders.kind != "real":
            return ()
        return tuple(
            self._known(each, trader) if each.number in orders.desk.blotter.orders else each
            for each in self._courses.courses()
        )

    @staticmethod
    def _known(course: OrderCourse, trader: Trader) -> OrderCourse:
        """An order with what no event has told: its moments as answers had them, its state, its rung."""
        orders = trader.state.orders
        assert orders.kind == "real"
        order = orders.order(course.number)
        return replace(
            course, limit=order.limit, state=order.state, filled=order.filled,
            turnover=order.exact_turnover if order.read == order.filled else order.turnover, sent_ms=order.sent_ms, accepted_ms=order.known_ms,
            filled_ms=order.filled_ms if order.filled else 0, rung=order.rung, said=order.said,
        )  # fmt: skip

    def trips(self, found: Rerun) -> list[RoundTrip]:
        """The positions of the run."""
        state = found.trader.state
        trades = [each for each in found.booked if isinstance(each, Trade)]
        return round_trips(trades, state.portfolio, state.instruments, self._entries_ms)


def _number_in(event: Accepted | ClosedOthers | Ended | FillBooked | PartFilled) -> int:
    return event.fill.order if isinstance(event, FillBooked | PartFilled) else event.order


def _placed_before(order: LiveOrder, instrument: Instrument) -> OrderCourse:
    """An order that an earlier run, or an earlier recording of this one, has placed: what the market was then is not told."""
    return OrderCourse(
        number=order.number, tag=order.tag, instrument=instrument, side=order.side, quantity=order.quantity,
        purpose=order.purpose, reason=order.reason, decided=order.decided, limit=order.limit, first_limit=0,
        decided_ms=order.at_ms, state=order.state,
    )  # fmt: skip


def _best(trader: Trader, placed: PlaceOrder) -> int:
    """The best price on the other side of the book when an order was placed, else the last one; 0: none was known."""
    tick = trader.state.instrument_states[placed.instrument].last_tick
    if tick is None:
        return 0
    touch = tick.ask if placed.side == "BUY" else tick.bid
    return touch if tick.flags & FLAG_HAS_BOOK and touch > 0 else tick.price


def compare(path: Path, progress: Progress | None = None) -> LiveComparison:
    """Work the recording `path` as it was and on paper, under the rules that it was made with; raises UserError where it is of no run at a broker."""
    source = MqrSource(path)
    if not source.real_orders:
        raise InputError(f"{path}: its orders were simulated; allowed: the recording of a run with --live")
    config, instruments, notes = rules_of(source, None, ())
    followed = _Followed()
    first, second = _halves(progress)
    found = rerun(source, config, instruments, first, note=followed.take)
    judged = verdict(path, source, found, notes)
    if found.trader.state.orders.kind != "real":
        raise InputError(f"{path}: its orders cannot be followed: {judged.reason}")
    paper = on_paper(source, config, instruments, second)
    return LiveComparison(
        file=judged.file,
        zone=config.session.zone,
        outcome=judged.outcome,
        reason=judged.reason,
        courses=followed.courses(found.trader),
        beside=tuple(side_by_side(followed.trips(found), paper.trips)),
        remarks=(*judged.damage, *judged.notes, *paper.remarks),
    )


def _halves(progress: Progress | None) -> tuple[Progress | None, Progress | None]:
    """The progress of the first pass and of the second."""
    if progress is None:
        return None, None
    return lambda done: progress(done / 2), lambda done: progress(0.5 + done / 2)
