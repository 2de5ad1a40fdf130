"""Orders at a real broker, and a run beside the same ticks on paper, as records for a script. Reads and prints nothing."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec import Struct, field

from engine.model.order_courses import Beside, LiveComparison, OrderCourse, RoundTrip
from engine.presentation.charges import in_order
from engine.reports.day_records import paise, stamp

_ZERO: Final = Decimal(0)
_FINE: Final = Decimal("0.0001")


class OrderRecord(Struct, frozen=True):
    """An order as `orders --json` and `--csv` give it; prices, points and money in the currency, null = there is none.

    `lost` is what its fills cost more, or brought less, than at the price it was decided at, `best_lost` than at the best price
    of that tick's book: below nought they were better. `sent_ms`, `accepted_ms` and `filled_ms` are since it was decided.
    """

    time: str
    tag: str
    symbol: str
    side: str
    purpose: str
    reason: str
    state: str
    said: str
    quantity: Decimal
    filled: Decimal
    decided: Decimal | None
    best: Decimal | None
    first_limit: Decimal | None
    limit: Decimal | None
    average: Decimal | None
    rung: int | None
    sent_ms: int | None
    accepted_ms: int | None
    filled_ms: int | None
    lost_points: Decimal | None
    lost: Decimal | None
    best_lost_points: Decimal | None
    best_lost: Decimal | None
    costs: Decimal
    costs_by_kind: dict[str, Decimal]


class OrderTotal(Struct):
    """The sums of some orders, exact; `unfilled_entries` got nothing.

    What was lost is of those whose price of then is known; `best_lost` None: of none it is.
    """

    orders: int = 0
    unfilled_entries: int = 0
    lost: Decimal = _ZERO
    best_lost: Decimal | None = None
    costs: Decimal = _ZERO
    costs_by_kind: dict[str, Decimal] = field(default_factory=dict)

    def add(self, course: OrderCourse) -> None:
        """Add one of them."""
        self.orders += 1
        self.unfilled_entries += course.purpose == "ENTRY" and not course.filled
        self.lost += _lost(course, course.decided) or _ZERO
        if (against_best := _lost(course, course.best)) is not None:
            self.best_lost = (self.best_lost or _ZERO) + against_best
        for kind, paid in course.costs.items():
            self.costs += paid
            self.costs_by_kind[kind] = self.costs_by_kind.get(kind, _ZERO) + paid

    def rounded(self) -> "OrderTotal":
        """Its money to the paisa."""
        kinds = {kind: paise(paid) for kind, paid in in_order(self.costs_by_kind).items()}
        return OrderTotal(
            self.orders, self.unfilled_entries, paise(self.lost), _rounded(self.best_lost), paise(self.costs), kinds
        )


class SideTotals(Struct):
    """The sums of all orders, of what was bought and of what was sold."""

    all: OrderTotal = field(default_factory=OrderTotal)
    buy: OrderTotal = field(default_factory=OrderTotal)
    sell: OrderTotal = field(default_factory=OrderTotal)

    def rounded(self) -> "SideTotals":
        """Their money to the paisa."""
        return SideTotals(self.all.rounded(), self.buy.rounded(), self.sell.rounded())


def totals_of(courses: Iterable[OrderCourse]) -> SideTotals:
    """The sums of `courses`."""
    totals = SideTotals()
    for each in courses:
        totals.all.add(each)
        (totals.buy if each.side == "BUY" else totals.sell).add(each)
    return totals


def _lost(course: OrderCourse, reference: int) -> Decimal | None:
    """What its fills have lost against a price, in the currency."""
    return course.instrument.money(course.lost(reference)) if course.filled and reference else None


def _points(course: OrderCourse, reference: int) -> Decimal | None:
    """The same by the unit."""
    if not course.filled or not reference:
        return None
    return _fine(Decimal(course.lost(reference)) / course.filled / course.instrument.price_scale)


def _fine(value: Decimal) -> Decimal:
    return value.quantize(_FINE, ROUND_HALF_UP)


def order_record(course: OrderCourse, zone: str) -> OrderRecord:
    """An order as a record."""
    instrument = course.instrument

    def price(minor: int) -> Decimal | None:
        return Decimal(instrument.price_text(minor)) if minor else None

    def since(at_ms: int) -> int | None:
        return at_ms - course.decided_ms if at_ms else None

    return OrderRecord(
        stamp(course.decided_ms, zone), course.tag, instrument.symbol, course.side, course.purpose, course.reason,
        course.state, course.said, Decimal(instrument.quantity_text(course.quantity)),
        Decimal(instrument.quantity_text(course.filled)), price(course.decided), price(course.best),
        price(course.first_limit), price(course.limit),
        _fine(Decimal(course.turnover) / course.filled / instrument.price_scale) if course.filled else None,
        course.rung, since(course.sent_ms), since(course.accepted_ms), since(course.filled_ms),
        _points(course, course.decided), _rounded(_lost(course, course.decided)),
        _points(course, course.best), _rounded(_lost(course, course.best)),
        paise(sum(course.costs.values(), _ZERO)),
        {kind: paise(paid) for kind, paid in in_order(course.costs).items()},
    )  # fmt: skip


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else paise(value)


# ── A run beside paper ──────────────────────────────────────────────────────────────────────────────────────────────


class TripRecord(Struct, frozen=True):
    """A position as `orders --compare --json` gives it; money is of what was sold of it, `left` is still held."""

    entry_time: str
    exit_time: str | None
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    left: Decimal


class BesideRecord(Struct, frozen=True):
    """A position of both runs, or of one; `difference` is live less paper."""

    symbol: str
    live: TripRecord | None
    paper: TripRecord | None
    difference: Decimal


class DaySums(Struct, frozen=True):
    """What the positions of a run come to, exact; `open` are still held."""

    positions: int
    open: int
    gross: Decimal
    costs: Decimal
    net: Decimal

    def rounded(self) -> "DaySums":
        """Its money to the paisa."""
        return DaySums(self.positions, self.open, paise(self.gross), paise(self.costs), paise(self.net))


class DayBeside(Struct, frozen=True):
    """The day of both runs, and live less paper."""

    live: DaySums
    paper: DaySums
    difference: DaySums

    def rounded(self) -> "DayBeside":
        """Their money to the paisa."""
        return DayBeside(self.live.rounded(), self.paper.rounded(), self.difference.rounded())


def day_of(beside: Sequence[Beside]) -> DayBeside:
    """What both runs come to."""
    live = _sums(each.live for each in beside)
    paper = _sums(each.paper for each in beside)
    apart = DaySums(
        live.positions - paper.positions,
        live.open - paper.open,
        live.gross - paper.gross,
        live.costs - paper.costs,
        live.net - paper.net,
    )
    return DayBeside(live, paper, apart)


def _sums(trips: Iterable[RoundTrip | None]) -> DaySums:
    found = [each for each in trips if each is not None]
    return DaySums(
        len(found),
        sum(each.left > 0 for each in found),
        sum((each.gross for each in found), _ZERO),
        sum((each.costs for each in found), _ZERO),
        sum((each.net for each in found), _ZERO),
    )


def net_apart(pair: Beside) -> Decimal:
    """What the live position made more than that of paper; one that is not there made nothing."""
    return (pair.live.net if pair.live else _ZERO) - (pair.paper.net if pair.paper else _ZERO)


def beside_record(pair: Beside, zone: str) -> BesideRecord:
    """A position of both as a record."""
    named = pair.live or pair.paper
    assert named is not None
    live, paper = (None if each is None else _trip(each, zone) for each in (pair.live, pair.paper))
    return BesideRecord(named.instrument.symbol, live, paper, paise(net_apart(pair)))


def _trip(trip: RoundTrip, zone: str) -> TripRecord:
    instrument = trip.instrument
    return TripRecord(
        stamp(trip.entry_ms, zone),
        stamp(trip.exit_ms, zone) if trip.sold else None,
        Decimal(instrument.quantity_text(trip.quantity)),
        Decimal(instrument.price_text(trip.entry_price)),
        _fine(Decimal(trip.exit_turnover) / trip.sold / instrument.price_scale) if trip.sold else None,
        paise(trip.gross),
        paise(trip.costs),
        paise(trip.net),
        trip.reason,
        Decimal(instrument.quantity_text(trip.left)),
    )


class DayOrdersRecord(Struct, frozen=True):
    """What `orders --json` prints of a journal's day."""

    schema: int
    state_dir: str
    zone: str
    date: str
    mode: str
    orders: list[OrderRecord]
    total: SideTotals
    problems: tuple[str, ...]


class ComparisonRecord(Struct, frozen=True):
    """What `orders --compare --json` prints."""

    schema: int
    file: str
    zone: str
    outcome: str
    reason: str
    remarks: tuple[str, ...]
    orders: list[OrderRecord]
    total: SideTotals
    trades: list[BesideRecord]
    day: DayBeside


def comparison_record(found: LiveComparison) -> ComparisonRecord:
    """All of a comparison as a record."""
    return ComparisonRecord(
        1, found.file, found.zone, found.outcome, found.reason, found.remarks,
        [order_record(each, found.zone) for each in found.courses], totals_of(found.courses).rounded(),
        [beside_record(each, found.zone) for each in found.beside], day_of(found.beside).rounded(),
    )  # fmt: skip
