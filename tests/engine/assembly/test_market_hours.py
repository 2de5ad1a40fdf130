"""Whose hours hold: a person's, a recording's, a market's, its calendar's; in a live run and in a replay."""

import time
from datetime import date
from pathlib import Path

import pytest

from engine.assembly.market_hours import MarketHours, calendar_path, for_market, read_calendar
from engine.assembly.recording_config import header_of
from engine.config import instrument_for
from engine.model.events import DayStarted
from engine.model.types import Instrument, TradeMode
from engine.trading.session import TradingHours
from tests.support.builders import EAGER, config, ms, tick
from tests.support.clock_runs import VirtualRun
from tests.support.clocked_runs import ClockedRun
from tests.support.trader_harness import TraderHarness


@pytest.fixture(autouse=True)
def _no_table_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def hours(market: str, *overrides: str, mode: TradeMode = "paper") -> TradingHours:
    return MarketHours(config(*overrides), mode)(market)


def clock(market: TradingHours, at_ms: int) -> str:
    return market.local(at_ms).strftime("%m-%d %H:%M")


def window(market: TradingHours, day: str) -> tuple[str, str]:
    found = market.day_of(ms("12:00:00", day))
    return (clock(market, found.start_ms), clock(market, found.end_ms)) if found.end_ms > 0 else ("closed", "")


@pytest.mark.parametrize(
    ("market", "day", "expected"),
    [
        ("NSE", "2026-11-27", ("11-27 09:15", "11-27 15:30")),
        ("BSE", "2026-11-27", ("11-27 09:15", "11-27 15:30")),
        ("CDS", "2026-11-27", ("11-27 09:00", "11-27 17:00")),
        ("MCX", "2026-10-30", ("10-30 09:00", "10-30 23:30")),
        ("MCX", "2026-11-02", ("11-02 09:00", "11-02 23:55")),
        ("MCX", "2026-03-03", ("03-03 17:00", "03-03 23:55")),
        ("NSE", "2025-10-21", ("10-21 13:45", "10-21 14:45")),
        ("NSE", "2026-11-28", ("closed", "")),
        ("NSE", "2026-02-01", ("02-01 09:15", "02-01 15:30")),
        ("NSE", "2026-11-08", ("closed", "")),
    ],
)
def test_each_market_keeps_its_own_hours_and_days(market: str, day: str, expected: tuple[str, str]):
    assert window(hours(market), day) == expected


