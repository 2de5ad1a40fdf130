"""Trading hours in any zone, on any machine."""

from datetime import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.trading.session import NO_DAY, TradingHours
from tests.support.builders import config, ms
from tests.support.thorough import examples


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


def hours_of(*overrides: str) -> TradingHours:
    return TradingHours(config(*(f"session.{override}" for override in overrides)).session)


def test_a_session_that_crosses_midnight_keeps_the_date_it_began_on():
    hours = hours_of("start=18:00", "end=02:30")
    day = hours.day_of(ms("01:00:00", "2025-10-02"))
    assert day == hours.day_of(ms("18:00:00"))
    assert day.date.isoformat() == "2025-10-01"
    assert (day.start_ms, day.end_ms) == (ms("18:00:00"), ms("02:30:00", "2025-10-02"))
    assert day.exit_from_ms == ms("02:10:00", "2025-10-02")
    # The date turns while the market is closed, half way between an end and the next start.
    assert (day.day_from_ms, day.day_until_ms) == (ms("10:15:00"), ms("10:15:00", "2025-10-02"))
    assert hours.next_open_ms(ms("02:30:01", "2025-10-02")) == ms("18:00:00", "2025-10-02")


@pytest.mark.parametrize(
    ("special", "begins", "start", "end"),
    [
        ("09:00-12:00", "09:00:00", "09:00:00", "12:00:00"),
        ("07:00-09:30", "07:00:00", "07:00:00", "09:30:00"),
        ("12:00-13:00", "10:00:00", "12:00:00", "13:00:00"),
        ("01:00-03:00", "02:00:00.001", "02:00:00.001", "03:00:00"),  # the evening of the date before is not over
        ("00:30-01:30", "02:00:00.001", "", ""),
    ],
)
def test_a_special_session_at_day_of_a_market_of_the_evening_keeps_its_date(special, begins, start, end):
    hours, date = hours_of("start=18:00", "end=02:00", f'special=["2026-11-07 {special}"]'), "2026-11-07"
    day = hours.day_of(ms("15:00:00", date))
    assert day.day_from_ms == ms(begins, date)
    assert (day.start_ms, day.end_ms) == ((ms(start, date), ms(end, date)) if start else (0, -1))
    evening = hours.day_of(day.day_from_ms - 1)
    assert (evening.date.isoformat(), evening.end_ms) == ("2026-11-06", ms("02:00:00", date))
    assert not start or hours.day_of(day.start_ms) == day


def test_a_market_without_an_end_is_open_to_the_last_millisecond_of_a_date():
    hours = hours_of("daily=false", "zone=UTC")
    day = hours.day_of(ms("05:29:59.999", "2025-10-02"))
    assert (day.date.isoformat(), day.daily) == ("2025-10-01", False)
    assert day.end_ms + 1 == day.day_until_ms == ms("05:30:00", "2025-10-02")
    assert day.day_until_ms + 10**12 < min(day.exit_from_ms, day.entry_until_ms)
    assert not hours.closed(day.end_ms)


def test_the_next_opening_passes_over_closed_days():
    hours = hours_of('holidays=["2025-10-02", "2025-10-03"]')
    assert hours.next_open_ms(ms("09:00:00")) == ms("09:15:00")
    assert hours.next_open_ms(ms("15:30:00")) == ms("15:30:00")
    assert hours.next_open_ms(ms("15:30:00") + 1) == ms("09:15:00", "2025-10-04")
    assert [hours.closed(ms("12:00:00", day)) for day in ("2025-10-01", "2025-10-02")] == [False, True]
    assert hours.next_open_ms(2**62) is None


# Zones whose clocks go back or forward at night, at midnight, by half an hour; one that left out a whole date.
ODD_ZONES = (
    "Asia/Kolkata",
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(
    st.sampled_from(ODD_ZONES),
    times,
    times,
    st.booleans(),
    st.integers(1_262_304_000_000, 1_830_297_600_000),
    st.integers(0, 3 * 86_400_000),
)
@settings(max_examples=examples(300), deadline=None)
def test_every_moment_belongs_to_one_day_and_opens_next_where_trading_time_begins(
    zone: str, start: time, end: time, daily: bool, at_ms: int, more_ms: int
) -> None:
    assume(start != end)
    plain = config(f"session.zone={zone}", "session.end_buffer_minutes=0", "session.start_buffer_minutes=0").session
    hours = TradingHours(replace(plain, start=start, end=end, daily=daily))
    day, later = hours.day_of(at_ms), hours.day_of(at_ms + more_ms)
    assert day.day_from_ms <= at_ms < day.day_until_ms
    assert day.date <= later.date
    assert (day.date == later.date) == (day.day_from_ms == later.day_from_ms)
    assert hours.day_of(day.day_until_ms).day_from_ms == day.day_until_ms
    assert daily or (day.start_ms, day.end_ms) == (day.day_from_ms, day.day_until_ms - 1)
    assert day.day_from_ms <= day.start_ms
    assert day.end_ms <= day.day_until_ms
    opens_ms = hours.next_open_ms(at_ms)
    assert opens_ms is not None
    assert opens_ms >= at_ms
    assert not hours.closed(opens_ms)
    assert opens_ms == at_ms or (hours.closed(at_ms) and hours.closed(opens_ms - 1))
    # Asked in another order, or anew, it says the same.
    assert TradingHours(replace(plain, start=start, end=end, daily=daily)).day_of(at_ms) == day == hours.day_of(at_ms)
