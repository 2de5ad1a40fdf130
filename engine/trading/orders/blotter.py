"""All orders of a day at a real broker, and what is believed of them: answers, updates and rounds in, outcomes out. Sends nothing.

What is sent is decided beside it (`pursuit`). Every quantity here is what somebody has told: nothing is assumed to be done.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderAnswer,
    OrderReport,
    OrderSeen,
    Refused,
    RoundFailed,
    RoundRead,
    Sent,
    SessionChanged,
    Unclear,
)
from engine.model.order_rows import Booked, ClosedOthers, Ended, External
from engine.model.order_states import OrderState
from engine.model.types import Instrument, Side
from engine.trading.orders import rounds
from engine.trading.orders.live_order import Alarm, LiveOrder, Outcome
from engine.trading.orders.others import Mismatch, Others
from engine.trading.orders.states import OrderWord
from engine.trading.orders.tags import Tags, parse

# Of these nothing may have been heard although they are there: of what is sent, too, for a lane tells it when it can.
_UNHEARD: Final[frozenset[OrderState]] = frozenset({"INTENT", "SENDING", "UNKNOWN"})
_Answer = Sent | Accepted | Refused | NotSent | Unclear
_FAILED: Final[dict[str, OrderWord]] = {"place": "unclear", "modify": "not_amended", "cancel": "not_cancelled"}
_TAKEN: Final[dict[str, OrderWord]] = {"place": "accepted", "modify": "amended", "cancel": "cancel_taken"}
# Accepted: numbers that no answer has told, for a restart.
Told = Outcome | Accepted | External | ClosedOthers | Mismatch


class Blotter:
    """`net` is what we hold by instrument by all that was told; `trusted` counts rounds that were believed since the login.

    `locked` says why entries are locked, "" where they are not; only a person lifts that.
    """

    KEPT: ClassVar[Mapping[str, Any]] = {
        "generation": int,
        "logged_in": bool,
        "last_number": int,
        "orders": dict[int, LiveOrder],
        "open_numbers": list[int],
        "net": list[int],
        "locked": str,
        "trusted": int,
        "newest": RoundRead | None,
        "doubt": str,
        "told": list[Ended],  # what rows were lacking when it began; else nothing waits where state is put aside
    }

    def __init__(self, instruments: Sequence[Instrument], tags: Tags, generation: int = 1) -> None:
        self.instruments = instruments
        self.tags = tags
        self.generation = generation
        self.logged_in = True
        self.last_number = 0
        self.orders: dict[int, LiveOrder] = {}
        self._by_tag: dict[str, LiveOrder] = {}
        self.open: dict[int, LiveOrder] = {}
        self.net = [0] * len(instruments)
        self.locked = ""
        self.trusted = 0
        self.newest: RoundRead | None = None  # the newest round that was believed
        self.doubt = "no round was read so far"
        self.compared = True  # of the newest trusted round: the account with it
        self.others = Others(instruments)
        self.told: list[Told] = []

    def add(self, order: LiveOrder) -> None:
        """Keep a new order."""
        self.orders[order.number] = self.open[order.number] = order
        self._by_tag[order.tag] = order
        self.last_number = max(self.last_number, order.number)

    def tagged(self, tag: str) -> LiveOrder | None:
        """The order that bears this tag."""
        return self._by_tag.get(tag)

    @property
    def open_numbers(self) -> list[int]:
        """The numbers of the orders that are not over, in the order in which they came to be so."""
        return list(self.open)

    @open_numbers.setter
    def open_numbers(self, numbers: list[int]) -> None:
        self.open = {number: self.orders[number] for number in numbers}
        self._by_tag = {order.tag: order for order in self.orders.values()}

    def take_told(self) -> list[Told]:
        """What came of it since the last time."""
        told, self.told = self.told, []
        return told

    # ── What is known ───────────────────────────────────────────────────────────────────────────────────────────

    def working(self, instrument: int, side: Side) -> list[LiveOrder]:
        """Open orders of one instrument and side, those that nobody is sure of included."""
        return [each for each in self.open.values() if each.instrument == instrument and each.side == side]

    def pending(self, instrument: int, side: Side) -> int:
        """What open orders of one instrument and side may still fill."""
        return sum(each.left for each in self.working(instrument, side))

    def broker_net(self, instrument: int) -> int:
        """What the broker holds of it: by the newest trusted round, and what was told of our own orders since."""
        if self.newest is None:
            return self.net[instrument]
        known = sum(each.net for each in self.newest.net if each.instrument == instrument)
        for order in self.orders.values():
            if order.instrument == instrument and (later := order.filled - order.in_net):
                known += later if order.side == "BUY" else -later
        return known

    def may_sell(self, instrument: int) -> int:
        """The most that may be sent to be sold now, so that we are never short by it: neither by our book nor by the broker's."""
        if instrument in self.others.stirred:
            return 0  # somebody else may have sold it: the next trusted round tells
        held = min(self.net[instrument], self.broker_net(instrument))
        return max(0, held - self.pending(instrument, "SELL"))

    def last_price(self, instrument: int) -> int:
        """The price that its newest order was decided at, a stop at the broker apart; 0 where there was none."""
        newest = (each for each in reversed(self.orders.values()) if each.purpose != "NET")
        return next((each.decided for each in newest if each.instrument == instrument), 0)

    def unknown(self) -> list[LiveOrder]:
        """Orders of which nobody knows whether the broker has them."""
        return [each for each in self.open.values() if each.state == "UNKNOWN"]

    def unsettled(self) -> bool:
        """Whether a round alone can tell what is open, or what somebody else has done."""
        return bool(self.others.stirred) or any(
            each.state in {"UNKNOWN", "SETTLING"} or each.wants_details for each in self.open.values()
        )

    # ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, event: OrderAnswer, now_ms: int) -> None:
        """Take what the broker says, or what became of a request."""
        match event:
            case RoundRead():
                self._round(event, now_ms)
            case RoundFailed():
                self.doubt = event.reason
            case SessionChanged() if event.generation >= self.generation:  # else told late, of a login that is gone
                if event.generation != self.generation:
                    self.trusted = 0
                self.generation, self.logged_in = event.generation, event.up
            case OrderSeen():
                if event.generation == self.generation:
                    self._seen(event.report, now_ms)
            case Sent() | Accepted() | Refused() | NotSent() | Unclear():
                order = self.orders.get(event.order)
                if order is not None:
                    self._note(order, self._answered(order, event, now_ms), now_ms)

    def _answered(self, order: LiveOrder, event: _Answer, now_ms: int) -> list[Outcome]:
        request = event.request
        if isinstance(event, Sent):
            return order.answered("sent", now_ms) if request == "place" else []
        if isinstance(event, Accepted):
            return order.accepted(_TAKEN[request], event.broker_id, event.unique_id, now_ms)
        if request != "cancel" and isinstance(event, Refused):
            return order.refused(event, now_ms)
        if request == "place" and isinstance(event, NotSent):
            return order.answered("not_sent", now_ms)
        return order.answered(_FAILED[request], now_ms)

    def beat(self, now_ms: int) -> None:
        """Judge deadlines."""
        for order in tuple(self.open.values()):
            order.beat(now_ms)

    def _seen(self, report: OrderReport, now_ms: int) -> None:
        order = self._of(report)
        if order is not None and (why := rounds.belies(report, order)):
            self._lock(why)  # a round tells
            order.wants_details = True
        elif order is not None:
            self._note(order, order.seen(report, now_ms), now_ms)
        elif self.tags.is_ours(report.tag):
            self._adopt(report, now_ms)
        elif report.instrument >= 0 and not rounds.has(self.newest, report):
            self.others.stirred[report.instrument] = now_ms

    def _of(self, report: OrderReport) -> LiveOrder | None:
        """Which order of ours it is."""
        if report.tag:
            return self._by_tag.get(report.tag)
        return next((order for order in self.orders.values() if order.is_called(report)), None)

    def _adopt(self, report: OrderReport, now_ms: int) -> None:
        """Take in an order that bears our tag and is in no journal: it left without its rows, before a crash.

        What became of it a round tells, which has what was bought before as well.
        """
        tag = parse(report.tag)
        if tag is None or report.instrument < 0:
            return
        number = self.next_number()
        order = LiveOrder(
            number, report.tag, report.instrument, report.side, report.quantity, tag.purpose, "adopted", report.limit,
            report.limit, now_ms, state="UNKNOWN", due_ms=0, sent_ms=now_ms, unwanted=True,
        )  # fmt: skip
        self.add(order)
        self._lock(f"order {report.tag} of ours was in no journal")
        self.told.append(order.adopted)
        self.told.append(Accepted(number, "place", report.broker_id, report.unique_id))

    def next_number(self) -> int:
        """The number of the next order."""
        self.last_number += 1
        return self.last_number

    def _note(self, order: LiveOrder, told: list[Outcome], now_ms: int) -> None:
        """Keep the net true to what was told of an order, and which orders are open."""
        for each in told:
            if isinstance(each, Booked):
                self.told += self._split(order, each)
                continue
            self.told.append(each)
            if isinstance(each, Alarm) and each.locks:
                self._lock(each.text)
            elif isinstance(each, Ended) and order.is_ended_by_others:
                self.others.stirred[order.instrument] = now_ms  # who takes it back may sell what it was to sell
        if self.newest is not None and order.in_net < order.filled:
            order.in_net = rounds.filled_in(self.newest, order)  # it may have been there before it was known to be ours
        if order.is_over:
            self.open.pop(order.number, None)
        elif order.number not in self.open:
            self.open[order.number] = order  # a tombstone that turned up

    def _split(self, order: LiveOrder, booked: Booked) -> list[Told]:
        """A part of an order by whom it is: of a flat's orders, which close all that the broker holds, what was not ours is not booked."""
        sign = 1 if order.side == "BUY" else -1
        theirs = 0
        if order.purpose == "FLAT":
            theirs = self.others.closed_by(order.instrument, self.net[order.instrument], sign * booked.quantity)
        ours = booked.quantity - theirs
        self.net[order.instrument] += sign * ours
        parts: list[Told] = [Booked(order.number, ours, booked.price)] if ours else []
        return [*parts, ClosedOthers(order.number, theirs, booked.price)] if theirs else parts

    def _lock(self, why: str) -> None:
        self.locked = self.locked or why

    # ── Rounds ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _round(self, read: RoundRead, now_ms: int) -> None:
        orders = self.orders.values()
        for report in read.orders:
            if report.tag and report.tag not in self._by_tag and self.tags.is_ours(report.tag):
                self._adopt(report, now_ms)
        found = rounds.sort(read, orders)
        self.doubt = rounds.doubt(read, found, orders, self.generation, self.newest)
        self.locked = self.locked or found.odd
        # What it has is news in any case; what it lacks counts only where it is believed.
        self._take_news(found, now_ms)
        if self.doubt:
            return
        self.trusted += 1
        before, self.newest = self.newest, read
        self.others.calm(read.begun_ms)
        twins = self._look_for(read, found, now_ms)
        for report in rounds.put_on(found, before, twins):
            self._lock(f"somebody else has an order to {report.side.lower()} {report.quantity} {report.symbol}")
        for order in orders:
            if order.in_net != order.filled:
                order.in_net = order.read  # a trade book is of the whole day
        words = {report.broker_id: report.reason for report in found.foreign}
        for fill in found.foreign_fills:
            if fill.broker_id not in twins and (
                row := self.others.trade(fill, self.net, words.get(fill.broker_id, ""))
            ):
                self._lock(f"somebody else traded {fill.quantity} {fill.symbol}")
                self.told.append(row)
        self.compared = False

    def compare(self, account: Sequence[int]) -> bool:
        """Compare what the account holds by instrument with the newest trusted round, once, when all that it told is booked; whether that is told.

        The `net` of our orders would not do: where a fill was booked twice it is right, and the account wrong.
        """
        if self.compared or self.newest is None:
            return False
        self.compared = True
        held = [self.broker_net(at) for at in range(len(self.instruments))]
        found = self.others.compare(account, held, self.newest.net)
        for each in found:
            self._lock(f"{self.instruments[each.instrument].symbol}: we hold {each.ours}, the broker {each.theirs}")
        self.told += found
        return bool(found)

    def _take_news(self, found: rounds.Sorted, now_ms: int) -> None:
        """Take what a round says of orders of ours, as far as it was not known.

        Of several that were filled while nobody wrote it down what was bought comes first: nothing is sold that is not held.
        """
        for number in self._buys_first(found.orders):
            order, report = self.orders[number], found.orders[number]
            if order.is_news(report):
                self._note(order, order.seen(report, now_ms), now_ms)
        for number in self._buys_first(found.fills):
            order = self.orders[number]
            for fill in found.fills[number]:
                if fill.fill_id not in order.fills:
                    self._note(order, order.fill(fill, now_ms), now_ms)

    def _buys_first(self, numbers: Iterable[int]) -> list[int]:
        return sorted(numbers, key=lambda number: self.orders[number].side != "BUY")

    def _look_for(self, read: RoundRead, found: rounds.Sorted, now_ms: int) -> set[str]:
        """Count a trusted round for orders that are unknown; what might be one that was not answered, its tag lost, by the broker's number."""
        twins: set[str] = set()
        strangers = self.others.traded
        for order in tuple(self.open.values()):
            if order.state not in _UNHEARD or order.number in found.orders:
                continue
            like = rounds.twins(found, order, twins | strangers)
            twins.update(each.broker_id for each in like[:1])
            if not order.missed(read.begun_ms, read.ended_ms, twin=bool(like)):
                continue
            if not like:
                self._note(order, order.answered("absent", now_ms), now_ms)
                continue
            self._lock(f"order {order.tag} has lost its tag")
            self.told.append(Accepted(order.number, "place", like[0].broker_id, like[0].unique_id))
            self._note(order, order.seen(like[0], now_ms), now_ms)
            for fill in found.foreign_fills:
                if fill.broker_id == like[0].broker_id:
                    self._note(order, order.fill(fill, now_ms), now_ms)
        return twins
