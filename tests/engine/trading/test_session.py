"""Trading hours in any zone, on any machine."""

import pytest

from engine.trading.session import NO_DAY, TradingHours
from tests.support.builders import config, ms


def test_the_default_day():
    day = TradingHours(config().session).day_of(ms("12:00:00"))
    assert day.date.isoformat() == "2025-10-01"
    assert (day.start_ms, day.end_ms) == (ms("09:15:00"), ms("15:30:00"))
    assert (day.entry_from_ms, day.entry_until_ms) == (ms("09:20:00"), ms("15:10:00"))
    assert day.exit_from_ms == ms("15:10:00")
    assert (day.day_from_ms, day.day_until_ms) == (ms("00:00:00"), ms("00:00:00", "2025-10-02"))


def test_the_larger_buffer_counts():
    session = config(
        "session.start_buffer_minutes=1", "session.no_trade_start_minutes=30", "session.no_trade_end_minutes=60"
    ).session
    day = TradingHours(session).day_of(ms("12:00:00"))
    assert (day.entry_from_ms, day.entry_until_ms) == (ms("09:45:00"), ms("14:30:00"))
    assert day.exit_from_ms == ms("15:10:00")


@pytest.mark.parametrize(("day", "hours"), [("2025-03-09", 23), ("2025-11-02", 25), ("2025-06-02", 24)])
def test_days_of_a_zone_with_summer_time(day, hours):
    session = config("session.zone=America/New_York", "session.start=09:30", "session.end=16:00").session
    trading = TradingHours(session)
    noon_ms = ms("22:00:00", day)  # some time of that day in New York
    found = trading.day_of(noon_ms)
    assert found.date.isoformat() == day
    assert found.day_until_ms - found.day_from_ms == hours * 3_600_000
    assert trading.local(found.start_ms).strftime("%H:%M") == "09:30"


@pytest.mark.parametrize("stamp_ms", [2**62, -(2**62), 10**15, -(10**15)])
def test_a_stamp_no_calendar_has_belongs_to_no_session(stamp_ms):
    assert TradingHours(config().session).day_of(stamp_ms) == NO_DAY


def test_stamps_show_milliseconds_only_where_there_are_some():
    hours = TradingHours(config().session)
    assert hours.stamp(ms("09:20:49")) == "2025-10-01T09:20:49+05:30"
    assert hours.stamp(ms("09:20:49") + 7) == "2025-10-01T09:20:49.007+05:30"
