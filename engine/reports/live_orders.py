"""Orders at a real broker, and a run beside the same ticks on paper, as lines for a person. Reads and prints nothing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from engine.model.order_courses import Beside, LiveComparison, OrderCourse, RoundTrip
from engine.presentation import format as text
from engine.presentation.charges import by_kind
from engine.presentation.money import grouped
from engine.reports.order_records import DaySums, OrderRecord, OrderTotal, day_of, net_apart, order_record, totals_of
from engine.reports.tables import fitted

_HEAD: Final = (
    "TIME", "TAG", "SIDE", "FILLED", "SYMBOL", "DECIDED", "BEST", "FIRST", "LIMIT", "GOT", "POINTS", "LOST", "v BEST", "COSTS",
    "SENT", "TAKEN", "FILL ms", "RUNG", "PURPOSE", "STATE", "REASON",
)  # fmt: skip
_LEFT: Final = {"TIME", "TAG", "SIDE", "SYMBOL", "PURPOSE", "STATE", "REASON"}
_MISSED_LEAST: Final = ("FIRST", "RUNG", "TAKEN", "SENT", "BEST", "v BEST", "POINTS", "PURPOSE", "TAG", "SYMBOL", "COSTS", "FILL ms", "REASON")  # fmt: skip
_BESIDE_HEAD: Final = (
    "IN", "SYMBOL", "LIVE: QTY", "ENTRY", "EXIT", "NET", "PAPER: QTY", "ENTRY ", "EXIT ", "NET ", "DIFFERENCE", "REASON",
)  # fmt: skip
_VERDICTS: Final = {"same": "SAME AS RECORDED", "different": "DIFFERENT", "damaged": "DAMAGED"}


def order_lines(courses: Sequence[OrderCourse], zone: str, width: int) -> Iterator[str]:
    """A head and a line for each order, and the sums: in all and by side."""
    rows = [_cells(each, order_record(each, zone), zone) for each in courses]
    yield from fitted(_HEAD, rows, width, left=_LEFT, missed_least=_MISSED_LEAST)
    totals = totals_of(courses)
    yield from (
        _total_line(name, each, zone)
        for name, each in (("bought", totals.buy), ("sold", totals.sell), ("all", totals.all))
    )
    if kinds := by_kind(totals.all.costs_by_kind, zone):
        yield f"costs: {kinds}"


def _cells(course: OrderCourse, record: OrderRecord, zone: str) -> list[str]:
    instrument = course.instrument
    filled, quantity = (text.quantity(instrument, each) for each in (course.filled, course.quantity))
    average = text.price(instrument, round(Decimal(course.turnover) / course.filled)) if course.filled else text.NOTHING
    prices = (
        text.price(instrument, each) if each else text.NOTHING
        for each in (course.decided, course.best, course.first_limit, course.limit)
    )  # fmt: skip
    lost = (
        text.NOTHING if each is None else grouped(each, zone, sign=True)
        for each in (record.lost_points, record.lost, record.best_lost)
    )
    moments = (
        text.NOTHING if each is None else f"{each:,}" for each in (record.sent_ms, record.accepted_ms, record.filled_ms)
    )
    words = course.reason if not course.said else f"{course.reason}; {course.said}"
    return [
        text.clock(course.decided_ms, zone, millis=True), course.tag or text.NOTHING, course.side, f"{filled}/{quantity}",
        instrument.symbol, *prices, average, *lost, grouped(record.costs, zone), *moments,
        text.NOTHING if course.rung is None else str(course.rung), course.purpose, course.state, words,
    ]  # fmt: skip


def _total_line(name: str, total: OrderTotal, zone: str) -> str:
    orders = f"{total.orders:,} order{'' if total.orders == 1 else 's'}"
    unfilled = f", {total.unfilled_entries:,} entries without a fill" if total.unfilled_entries else ""
    best = "" if total.best_lost is None else f", {grouped(total.best_lost, zone, sign=True)} against the best then"
    lost = f"lost {grouped(total.lost, zone, sign=True)} against the decided price{best}"
    return f"{name}: {orders}{unfilled}, {lost}, costs {grouped(total.costs, zone)}"


def comparison_lines(found: LiveComparison, width: int) -> Iterator[str]:
    """The verification first, then orders, then positions beside those of paper, then the day."""
    zone, verdict = found.zone, _VERDICTS.get(found.outcome, "NOT COMPARABLE")
    if found.outcome == "same":
        yield f"{found.file}: {verdict}"
    else:
        yield f"{found.file}: {verdict}: {found.reason}"
        yield "the figures below are of the replay, not of the run that was recorded"
    yield from found.remarks
    yield ""
    yield from order_lines(found.courses, zone, width)
    yield ""
    yield from fitted(
        _BESIDE_HEAD,
        [_beside_cells(each, zone) for each in found.beside],
        width,
        left={"IN", "SYMBOL", "REASON"},
        missed_least=("SYMBOL", "EXIT ", "EXIT", "ENTRY ", "ENTRY", "REASON"),
    )
    yield _matched_line(found.beside)
    day = day_of(found.beside)
    yield _day_line("live", day.live, zone)
    yield _day_line("paper", day.paper, zone)
    apart = day.difference
    yield f"difference: net {grouped(apart.net, zone, sign=True)} (gross {grouped(apart.gross, zone, sign=True)}, costs {grouped(apart.costs, zone, sign=True)})"


def _matched_line(beside: Sequence[Beside]) -> str:
    """How many positions both runs have, and whether they are as large: limits of `[live]` bind no paper."""
    pairs = [(each.live, each.paper) for each in beside if each.live is not None and each.paper is not None]
    other = sum(live.quantity != paper.quantity for live, paper in pairs)
    quantities = f", {other:,} of them in another quantity" if other else ""
    only_live, only_paper = sum(each.paper is None for each in beside), sum(each.live is None for each in beside)
    return f"{len(pairs):,} positions in both{quantities}, {only_live:,} only live, {only_paper:,} only on paper"


def _beside_cells(pair: Beside, zone: str) -> list[str]:
    named = pair.live or pair.paper
    assert named is not None
    reasons = [each.reason for each in (pair.live, pair.paper) if each is not None]
    only = "" if pair.live and pair.paper else " (only live)" if pair.live else " (only on paper)"
    return [
        text.clock(named.decided_ms, zone), named.instrument.symbol, *_trip_cells(pair.live, zone), *_trip_cells(pair.paper, zone),
        grouped(net_apart(pair), zone, sign=True), " / ".join(dict.fromkeys(reasons)) + only,
    ]  # fmt: skip


def _trip_cells(trip: RoundTrip | None, zone: str) -> list[str]:
    if trip is None:
        return [text.NOTHING] * 4
    instrument = trip.instrument
    sold_at = text.price(instrument, round(Decimal(trip.exit_turnover) / trip.sold)) if trip.sold else text.NOTHING
    return [
        text.quantity(instrument, trip.quantity), text.price(instrument, trip.entry_price), sold_at, grouped(trip.net, zone, sign=True),
    ]  # fmt: skip


def _day_line(name: str, day: DaySums, zone: str) -> str:
    still = f", {day.open:,} open at its end" if day.open else ""
    return f"{name}: net {grouped(day.net, zone, sign=True)} of {day.positions:,} positions{still} (gross {grouped(day.gross, zone, sign=True)}, costs {grouped(day.costs, zone)})"
