"""Whether a round of the broker's books can be believed, and what it says. Pure: reads orders, changes none.

A book may lag, be cut or come empty. It is believed only where it has everything that was known before it was asked for,
and where its three parts agree.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from msgspec import Struct

from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundRead
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.states import FOR_GOOD


class Sorted(Struct, frozen=True):
    """What a round has: of ours by number of the order, and all else; `odd` says what of ours it tells that cannot be."""

    orders: dict[int, OrderReport]
    fills: dict[int, list[FillReport]]
    foreign: tuple[OrderReport, ...]
    foreign_fills: tuple[FillReport, ...]
    odd: str = ""

    def filled(self, number: int) -> int:
        """What the trade book has of order `number`."""
        return sum(fill.quantity for fill in self.fills.get(number, ()))


def sort(read: RoundRead, orders: Iterable[LiveOrder]) -> Sorted:
    """Tell ours from others': by tag, else by the broker's number; a trade by its order's number."""
    by_tag = {order.tag: order.number for order in orders}
    by_id = {each: order.number for order in orders for each in order.ids}
    by_unique_id = {order.unique_id: order.number for order in orders if order.unique_id}
    ours: dict[int, OrderReport] = {}
    foreign: list[OrderReport] = []
    for report in read.orders:
        number = (
            by_tag.get(report.tag) if report.tag else by_id.get(report.broker_id, by_unique_id.get(report.unique_id))
        )
        if number is None:
            foreign.append(report)
        else:
            ours[number] = report
            by_id[report.broker_id] = number
    fills: dict[int, list[FillReport]] = {}
    others: list[FillReport] = []
    for fill in read.fills:
        number = by_id.get(fill.broker_id)
        if number is None:
            others.append(fill)
        else:
            fills.setdefault(number, []).append(fill)
    belied = {
        order.number: why
        for order in orders
        if order.number in ours and (why := belies(ours[order.number], order, fills.get(order.number, ())))
    }
    for number in belied:
        del ours[number]
        fills.pop(number, None)
    return Sorted(ours, fills, tuple(foreign), tuple(others), next(iter(belied.values()), ""))


def belies(report: OrderReport, order: LiveOrder, fills: Iterable[FillReport] = ()) -> str:
    """Why a report that bears the name of `order`, of which a trade book has these `fills`, cannot be of it; "" where it can.

    More than was sent is filled only where trades say so.
    """
    if report.side != order.side or report.instrument not in {-1, order.instrument}:
        return f"order {order.tag} is told to be another one"
    if report.filled > max(order.quantity, order.filled, sum(fill.quantity for fill in fills)):
        return f"order {order.tag} of {order.quantity} is told to be filled by {report.filled}"
    return ""


def filled_in(read: RoundRead, order: LiveOrder) -> int:
    """What of an order the positions of a round that is believed have in them: they are what its trades come to."""
    return sum(fill.quantity for fill in read.fills if fill.broker_id in order.ids)


def doubt(
    read: RoundRead, found: Sorted, orders: Iterable[LiveOrder], generation: int, before: RoundRead | None = None
) -> str:
    """Why the round is not to be believed, in one line; empty where it is trusted. `before` is the newest that was."""
    if read.generation != generation:
        return f"it was read under login {read.generation}, now it is {generation}"
    if found.odd:
        return found.odd
    if before is not None and (why := _vanished(read, before)):
        return why
    for order in orders:
        if 0 < order.known_ms < read.begun_ms and (why := _lacks(read, found, order)):
            return f"order {order.tag} {why}"
    if found.foreign_fills:
        known = {each for order in orders for each in order.ids} | {report.broker_id for report in read.orders}
        if any(fill.broker_id not in known for fill in found.foreign_fills):
            return "there is a trade of an order that no order book has"  # it may be ours, and its row comes later
    return _unequal(read.net, read.fills)


def _vanished(read: RoundRead, before: RoundRead) -> str:
    """What a round that was believed has shown and this one has not, whoever's it is: trades of a day only become more.

    By their own ids: a change may give the order of a trade another number.
    """
    if read.fills is before.fills:
        return ""
    told = {(each.fill_id, each.symbol) for each in read.fills}
    gone = any((each.fill_id, each.symbol) not in told for each in before.fills)
    return "the trade book has lost a trade that it had" if gone else ""


def _lacks(read: RoundRead, found: Sorted, order: LiveOrder) -> str:
    """What of an order that the broker is known to have is not in the round."""
    report = found.orders.get(order.number)
    if report is None:
        return "is not in the order book"
    if order.filled_ms < read.begun_ms and report.filled < order.filled:
        return f"is filled by {order.filled}, not {report.filled}"
    if order.state in FOR_GOOD and report.state == "working":
        return f"was {order.state.lower()} and works again"
    if order.fills:
        fills = {fill.fill_id for fill in found.fills.get(order.number, ())}
        if missing := order.fills.keys() - fills:
            return f"has lost {len(missing)} of its trades"
    return ""


def _unequal(net: Iterable[NetReport], fills: Iterable[FillReport]) -> str:
    """Where positions are not what was carried over with the trades of the day."""
    traded: Counter[str] = Counter()
    for fill in fills:
        traded[fill.symbol] += fill.quantity if fill.side == "BUY" else -fill.quantity
    for each in net:
        if each.net != each.carried + traded.pop(each.symbol, 0):
            return f"{each.symbol}: {each.net} held is not {each.carried} carried over with its trades"
    symbol = next((symbol for symbol, quantity in traded.items() if quantity), "")
    return f"{symbol} was traded and is in no position" if symbol else ""


def twins(found: Sorted, order: LiveOrder, others: AbstractSet[str]) -> list[OrderReport]:
    """The orders without a tag that might be `order`; not those that are `others`, by the broker's number."""
    return [each for each in found.foreign if is_twin(each, order) and each.broker_id not in others]


def put_on(found: Sorted, before: RoundRead | None, ours: AbstractSet[str]) -> list[OrderReport]:
    """Orders of others that work and were not there `before`; `ours` are the broker's numbers of such as are ours all the same."""
    known = ours | {each.broker_id for each in before.orders} if before is not None else ours
    return [each for each in found.foreign if each.state == "working" and each.broker_id not in known]


def has(read: RoundRead | None, report: OrderReport) -> bool:
    """Whether it has told of an order what `report` says of what is filled, so that nothing was traded since."""
    told = next((each for each in read.orders if each.broker_id == report.broker_id), None) if read else None
    return told is not None and (told.filled, told.state) == (report.filled, report.state)


def is_twin(report: OrderReport, order: LiveOrder) -> bool:
    """Whether an order without a tag might be `order`, its tag having been lost on the way."""
    same = report.instrument == order.instrument and report.side == order.side and report.limit == order.limit
    return same and not report.tag and report.quantity == order.quantity
