"""The words of a day that is over."""

from decimal import Decimal

from msgspec.structs import replace

from engine.model.run_views import ClosingView
from engine.model.statistics import DayStatistics
from engine.presentation import closing
from engine.text.sanitize import CleanText
from tests.support.builders import ms

MADE = DayStatistics(
    date="2026-11-27",
    entries=30,
    exits=61,
    positions=30,
    won=22,
    lost=8,
    profit=Decimal(150_000),
    loss=Decimal(45_000),
    gross=Decimal("107874.455"),
    costs=Decimal(5_000),
    net=Decimal("102874.455"),
    best=Decimal(23_450),
    worst=Decimal(-12_000),
    drawdown=Decimal(34_000),
    reasons={"Stop Loss": 9, "Take Profit 1": 40, "Session End": 12},
    costs_by_kind={"brokerage": Decimal(1200), "STT": Decimal(3800), "stamp": Decimal(0)},
)
OVER = ClosingView(
    MADE,
    False,
    {"green ticks": 12, "cooldown": 900},
    3,
    1,
    CleanText("/x/paper-NIFTY.mqr"),
    0,
    "by percent, filled at last",
)
ZONE = "Asia/Kolkata"


def test_the_card_says_all_that_happened() -> None:
    assert closing.title(OVER) == "SESSION OF 2026-11-27 IS OVER"
    assert closing.rows(OVER, ZONE) == [
        ("net", "+1,02,874.46 (gross +1,07,874.46, costs 5,000.00)"),
        ("costs", "brokerage 1,200.00, STT 3,800.00"),
        ("charged", "by percent, filled at last"),
        ("trades", "30 positions, 22 won (73%), 61 exits, profit factor 3.33"),
        ("best", "+23,450.00, worst -12,000.00, drawdown 34,000.00"),
        ("exits", "Take Profit 1 40, Session End 12, Stop Loss 9"),
        ("refused", "cooldown 900, green ticks 12"),
        ("gaps", "3 silences, 1 jump of the exchange's numbering"),
        ("file", "/x/paper-NIFTY.mqr"),
    ]


def test_a_run_that_began_within_the_day_says_since_when_it_counted() -> None:
    late = replace(OVER, since_ms=ms("13:05:40"), statistics=replace(MADE, longest_lost=3))
    said = dict(closing.rows(late, ZONE))
    assert said["refused"] == "since 13:05: cooldown 900, green ticks 12"
    assert said["gaps"].startswith("since 13:05: 3 silences")
    assert said["best"].endswith("drawdown 34,000.00, longest losing streak 3")
    assert "refused since 13:05: cooldown 900" in closing.log_lines(late, ZONE)[1]


def test_of_what_did_not_happen_nothing_is_said() -> None:
    quiet = ClosingView(DayStatistics(date="2026-11-27"))
    assert [name for name, _ in closing.rows(quiet, ZONE)] == ["net", "trades"]
    assert len(closing.log_lines(quiet, ZONE)) == 1
    assert closing.summary_lines(quiet.statistics, ZONE) == ()


def test_the_log_has_it_in_two_lines() -> None:
    first, second = closing.log_lines(OVER, ZONE)
    assert first.startswith("session of 2026-11-27 is over: net +1,02,874.46")
    assert "30 positions, 22 won" in first
    assert second.endswith("file /x/paper-NIFTY.mqr")