def test_new_york_keeps_its_hours_over_the_change_of_the_clocks_and_its_half_days():
    us = hours("US")
    opens = [us.next_open_ms(ms("12:00:00", day)) for day in ("2026-03-06", "2026-03-09", "2026-10-30", "2026-11-02")]
    assert [us.local(at).strftime("%H:%M") for at in opens] == ["09:30"] * 4
    assert [at % 86_400_000 // 60_000 for at in opens] == [870, 810, 810, 870]  # 14:30, 13:30, 13:30, 14:30 UTC
    assert clock(us, us.day_of(ms("22:00:00", "2026-11-27")).end_ms) == "11-27 13:00"


def test_what_a_person_says_of_a_date_goes_before_the_calendar():
    said = hours("NSE", 'session.special=["2026-11-08 18:00-19:00", "2026-11-28"]', 'session.holidays=["2026-11-27"]')
    assert window(said, "2026-11-08") == ("11-08 18:00", "11-08 19:00")
    assert window(said, "2026-11-28") == ("11-28 09:15", "11-28 15:30")
    assert window(said, "2026-11-27") == ("closed", "")
    assert all(said.known_closed(ms("03:00:00", f"2026-11-{day}")) for day in ("08", "27", "28"))
    assert not said.known_closed(ms("12:00:00", "2026-11-28"))
    assert not hours("NSE").known_closed(
        ms("03:00:00", "2026-11-08")
    )  # a Muhurat session whose hours are not announced


def test_beyond_the_calendars_end_hours_and_weekends_are_known_as_well_as_before():
    market = hours("NSE", 'session.special=["2027-01-10"]')
    for day, at, closed in (
        ("2027-01-05", "20:00:00", True),
        ("2027-01-05", "09:14:59", True),
        ("2027-01-09", "12:00:00", True),
        ("2027-01-10", "12:00:00", False),
        ("2027-01-26", "12:00:00", False),  # a holiday, which the table alone could know
    ):
        assert market.known_closed(ms(at, day)) == closed
    ends = [market.calendar_ends(ms("12:00:00", day)) for day in ("2026-12-31", "2027-01-05", "2027-01-10")]
    assert ends == [None, date(2026, 12, 31), None]
    free = hours("NSE", "session.calendar=none")
    assert (free.known_closed(ms("20:00:00", "2040-01-02")), free.calendar_ends(ms("20:00:00", "2040-01-02"))) == (
        True,
        None,
    )


def test_without_a_calendar_every_day_is_session():
    free = hours("NSE", "session.calendar=none")
    assert window(free, "2026-11-28") == ("11-28 09:15", "11-28 15:30")
    assert window(hours("NSE", "session.calendar=none", 'session.holidays=["2026-11-28"]'), "2026-11-28")[0] == "closed"


def test_hours_that_a_person_says_go_before_the_markets_and_others_give_way():
    assert window(hours("MCX", "session.end=17:00"), "2026-11-02") == ("11-02 09:00", "11-02 17:00")
    assert window(hours("MCX", "session.end=15:30"), "2026-11-02") == ("11-02 09:00", "11-02 15:30")  # as the default
    session = config("instrument.market=US").session
    assert (session.zone, f"{session.start:%H:%M}", f"{session.end:%H:%M}") == ("America/New_York", "09:30", "16:00")
    kept = config("instrument.market=US", "session.zone=Asia/Kolkata").session
    assert (kept.zone, f"{kept.end:%H:%M}") == ("Asia/Kolkata", "16:00")


@pytest.mark.parametrize(
    ("market", "said", "day", "expected"),
    [
        ("NSE", ("end=12:00",), "2025-10-01", ("09:15", "12:00")),
        ("MCX", ("end=20:00",), "2026-01-01", ("09:00", "17:00")),  # the evening falls out
        ("MCX", ("start=10:00", "end=12:00"), "2026-01-01", ("10:00", "12:00")),
        ("MCX", ("start=10:00",), "2026-03-03", ("17:00", "23:55")),  # an evening alone
        ("MCX", ("start=18:00",), "2026-03-03", ("18:00", "23:55")),
        ("MCX", ("end=16:00:30",), "2026-01-01", ("09:00", "16:00:30")),
        ("NSE", ("start=14:00",), "2025-10-21", ("14:00", "14:45")),  # Muhurat trading
        ("NSE", ("start=10:00", "end=12:00"), "2025-10-21", ()),
        ("NSE", ("start=22:00", "end=01:30"), "2025-10-21", ()),
        ("NSE", ("end=12:00", 'special=["2025-10-21 13:45-14:45"]'), "2025-10-21", ("13:45", "14:45")),
    ],
)
def test_hours_that_a_person_has_said_are_cut_by_a_calendar_and_never_widened(market, said, day, expected):
    found = hours(market, *(f"session.{each}" for each in said))
    at = found.day_of(ms("12:00:00", day))
    times = [found.local(each).strftime("%H:%M:%S").removesuffix(":00") for each in (at.start_ms, at.end_ms)]
    assert (tuple(times) if at.end_ms > 0 else ()) == expected
    assert found.text_of(date.fromisoformat(day)) in {"usual", "closed", "-".join(expected)}


def test_a_half_day_shortens_said_hours_only_where_they_are_longer():
    for end, expected in (("12:00", "12:00"), ("14:00", "13:00")):
        found = hours("US", f"session.end={end}")
        assert clock(found, found.day_of(ms("22:00:00", "2026-11-27")).end_ms) == f"11-27 {expected}"


def test_a_market_without_an_end_gets_one_from_whoever_says_hours_but_for_a_whole_day():
    assert not for_market(config(), "24x7").session.daily
    assert not hours("24x7").day_of(ms("12:00:00")).daily
    assert hours("24x7", "session.start=09:00").day_of(ms("12:00:00")).daily
    assert not config("session.start=00:00", "session.end=23:59:59").session.daily
    assert config("session.start=00:00", "session.end=23:59:59", "session.daily=true").session.daily


def test_a_replay_never_leaves_a_tick_out_for_its_date_and_says_so():
    for day, note in (
        ("2025-10-02", "no trading day"),
        ("2025-10-04", "weekend"),
        ("2025-10-21", "13:45-14:45: Diwali"),
    ):
        cfg = config(*EAGER)
        harness = TraderHarness(*EAGER, hours_of=MarketHours(cfg, "replay"))
        harness.at("13:50:00", day).prices(99, 100)
        assert harness.held > 0, day
        assert note in harness.events_of(DayStarted)[0].note
        live = TraderHarness(*EAGER, hours_of=MarketHours(cfg, "paper"))
        live.at("13:50:00", day).prices(99, 100)
        assert (live.held > 0) == (day == "2025-10-21")


def test_a_recording_of_a_day_whose_hours_a_person_has_said_is_replayed_by_them(tmp_path: Path):
    holiday = "2025-10-02"
    said = f'session.special=["{holiday} 10:00-11:00"]'
    run = ClockedRun(tmp_path, said, at=ms("10:09:00", holiday)).enter(ms("10:10:00", holiday))
    run.until(ms("10:41:01", holiday), 1_000)  # 20 minutes ahead of the end, and one for a price in time
    assert {reason for reason, _, _ in run.exits} == {"Session End"}
    assert run.verified() == "same"


def test_in_a_replay_no_day_begins_that_is_none_and_of_which_no_tick_is():
    hours_of = MarketHours(config(), "replay")
    run = VirtualRun(*EAGER, instruments=(instrument_for(config(), "NIFTY"),), hours_of=hours_of)
    days = ("2025-10-01", "2025-10-07", "2025-10-11")  # a holiday and two days of a weekend between, a Saturday at last
    run.play([tick(n, 100 - n, "09:30:00", day=day) for n, day in enumerate(days, 1)])
    assert [(each.date, bool(each.note)) for each in run.events_of(DayStarted)] == [
        *((f"2025-10-{day:02}", False) for day in (1, 3, 6, 7, 8, 9, 10)),
        ("2025-10-11", True),
    ]


def test_markets_of_one_run_have_days_of_their_own():
    cfg = config(*EAGER)
    night = Instrument("GOLD", exchange="MCX", market="MCX")
    harness = TraderHarness(*EAGER, listed=(instrument_for(cfg, "NIFTY"), night), hours_of=MarketHours(cfg, "paper"))
    harness.play([tick(1, 99, "15:20:00", day="2025-10-03"), tick(2, 99, "15:20:01", day="2025-10-03", instrument=1)])
    harness.play([tick(3, 100, "15:20:02", day="2025-10-03", instrument=1)])
    assert (harness.held, harness.trader.state.portfolio.net(1)) == (0, 975)
    harness.play([tick(4, 100, "22:00:00", day="2025-10-03"), tick(5, 101, "22:00:01", day="2025-10-03", instrument=1)])
    assert harness.trader.state.portfolio.net(1) == 975
    harness.play([tick(6, 101, "23:11:00", day="2025-10-03", instrument=1)])
    assert [reason for reason, _, _ in harness.exits] == ["Session End"]


def test_a_live_recording_states_the_days_that_were_not_as_usual():
    cfg = config()
    live = MarketHours(cfg, "paper")
    listed = (instrument_for(cfg, "NIFTY"),)
    stated = live.recorded({"NSE": live("NSE")}, ms("09:00:00", "2025-10-20"))
    days = stated["NSE"].days
    assert days is not None
    assert (days["2025-10-21"], days["2025-10-22"], days["2025-10-25"]) == ("13:45-14:45", "closed", "closed")
    assert "2025-10-20" not in days
    header = header_of(cfg, "a feed", listed, stated, 1)
    # Another machine, whose calendar knows better or nothing at all: the run is followed as it was.
    again = MarketHours(config("session.calendar=auto"), "replay", header)("NSE")
    assert window(again, "2025-10-21") == ("10-21 13:45", "10-21 14:45")
    assert window(again, "2025-10-22") == ("closed", "")


def test_a_recording_of_before_calendars_is_replayed_on_every_day_as_it_stands():
    cfg = config()
    old = header_of(cfg, "a feed", (Instrument("NIFTY"),))
    assert old.markets == {}
    plain = MarketHours(cfg, "replay", old)("")
    assert window(plain, "2025-10-21") == ("10-21 09:15", "10-21 15:30")
    assert window(plain, "2025-10-04") == ("10-04 09:15", "10-04 15:30")


def test_a_table_of_the_users_goes_before_the_one_that_came_unless_it_knows_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = calendar_path("NSE")
    path.parent.mkdir(parents=True)
    head = "market NSE\nsource me\n"
    path.write_text(f"{head}known 2013-01-01 2030-12-31\n2026-11-27 closed me\n", encoding="utf-8")
    assert window(hours("NSE"), "2026-11-27") == ("closed", "")
    path.write_text(f"{head}known 2013-01-01 2020-12-31\n2026-11-27 closed me\n", encoding="utf-8")
    assert window(hours("NSE"), "2026-11-27") == ("11-27 09:15", "11-27 15:30")
    path.write_text("<html>not found</html>", encoding="utf-8")
    found, warning = read_calendar("NSE")
    assert found is not None
    assert "line 1" in warning


def test_a_calendar_that_is_out_of_date_is_told_with_its_date():
    live = MarketHours(config(), "paper")
    live.tell_age(date(2026, 12, 31), ["NSE", "24x7"])
    assert live.warnings == []
    live.tell_age(date(2027, 1, 4), ["NSE", "24x7"])
    assert len(live.warnings) == 1
    assert "NSE is known to 2026-12-31" in live.warnings[0]


HOST_ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


@pytest.mark.parametrize("host", HOST_ZONES)
def test_the_zone_of_the_machine_changes_nothing(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over both changes of New York's clocks, and with the hour that comes twice."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", host)
        time.tzset()
        us, mcx = hours("US"), hours("MCX")
        opens = [us.next_open_ms(ms("12:00:00", f"2026-{day}")) for day in ("03-05", "03-09", "10-30", "11-02")]
        ends = [mcx.day_of(ms("12:00:00", f"2026-{day}")).end_ms for day in ("03-06", "03-09", "10-30", "11-02")]
        dates = [us.day_of(1_793_511_000_000 + hour * 3_600_000).date.isoformat() for hour in (0, 23, 24)]
    time.tzset()
    assert [at % 86_400_000 // 60_000 for at in opens if at is not None] == [870, 810, 810, 870]
    assert [clock(mcx, at) for at in ends] == ["03-06 23:55", "03-09 23:30", "10-30 23:30", "11-02 23:55"]
    assert dates == ["2026-11-01", "2026-11-01", "2026-11-02"]
