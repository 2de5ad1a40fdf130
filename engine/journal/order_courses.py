"""Orders at a real broker, each followed from its rows: what was decided, sent, filled, and what that cost. Opens no file."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, field
from msgspec.structs import replace

from engine.journal.rows import Entry
from engine.model.events import FillBooked, OrderRejected, Submit
from engine.model.order_courses import OrderCourse
from engine.model.order_reports import Accepted, NotSent, Refused, Unclear
from engine.model.order_requests import AmendOrder, PlaceOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, PartFilled, SendBegun
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.trading.costs import Kinds, add_up

_UNNAMED = Instrument(CleanText("?"))


class _Followed(Struct):
    """An order so far; `parts_costs` are of parts that no row has told together so far."""

    course: OrderCourse
    costs: Kinds = field(default_factory=dict)
    parts_costs: Kinds = field(default_factory=dict)

    def change(self, **values: object) -> None:
        self.course = replace(self.course, **values)

    def fill(self, quantity: int, price: int, at_ms: int) -> None:
        course = self.course
        self.change(
            filled=course.filled + quantity, turnover=course.turnover + quantity * price, filled_ms=at_ms or course.filled_ms
        )  # fmt: skip

    def whole(self) -> OrderCourse:
        costs: dict[str, Decimal] = {}
        add_up(costs, self.costs)
        add_up(costs, self.parts_costs)
        return replace(self.course, costs=costs)


class OrderCourses:
    """Follows every order that a row begins; rows of others, which an earlier run has placed, are passed over.

    Numbers go on from run to run; one that comes again is of another journal, and is another order.
    """

    def __init__(self) -> None:
        self._all: list[_Followed] = []
        self._by_number: dict[int, _Followed] = {}
        self._decided_ms: dict[int, int] = {}
        self._external: _Followed | None = None  # whose trade the next part is

    def take(self, at_ms: int, entry: Entry, instruments: Sequence[Instrument], best: int = 0) -> None:
        """Take what was told at `at_ms` by a run with these instruments; `best` is what the market was when an order was placed."""
        match entry:
            case Submit(order=order):
                self._decided_ms[order.number] = order.at_ms
            case PlaceOrder():
                self._placed(at_ms, entry, _at(instruments, entry.instrument), best)
            case Adopted():
                self._adopted(at_ms, entry, _at(instruments, entry.instrument))
            case External():
                self._traded(at_ms, entry, _at(instruments, entry.instrument))
            case PartFilled(fill=fill):
                followed = self._by_number.get(fill.order) if fill.order else self._external
                if followed is not None:
                    add_up(followed.parts_costs, entry.costs)
                    if fill.order:
                        followed.fill(fill.quantity, fill.price, fill.at_ms)
            case FillBooked(fill=fill):
                followed = self._by_number.get(fill.order) if fill.order else self._external
                if followed is not None:
                    followed.parts_costs = {}
                    add_up(followed.costs, entry.costs)
            case _:
                self._told(at_ms, entry)

    def _told(self, at_ms: int, entry: Entry) -> None:
        """Take what is told of an order by its number."""
        followed = self._by_number.get(getattr(entry, "order", 0))
        if followed is None:
            return
        match entry:
            case SendBegun():
                followed.change(sent_ms=followed.course.sent_ms or at_ms, state="SENDING")
            case Accepted(request="place"):
                state = (
                    "WORKING" if followed.course.state in {"INTENT", "SENDING", "UNKNOWN"} else followed.course.state
                )
                followed.change(accepted_ms=followed.course.accepted_ms or at_ms, state=state)
            case Unclear(request="place"):
                followed.change(state="UNKNOWN", said=entry.reason)
            case Refused(request="place"):
                followed.change(said=entry.text)
            case NotSent(request="place") | OrderRejected():
                followed.change(said=entry.reason)
            case AmendOrder():
                followed.change(limit=entry.limit)
            case ClosedOthers():
                followed.fill(entry.quantity, entry.price, at_ms)
            case Ended():
                exact = entry.filled == followed.course.filled
                followed.change(state=entry.state, turnover=entry.turnover if exact else followed.course.turnover)
            case _:
                return  # the answer to a change or a cancel

    def _placed(self, at_ms: int, row: PlaceOrder, instrument: Instrument, best: int) -> None:
        course = _begun(row, instrument, self._decided_ms.pop(row.order, at_ms))
        self._begin(replace(course, decided=row.decided, state="INTENT", best=best))

    def _adopted(self, at_ms: int, row: Adopted, instrument: Instrument) -> None:
        known = self._by_number.get(row.order)
        if known is not None and known.course.tag == row.tag:
            known.change(state="WORKING")
        else:
            self._begin(_begun(row, instrument, at_ms))

    def _begin(self, course: OrderCourse) -> None:
        self._by_number[course.number] = followed = _Followed(course)
        self._all.append(followed)

    def _traded(self, at_ms: int, row: External, instrument: Instrument) -> None:
        named = instrument if row.instrument >= 0 else replace(_UNNAMED, symbol=row.symbol)
        course = OrderCourse(
            number=0, tag="", instrument=named, side=row.side, quantity=row.quantity, purpose="EXTERNAL", reason=row.by,
            decided=0, limit=0, first_limit=0, decided_ms=at_ms, state="EXTERNAL", filled=row.quantity,
            turnover=row.quantity * row.price, filled_ms=at_ms,
        )  # fmt: skip
        self._external = _Followed(course)
        self._all.append(self._external)

    def knows(self, number: int) -> bool:
        """Whether an order is followed."""
        return number in self._by_number

    def follow(self, course: OrderCourse) -> None:
        """Follow an order that was placed before the first row."""
        self._begin(course)

    def courses(self) -> list[OrderCourse]:
        """All of them, in the order in which they began."""
        return [each.whole() for each in self._all]


def _at(instruments: Sequence[Instrument], number: int) -> Instrument:
    return instruments[number] if 0 <= number < len(instruments) else _UNNAMED


def _begun(row: PlaceOrder | Adopted, instrument: Instrument, at_ms: int) -> OrderCourse:
    """An order of ours that works, of whose decision nothing is known."""
    return OrderCourse(
        number=row.order, tag=row.tag, instrument=instrument, side=row.side, quantity=row.quantity, purpose=row.purpose,
        reason=row.reason, decided=0, limit=row.limit, first_limit=row.limit, decided_ms=at_ms, state="WORKING",
    )  # fmt: skip
