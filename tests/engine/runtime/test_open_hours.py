"""When a live run waits for the market, and how long; how several markets stand together."""

from pathlib import Path

import pytest

from engine.assembly.market_hours import MarketHours
from engine.config import instrument_for
from engine.model.clock import VirtualClock
from engine.model.types import Instrument
from engine.runtime.open_hours import OpenHours, session_view
from engine.text.sanitize import CleanText
from tests.support.builders import EAGER, config, ms
from tests.support.trader_harness import TraderHarness


@pytest.fixture(autouse=True)
def _no_table_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def run(*overrides: str, night: bool = False) -> TraderHarness:
    cfg = config(*EAGER, *overrides)
    gold = (Instrument(CleanText("GOLD"), exchange=CleanText("MCX"), market="MCX"),) if night else ()
    listed = (instrument_for(cfg, "NIFTY"), *gold)
    return TraderHarness(*EAGER, *overrides, listed=listed, hours_of=MarketHours(cfg, "paper"))


def closed(harness: TraderHarness, at: str, day: str) -> tuple[float, str] | None:
    found = OpenHours(harness.trader.state, VirtualClock(ms(at, day) * 1_000_000)).closed()
    return None if found is None else (found.rest_s, found.until)


@pytest.mark.parametrize(
    ("at", "day", "expected"),
    [
        ("12:00:00", "2026-11-27", None),
        ("15:39:00", "2026-11-27", None),  # late prices of the day still come
        ("15:41:00", "2026-11-27", (65 * 3600 + 29 * 60, "until Mon 09:15")),
        ("09:00:00", "2026-11-30", (600, "until 09:15")),
        ("09:10:00", "2026-11-30", None),  # connects a few minutes before
        ("12:00:00", "2026-11-24", (21 * 3600 + 600, "until Wed 09:15")),  # Guru Nanak Jayanti
        ("16:00:00", "2026-12-24", (3 * 86_400 + 17 * 3600 + 600, "until Mon 09:15")),
    ],
)
def test_a_feed_rests_while_no_market_is_open(at: str, day: str, expected: tuple[float, str] | None) -> None:
    assert closed(run(), at, day) == expected


def test_far_openings_are_told_with_their_date() -> None:
    days = ", ".join(f'"2026-12-{day}"' for day in range(24, 32))
    assert closed(run(f"session.holidays=[{days}]"), "16:00:00", "2026-12-23") == (
        8 * 86_400 + 17 * 3600 + 600,
        "until Fri 1 Jan 09:15",
    )


def test_while_something_is_held_no_market_counts_as_closed() -> None:
    harness = run().at("15:20:00", "2026-11-27")
    harness.at("10:00:00", "2026-11-27").prices(99, 100)
    assert harness.held > 0
    assert closed(harness, "18:00:00", "2026-11-27") is None


def test_of_several_markets_one_that_is_open_is_enough() -> None:
    both = run(night=True)
    assert closed(both, "20:00:00", "2026-11-27") is None
    assert closed(both, "12:00:00", "2026-11-28") == (44 * 3600 + 55 * 60, "until Mon 09:00")
    markets = tuple(both.trader.state.markets.values())
    evening = session_view(markets, ms("20:00:00", "2026-11-27"))
    assert (evening.end_ms, evening.opens) == (ms("23:55:00", "2026-11-27"), "")
    weekend = session_view(markets, ms("12:00:00", "2026-11-28"))
    assert weekend.opens == "Mon 09:00"
    assert weekend.end_ms < weekend.start_ms or weekend.start_ms == 0


def test_an_opening_behind_the_end_of_the_calendar_says_so() -> None:
    markets = tuple(run().trader.state.markets.values())
    ends = [
        session_view(markets, ms("20:00:00", day)).calendar_ends for day in ("2026-12-30", "2026-12-31", "2027-01-05")
    ]
    assert ends == ["", "2026-12-31", "2026-12-31"]
    assert session_view(markets, ms("12:00:00", "2027-01-05")).calendar_ends == ""  # it is open


def test_round_the_clock_it_never_rests() -> None:
    cfg = config(*EAGER)
    coin = (Instrument(CleanText("BTCUSDT"), market="24x7"),)
    harness = TraderHarness(*EAGER, listed=coin, hours_of=MarketHours(cfg, "paper"))
    assert closed(harness, "03:00:00", "2026-11-29") is None
    assert not session_view(tuple(harness.trader.state.markets.values()), ms("03:00:00", "2026-11-29")).daily


def test_the_session_tells_when_entries_may_come_and_why_there_is_none() -> None:
    markets = tuple(run().trader.state.markets.values())
    usual = session_view(markets, ms("12:00:00", "2026-11-27"))
    assert (usual.entry_from_ms, usual.entry_until_ms) == (ms("09:20:00", "2026-11-27"), ms("15:10:00", "2026-11-27"))
    assert usual.holiday == ""
    assert session_view(markets, ms("12:00:00", "2026-11-28")).holiday == "weekend"
    said = tuple(run("session.holidays=[2026-11-27]").trader.state.markets.values())
    assert session_view(said, ms("12:00:00", "2026-11-27")).holiday == "session.holidays"
