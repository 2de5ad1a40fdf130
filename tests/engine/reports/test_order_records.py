"""Orders as records: sums are those of the rows before they were rounded, and what is not known is none."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.model.order_courses import Beside, LiveComparison, OrderCourse, RoundTrip
from engine.model.types import Instrument
from engine.reports.day_records import cells_of, columns_of
from engine.reports.live_orders import comparison_lines, order_lines
from engine.reports.order_records import OrderRecord, comparison_record, day_of, order_record, totals_of
from engine.text.sanitize import CleanText

ZONE = "Asia/Kolkata"
NIFTY = Instrument(CleanText("NIFTY"))
money = st.decimals(0, 500, places=7)


@st.composite
def courses(draw: st.DrawFn) -> OrderCourse:
    quantity = draw(st.integers(1, 40)) * 75
    filled = draw(st.integers(0, quantity))
    return OrderCourse(
        number=1, tag="L", instrument=NIFTY, side=draw(st.sampled_from(("BUY", "SELL"))), quantity=quantity,
        purpose=draw(st.sampled_from(("ENTRY", "EXIT", "EXTERNAL"))), reason="", decided=draw(st.integers(0, 30_000)),
        limit=1, first_limit=1, decided_ms=0, state="FILLED", best=draw(st.integers(0, 30_000)), filled=filled,
        turnover=filled * draw(st.integers(1, 30_000)), costs=draw(st.dictionaries(st.sampled_from(("STT", "GST")), money)),
    )  # fmt: skip


@given(st.lists(courses(), max_size=20))
def test_sums_are_those_of_the_rows(found: list[OrderCourse]) -> None:
    totals = totals_of(found)
    exact = [
        each.instrument.money(each.lost(each.decided)) if each.decided and each.filled else Decimal(0) for each in found
    ]
    assert totals.all.lost == sum(exact, Decimal(0)) == totals.buy.lost + totals.sell.lost
    assert totals.all.costs == sum((sum(each.costs.values(), Decimal(0)) for each in found), Decimal(0))
    assert totals.all.costs == sum(totals.all.costs_by_kind.values(), Decimal(0))
    assert totals.all.orders == totals.buy.orders + totals.sell.orders == len(found)
    rows = [order_record(each, ZONE) for each in found]
    assert (totals.all.best_lost is None) == all(row.best_lost is None for row in rows)
    assert abs(sum((row.lost or 0 for row in rows), Decimal(0)) - totals.all.lost) <= Decimal("0.005") * len(found)
    assert abs(sum((row.costs for row in rows), Decimal(0)) - totals.all.costs) <= Decimal("0.005") * len(found)
    assert all(
        (row.lost is None) == (not each.filled or not each.decided) for row, each in zip(rows, found, strict=True)
    )
    assert len(list(order_lines(found, ZONE, 80))) >= len(found) + 4


def test_a_buy_above_and_a_sale_below_have_lost() -> None:
    bought = OrderCourse(
        number=1, tag="L1", instrument=NIFTY, side="BUY", quantity=150, purpose="ENTRY", reason="Entry", decided=10_000,
        limit=10_060, first_limit=10_050, decided_ms=1_000, state="FILLED", best=10_005, filled=150,
        turnover=75 * 10_010 + 75 * 10_025, sent_ms=1_002, accepted_ms=1_040, filled_ms=1_100, rung=1,
    )  # fmt: skip
    row = order_record(bought, ZONE)
    assert (row.average, row.lost_points, row.lost) == (Decimal("100.175"), Decimal("0.175"), Decimal("26.25"))
    assert (row.best_lost_points, row.best_lost) == (Decimal("0.125"), Decimal("18.75"))
    assert (row.sent_ms, row.accepted_ms, row.filled_ms) == (2, 40, 100)
    cells = dict(zip(columns_of(OrderRecord), cells_of(row), strict=True))
    assert (cells["lost"], cells["decided"], "costs_by_kind" in cells) == ("26.25", "100.0", False)


def trip(net: str, left: int = 0) -> RoundTrip:
    """A position that made so much."""
    return RoundTrip(
        instrument=NIFTY, decided_ms=0, entry_ms=0, entry_price=100, sold=75, exit_turnover=75 * 110, net=Decimal(net), left=left
    )  # fmt: skip


def test_the_day_is_the_sum_of_its_positions_and_what_both_made_apart() -> None:
    beside = (Beside(trip("10.004", 75), trip("12.001")), Beside(None, trip("-3", 75)), Beside(trip("1"), None))
    day = day_of(beside)
    assert (day.live.net, day.paper.net, day.difference.net) == (Decimal("11.004"), Decimal("9.001"), Decimal("2.003"))
    assert (day.live.positions, day.paper.open, day.difference.positions) == (2, 1, 0)
    found = LiveComparison(
        file="x.mqr", zone=ZONE, outcome="different", reason="tick 3: net", courses=(), beside=beside, remarks=("noted",)
    )  # fmt: skip
    record = comparison_record(found)
    assert [each.difference for each in record.trades] == [Decimal("-2.00"), Decimal("3.00"), Decimal("1.00")]
    lines = list(comparison_lines(found, 200))
    assert lines[:3] == [
        "x.mqr: DIFFERENT: tick 3: net",
        "the figures below are of the replay, not of the run that was recorded",
        "noted",
    ]
    assert "1 positions in both, 1 of them in another quantity, 1 only live, 1 only on paper" in lines
    assert lines[-1].startswith("difference: net +2.00")
