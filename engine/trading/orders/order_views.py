"""What a screen is shown of orders: bounded copies of what the desk has. Decides nothing, changes nothing."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from engine.model.order_reports import OrderAnswer, RoundFailed, RoundRead
from engine.model.order_views import ForeignView, LiveView, MismatchView, OrderCounts, OrderView, RoundCounts, WaitView
from engine.trading.orders.desk import OrderDesk
from engine.trading.orders.live_order import ABSENT_ROUNDS, LiveOrder
from engine.trading.orders.order_counts import counts_of
from engine.trading.orders.others import MISMATCHES
from engine.trading.orders.wishes import Wish
from engine.trading.orders.withdrawal import is_withdrawable

MOST: Final = 200  # orders that are shown; the rest is counted
_MOST_OTHERS: Final = 50  # symbols, of others and in doubt each


class OrderViews:
    """Looks at one desk, again and again: what has not changed since the last time is the same object."""

    def __init__(self, desk: OrderDesk, held: Callable[[int], int]) -> None:
        """`held` tells what the account holds of an instrument."""
        self._desk = desk
        self._held = held
        self._kept: dict[int, tuple[tuple[object, ...], OrderView]] = {}
        self._rows: tuple[OrderView, ...] = ()
        self._counted: tuple[tuple[OrderView, ...], OrderCounts] = self._rows, OrderCounts()
        self._rounds = RoundCounts()

    def note(self, answer: OrderAnswer) -> None:
        """Count a round by what the desk, which has taken it, thinks of it."""
        rounds = self._rounds
        match answer:
            case RoundFailed():
                self._rounds = replace(rounds, failed=rounds.failed + 1)
            case RoundRead() if self._desk.blotter.doubt:
                self._rounds = replace(rounds, doubted=rounds.doubted + 1)
            case RoundRead():
                self._rounds = replace(rounds, trusted=rounds.trusted + 1)

    def rows(self) -> tuple[OrderView, ...]:
        """The day's orders: first what nobody knows of, then what is not over, then the others, each the newest first."""
        blotter = self._desk.blotter
        shown = sorted(blotter.open.values(), key=lambda each: (each.state != "UNKNOWN", -each.number))[:MOST]
        over = (each for each in reversed(blotter.orders.values()) if each.number not in blotter.open)
        shown += islice(over, MOST - len(shown))
        self._kept = {each.number: self._kept_of(each) for each in shown}
        rows = tuple(row for _, row in self._kept.values())
        if rows != self._rows:
            self._rows = rows
        return self._rows

    def _kept_of(self, order: LiveOrder) -> tuple[tuple[object, ...], OrderView]:
        """A row of it beside what it was made of."""
        made_of = (
            order.state, order.filled, order.turnover, order.limit, order.rung, order.absent_rounds, order.sent_ms,
            order.asked_limit, order.broker_id, order.said, order.unwanted, order.ended,
        )  # fmt: skip
        kept = self._kept.get(order.number)
        return kept if kept is not None and kept[0] == made_of else (made_of, _row(order))

    def whole(self, now_ms: int, behind_ms: int) -> LiveView:
        """How orders stand at `now_ms` of the desk's time, which is so far ahead of our clock."""
        desk = self._desk
        blotter, pursuit, others = desk.blotter, desk.pursuit, desk.blotter.others
        newest, barred = blotter.newest, desk.rules.limits.why_none(now_ms)
        foreign = ((symbol, held) for symbol, held in others.foreign.items() if held)
        return LiveView(
            working=len(blotter.open),
            unknown=len(blotter.unknown()),
            left_out=max(0, len(blotter.orders) - MOST),
            rounds_until_gone=ABSENT_ROUNDS,
            locked=blotter.locked or pursuit.halted,
            barred=barred,
            objection=barred or pursuit.objection() or pursuit.spent(now_ms),
            doubt=blotter.doubt,
            logged_in=blotter.logged_in,
            round_ms=newest.ended_ms - behind_ms if newest is not None else 0,
            budget=desk.budget.view(now_ms, pursuit.reserved),
            foreign=tuple(ForeignView(*each) for each in islice(foreign, _MOST_OTHERS)),
            mismatches=self._mismatches(),
            unresolved=desk.flat.unresolved[:_MOST_OTHERS] if desk.flat.running else (),
            waits=tuple(islice(self._waits(now_ms), _MOST_OTHERS)),
            counts=self._counts(),
            rounds=self._rounds,
        )

    def _counts(self) -> OrderCounts:
        """What came of all orders as of the newest rows, counted anew only where one of them has changed."""
        rows, counts = self._counted
        if rows is not self._rows:
            counts = counts_of(self._desk.blotter.orders.values(), self._desk.blotter.instruments)
            self._counted = self._rows, counts
        return counts

    def _waits(self, now_ms: int) -> Iterator[WaitView]:
        """What is wanted and not on its way."""
        blotter, wishes = self._desk.blotter, self._desk.pursuit.wishes
        served = {each.wish for each in blotter.open.values()}
        for number, wish in wishes.items():
            left = wish.quantity - wish.filled
            if number not in served and left > 0 and not wish.dropped:
                yield WaitView(wish.instrument, wish.side, left, wish.reason, self._why(wish, now_ms))

    def _why(self, wish: Wish, now_ms: int) -> str:
        """What keeps it back."""
        blotter = self._desk.blotter
        if wish.hold:
            return f"{wish.hold}; it is tried again and again"
        if not blotter.logged_in:
            return "not logged in"
        if wish.instrument in blotter.others.stirred:
            return "somebody else trades it, too: the next reading of the books tells"
        if unknown := next((each for each in blotter.unknown() if each.instrument == wish.instrument), None):
            return f"order {unknown.tag} is unknown"
        if any(each.purpose == "NET" for each in blotter.working(wish.instrument, wish.side)):
            return "its stop at the broker is taken back first"
        return "refused, and tried again" if now_ms < wish.wait_ms or not wish.refusals.may_try(now_ms) else ""

    def _mismatches(self) -> tuple[MismatchView, ...]:
        """Where the broker holds something else than we, with the figures of now."""
        blotter = self._desk.blotter
        apart = (at for at, times in blotter.others.apart.items() if times >= MISMATCHES)
        told = blotter.newest.net if blotter.newest is not None else ()
        found = (
            blotter.others.figures(at, self._held(at), blotter.broker_net(at), told)
            for at in islice(apart, _MOST_OTHERS)
        )
        return tuple(MismatchView(each.instrument, each.ours, each.theirs) for each in found)


def _row(order: LiveOrder) -> OrderView:
    return OrderView(
        number=order.number,
        tag=order.tag,
        at_ms=order.at_ms,
        instrument=order.instrument,
        side=order.side,
        quantity=order.quantity,
        purpose=order.purpose,
        state=order.state,
        decided=order.decided,
        limit=order.limit,
        reason=order.reason,
        filled=order.filled,
        average=round(order.turnover / order.filled) if order.filled else 0,
        rung=order.rung,
        rounds=order.absent_rounds if order.state == "UNKNOWN" else 0,
        sent_ms=order.sent_ms,
        filled_ms=order.filled_ms,
        asked=order.asked_limit if order.state == "AMENDING" else 0,
        broker_id=order.broker_id,
        said=order.said,
        blind=order.blind,
        unwanted=order.unwanted,
        withdrawable=is_withdrawable(order),
    )
