"""Days added up: accounts that go on and days with their own capital, falls over both, positions that two recordings share."""

from array import array
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.model.session_result import Fall, PositionResult, ReportedDay
from engine.reports.mode_report import Curve, ModeReport
from engine.reports.report import Report
from engine.text.sanitize import CleanText
from tests.support.position_samples import BEGIN_MS, position

DAY_MS = 86_400_000


def day(
    number: int, cash: int, *nets: int, positions: tuple[PositionResult, ...] = (), mode: str = "paper"
) -> ReportedDay:
    """A day with these exits, a minute apart."""
    began_ms = BEGIN_MS + DAY_MS * number
    return ReportedDay(
        mode=mode, date=f"2025-10-{1 + number:02d}", zone="Asia/Kolkata", source=CleanText("x"), began_ms=began_ms, cash=Decimal(cash),
        net=Decimal(sum(nets)), costs_by_kind={"STT": Decimal(1)}, positions=positions,
        exits=tuple((began_ms + 60_000 * place, Decimal(net)) for place, net in enumerate(nets, 1)),
        cash_after=Decimal(cash + sum(nets)), fingerprint=f"{number}",
    )  # fmt: skip


def made(*days: ReportedDay) -> ModeReport:
    report = ModeReport("paper", "Asia/Kolkata")
    for each in days:
        list(report.add(each))
    return report


def test_an_account_goes_on_in_rupees() -> None:
    report = made(day(0, 1000, 100, -50), day(1, 1050, -200), day(2, 850, 400))
    assert not report.own_capital
    assert [each.equity for each in report.days] == [1050, 850, 1250]
    fall = report.realised.largest
    assert fall is not None
    assert (fall.amount, fall.peak, fall.recovered_ms) == (250, 1100, BEGIN_MS + 2 * DAY_MS + 60_000)
    assert report.returns == [0.05, float(Decimal(-200) / 1050), float(Decimal(400) / 850)]


def test_days_with_their_own_capital_are_chained_by_their_returns() -> None:
    report = made(day(0, 1000, 100), day(1, 1000, 100), day(2, 500, -50))
    assert report.own_capital
    assert [each.equity for each in report.days] == pytest.approx([1100, 1210, 1089])
    assert report.net == 150


def test_falls_of_all_ticks_are_taken_over_days() -> None:
    first = replace(
        day(0, 1000, 0),
        equity_ms=array("q", [1, 2, 3]),
        equity=array("d", [1000, 1100, 1050]),
        fall=Fall(80, 1100, 2, 3),
    )
    second = replace(
        day(1, 1000, 0), equity_ms=array("q", [11, 12]), equity=array("d", [1000, 990]), fall=Fall(10, 1000, 11, 12)
    )
    report = made(first, second)
    assert report.marked.largest == Fall(80, 1100, 2, 3)
    assert list(report.marked_curve.values) == [1000, 1100, 1050, 1050, 1040]


def test_a_position_that_two_recordings_share_is_one() -> None:
    begun = position(20_000, (21_000, 75))
    ended = replace(position(20_000, (20_500, 75), quantity=75), costs_by_kind={}, first_stop=None)
    report = made(day(0, 1000, 749, positions=(begun,)), day(1, 1749, 374, positions=(ended,)))
    assert (report.open, report.sums.positions, report.sums.exits) == ([], 1, 2)
    assert report.sums.net == begun.net + ended.net == report.gross - report.exit_costs
    assert report.sums.r is not None
    assert report.sums.r.mean == float(report.sums.net / 2250)


def test_modes_are_never_added_up() -> None:
    report = Report()
    for each in (day(0, 1000, 1), day(0, 1000, 2, mode="live")):
        report.take(each)
    assert {mode: found.net for mode, found in report.modes.items()} == {"paper": 1, "live": 2}
    assert report.title == "paper, 2025-10-01; live, 2025-10-01"


def test_a_curve_of_too_many_points_keeps_highest_and_lowest() -> None:
    curve = Curve(array("q"), array("d"))
    for place in range(90_000):
        curve.put(place, float((place * 7919) % 1000))
    assert len(curve.values) <= 40_000
    assert (min(curve.values), max(curve.values)) == (0, 999)
    assert list(curve.at_ms) == sorted(curve.at_ms)
