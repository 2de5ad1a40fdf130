"""A run that comes to no entry says the one main reason, and what to change."""

from collections.abc import Callable

import pytest

from engine.model.commands import Lock, PauseEntries
from engine.model.types import PRICE_NAN
from tests.support.builders import EAGER, priced, tick
from tests.support.trader_harness import TraderHarness

RISING = tuple(range(100, 130))


def at(clock: str, *overrides: str, prices: tuple[float, ...] = RISING) -> TraderHarness:
    return TraderHarness(*EAGER, *overrides).at(clock).prices(*prices)


def cases() -> dict[str, tuple[Callable[[], TraderHarness], str]]:
    return {
        "in the evening": (
            lambda: at("18:15:00"),
            (
                "30 of 30 ticks lie outside the session 09:15-15:30 Asia/Kolkata (18:15:01-18:15:30): "
                "--set session.start=18:10 --set session.end=18:40"
            ),
        ),
        "two evenings": (
            lambda: at("18:15:00", prices=(100, 101)).at("18:15:00", "2025-10-03").prices(102),
            (
                "3 of 3 ticks lie outside the session 09:15-15:30 Asia/Kolkata (2025-10-01 18:15:01-2025-10-03 18:15:01): "
                "--set session.start=… --set session.end=…"
            ),
        ),
        "stamps of UTC, read as India's": (
            lambda: at("03:45:00"),
            (
                "30 of 30 ticks lie outside the session 09:15-15:30 Asia/Kolkata (03:45:01-03:45:30): "
                "--set session.start=03:40 --set session.end=04:10; are its stamps UTC? --zone UTC reads a CSV file so"
            ),
        ),
        "on a holiday": (
            lambda: at("10:00:00", 'session.holidays=["2025-10-01"]'),
            "30 of 30 ticks lie on days without a session, first 2025-10-01: [session] says which days are closed",
        ),
        "without prices": (
            lambda: TraderHarness().play([priced(n, PRICE_NAN, "09:30:00") for n in range(1, 9)]),
            "8 of 8 ticks were refused: nan: is the price in another column? --columns",
        ),
        "runs backwards": (
            lambda: TraderHarness().play([tick(n, 100, f"12:{50 - n}:00") for n in range(1, 9)]),
            "7 of 8 ticks were refused: backwards: is the file in order of time? risk.max_backwards_ms",
        ),
        "cold": (
            lambda: at("09:30:00", "strategy.min_warmup_ticks=50"),
            (
                "never warmed up: no instrument had more than 30 ticks of the session in a day, and 50 are asked for: "
                "--set strategy.min_warmup_ticks=…"
            ),
        ),
        "cold, but mostly outside": (
            lambda: at("15:29:50", "strategy.min_warmup_ticks=50"),
            (
                "20 of 30 ticks lie outside the session 09:15-15:30 Asia/Kolkata (15:30:01-15:30:20): "
                "--set session.start=09:15 --set session.end=15:55"
            ),
        ),
        "before the window": (
            lambda: at("09:15:00"),
            (
                "29 of 29 signals were not followed: outside the entry window (09:20:00-15:10:00): "
                "session.start_buffer_minutes, no_trade_start_minutes, end_buffer_minutes, no_trade_end_minutes"
            ),
        ),
        "poor": (
            lambda: at("09:30:00", "capital.initial_capital=1000", "risk.max_position_value_percent=30"),
            (
                "29 of 29 signals were not followed: cash for not one lot; spendable are 30 % of 1000, 300.00, a lot of NIFTY "
                "costs 9675.00: --set capital.initial_capital=… or risk.max_position_value_percent=…"
            ),
        ),
        "locked": (
            lambda: TraderHarness(*EAGER).command(Lock("why")).at("09:30:00").prices(*RISING),
            "29 of 29 signals were not followed: locked: why: UNLOCK on the screen (`k`), or a start with --unlock",
        ),
        "paused": (
            lambda: TraderHarness(*EAGER).command(PauseEntries()).at("09:30:00").prices(*RISING),
            "29 of 29 signals were not followed: paused: `p` resumes",
        ),
        "filtered": (
            lambda: at("09:30:00", "strategy.use_rsi_filter=true"),
            "29 of 29 signals were not followed: RSI out of range: --set strategy.use_rsi_filter=false",
        ),
        "flat": (
            lambda: at("09:30:00", prices=(100,) * 30),
            "no signal in 30 ticks of the session: never 1 rising ticks in a row: --set strategy.consecutive_green_ticks=…",
        ),
    }


@pytest.mark.parametrize("kind", cases())
def test_the_main_reason_and_what_to_change(kind: str) -> None:
    make, said = cases()[kind]
    harness = make()
    ticks = harness.trader.findings.facts(0).taken + harness.trader.state.reach.kept_out()
    assert harness.trader.findings.why_undecided(ticks) == said


def test_hours_that_are_proposed_lead_to_an_entry() -> None:
    said = at("18:15:00").trader.findings.why_undecided(30).rpartition(": ")[2]
    wider = [word for word in said.split() if word != "--set"]
    assert at("18:15:00", *wider).trader.state.portfolio.entries == 1


def test_a_run_without_a_tick_and_a_run_with_an_entry() -> None:
    assert TraderHarness().trader.findings.why_undecided(0) == "there was no tick"
    assert at("09:30:00").trader.findings.why_undecided(30) == ""


def test_a_run_that_left_most_out_says_so_although_it_entered() -> None:
    harness = at("09:30:00").at("18:00:00").prices(*RISING, *RISING)
    assert harness.trader.findings.remarks(90) == [
        (
            "most was left out: 60 of 90 ticks lie outside the session 09:15-15:30 Asia/Kolkata (18:00:01-18:01:00): "
            "--set session.start=09:15 --set session.end=18:25"
        )
    ]
    assert at("09:30:00").trader.findings.remarks(30) == []


def test_stamps_of_no_calendar() -> None:
    harness = TraderHarness().play([tick(1, 100, 1 << 60)])
    assert "have stamps of no calendar" in harness.trader.findings.why_undecided(1)
