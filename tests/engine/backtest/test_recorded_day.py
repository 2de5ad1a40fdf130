"""Which day is validated, by the calendars of the markets, and which files belong to it."""

from datetime import date, datetime
from pathlib import Path

import pytest

from engine.assembly.market_hours import MarketHours
from engine.backtest.recorded_day import last_session, recordings_of
from engine.trading.session import TradingHours
from tests.support.builders import config
from tests.support.recordings.recording_samples import tick, write


def hours(*markets: str, **said: str) -> list[TradingHours]:
    made = MarketHours(config(*(f"session.{key}={text}" for key, text in said.items())), "paper")
    return [made(name) for name in markets or ("NSE",)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("markets", "now", "day"),
    [
        ("NSE", "2026-11-30T16:00:00+05:30", "2026-11-30"),
        ("NSE", "2026-11-30T15:29:00+05:30", "2026-11-27"),  # a Monday within the session: Friday's is the last
        ("NSE", "2026-11-29T12:00:00+05:30", "2026-11-27"),
        ("NSE", "2026-01-27T09:00:00+05:30", "2026-01-23"),  # behind Republic Day
        ("NSE", "2026-02-01T16:00:00+05:30", "2026-02-01"),  # a Sunday: the Union Budget
        ("NSE", "2025-10-21T15:15:00+05:30", "2025-10-21"),  # Muhurat trading, which ends at 14:45
        ("MCX", "2026-11-30T23:00:00+05:30", "2026-11-27"),
        ("MCX", "2026-12-01T00:25:00+05:30", "2026-11-30"),
        ("MCX", "2026-03-03T23:59:00+05:30", "2026-03-03"),  # Holi: only the evening is session
        ("NSE MCX", "2026-11-30T16:00:00+05:30", "2026-11-27"),  # one of them goes on
        ("NSE MCX", "2026-12-01T00:25:00+05:30", "2026-11-30"),
        ("NSE MCX", "2026-03-04T00:25:00+05:30", "2026-03-03"),
        ("24x7", "2026-11-29T23:59:59+00:00", "2026-11-28"),  # the last whole day, a Saturday
        ("24x7", "2026-11-30T00:30:00+00:00", "2026-11-29"),
    ],
)
def test_the_last_session_is_one_that_is_over(markets: str, now: str, day: str) -> None:
    assert last_session(hours(*markets.split()), ms(now)) == date.fromisoformat(day)


def test_a_special_session_that_the_operator_said_is_one() -> None:
    said = hours(special='["2026-11-08 18:00-19:15"]')  # a Sunday, of which the calendar is not sure
    assert last_session(hours(), ms("2026-11-08T19:45:00+05:30")) == date(2026, 11, 6)
    assert last_session(said, ms("2026-11-08T19:00:00+05:30")) == date(2026, 11, 6)
    assert last_session(said, ms("2026-11-08T19:45:00+05:30")) == date(2026, 11, 8)


def test_a_session_that_crosses_midnight_is_of_the_date_it_began_on() -> None:
    (late,) = hours(start="18:00", end="02:00")
    assert last_session([late], ms("2026-12-01T02:30:00+05:30")) == date(2026, 11, 30)


def test_recordings_of_a_day_are_those_of_its_runs(tmp_path: Path) -> None:
    names = (
        "paper-NIFTY-20261130-091455.mqr",
        "live-NIFTY-20261130-113000-2.mqr",
        "mock-A-20261130-091500.mqr",
        "replay-NIFTY-20261130-091455.mqr",  # of a replay: nobody's session
        "paper-NIFTY-20261127-091455.mqr",
        "paper-NIFTY-20261130-091455.csv",
        "of-a-friend-20261130-091455.mqr",
        "paper-NIFTY-20261340-091455.mqr",  # no date
    )
    for name in names:
        (tmp_path / name).touch()
    (nse,) = hours()
    found = [path.name for path in recordings_of(tmp_path, date(2026, 11, 30), nse)]
    assert found == [names[0], names[2], names[1]]  # as they began
    assert recordings_of(tmp_path / "nowhere", date(2026, 11, 30), nse) == []


def test_a_restart_behind_midnight_is_of_the_session_that_goes_on(tmp_path: Path) -> None:
    (tmp_path / "paper-A-20261201-003000.mqr").touch()
    (late,) = hours(start="18:00", end="02:00")
    assert len(recordings_of(tmp_path, date(2026, 11, 30), late)) == 1
    assert recordings_of(tmp_path, date(2026, 12, 1), late) == []


@pytest.mark.parametrize(("last", "count"), [("2026-11-29T23:59:59+00:00", 1), ("2026-11-30T00:00:01+00:00", 2)])
def test_the_run_that_went_on_into_the_day_is_of_it_as_well(tmp_path: Path, last: str, count: int) -> None:
    (coins,) = hours("24x7")
    write(tmp_path / "paper-A-20261129-000001.mqr", [tick(1), tick(2, exch_ms=ms(last))])
    write(tmp_path / "paper-A-20261128-000001.mqr", [tick(1, exch_ms=ms("2026-11-30T12:00:00+00:00"))])  # not the last
    (tmp_path / "mock-A-20261129-000001.mqr").touch()  # cannot be read
    (tmp_path / "paper-A-20261130-000002.mqr").touch()
    found = recordings_of(tmp_path, date(2026, 11, 30), coins)
    assert [path.name for path in found] == ["paper-A-20261129-000001.mqr", "paper-A-20261130-000002.mqr"][-count:]
