"""When the timer of the validation is due: behind each session, whatever its market, zone, season or date."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.assembly.market_hours import MarketHours
from engine.serving.after_sessions import BEHIND, after_sessions
from engine.trading.session import TradingHours
from tests.support.builders import config

TODAY = date(2026, 2, 2)
_DAY = timedelta(days=1)


def hours(*markets: str, said: tuple[str, ...] = ()) -> list[TradingHours]:
    made = MarketHours(config(*said), "paper")
    return [made(name) for name in markets]


@pytest.mark.parametrize(
    ("markets", "said", "expected"),
    [
        ("NSE", (), ["*-*-* 16:00:00 Asia/Kolkata"]),
        ("MCX", (), ["*-*-* 00:25:00 Asia/Kolkata"]),  # 23:55 while New York has winter time
        ("24x7", (), ["*-*-* 00:30:00 UTC"]),
        ("US", (), ["*-*-* 16:30:00 America/New_York"]),
        ("NSE MCX CDS", (), ["*-*-* 00:25:00 Asia/Kolkata"]),
        ("NSE US", (), ["*-*-* 16:00:00 Asia/Kolkata", "*-*-* 16:30:00 America/New_York"]),
        ("NSE", ("session.end=15:39:30",), ["*-*-* 16:10:00 Asia/Kolkata"]),
        ("NSE", ("session.start=18:00", "session.end=02:00"), ["*-*-* 02:30:00 Asia/Kolkata"]),
        (
            "NSE",
            ('session.special=["2026-11-08 18:00-19:15", "2026-03-03 10:00-11:00"]',),
            ["*-*-* 16:00:00 Asia/Kolkata", "2026-11-08 19:45:00 Asia/Kolkata"],
        ),
    ],
)
def test_it_is_due_half_an_hour_behind(markets: str, said: tuple[str, ...], expected: list[str]) -> None:
    assert after_sessions(hours(*markets.split(), said=said), TODAY) == expected


def test_a_special_session_of_the_calendar_that_ends_late_is_due_by_its_date() -> None:
    assert after_sessions(hours("NSE"), date(2025, 2, 3)) == ["*-*-* 16:00:00 Asia/Kolkata"]  # Muhurat by day
    assert after_sessions(hours("NSE"), date(2023, 11, 1)) == [
        "*-*-* 16:00:00 Asia/Kolkata",
        "2023-11-12 19:45:00 Asia/Kolkata",
        "2024-11-01 19:30:00 Asia/Kolkata",
    ]


@pytest.mark.parametrize("market", ["NSE", "BSE", "MCX", "CDS", "US"])
@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_session_is_over_when_it_is_next_due_and_due_within_hours(market: str, year: int) -> None:
    (kept,) = hours(market)
    daily, *dated = after_sessions([kept], date(year, 1, 1))
    zone = ZoneInfo(daily.rpartition(" ")[2])
    at = datetime.strptime(daily.split()[1], "%H:%M:%S").replace(tzinfo=zone).timetz()
    specials = [datetime.strptime(each.rpartition(" ")[0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone) for each in dated]
    for day in (date(year, 1, 1) + _DAY * away for away in range(365)):
        session = kept.of_date(day)
        if session.start_ms > session.end_ms:
            continue
        ended = kept.local(session.end_ms)
        moments = [datetime.combine(day + _DAY * away, at) for away in (0, 1)] + specials
        behind = min(moment - ended for moment in moments if moment >= ended + BEHIND)
        assert behind <= timedelta(hours=16), (day, behind)
