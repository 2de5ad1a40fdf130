"""When a silence of the whole feed is grave: with something held, or where several liquid instruments share it."""

import pytest

from engine.assembly.market_hours import MarketHours
from engine.model.clock import VirtualClock
from engine.model.types import Instrument
from engine.runtime.grave_silence import GraveSilence
from tests.support.builders import config, ms, nifty, tick
from tests.support.trader_harness import TraderHarness, entered

BEGIN_MS = ms("10:00:00")


def grave_at(harness, clock="10:01:00"):
    return GraveSilence(harness.trader.state, VirtualClock(ms(clock) * 1_000_000))()


def after_a_minute(*gaps_ms):
    """A trader whose instruments ticked for a minute, each at a gap of its own."""
    harness = TraderHarness(instruments=len(gaps_ms))
    due = sorted((at, index) for index, gap in enumerate(gaps_ms) for at in range(0, 60_000, gap))
    harness.play(tick(seq, 100, BEGIN_MS + at, instrument=index) for seq, (at, index) in enumerate(due, 1))
    return harness


@pytest.mark.parametrize(
    ("gaps_ms", "grave"),
    [
        ((500, 500, 500), True),
        ((1000, 900), True),
        ((500, 5000), False),
        ((500,), False),
        ((3000, 5000, 4000), False),
    ],
)
def test_several_liquid_instruments_are_not_silent_by_chance(gaps_ms, grave):
    assert grave_at(after_a_minute(*gaps_ms)) is grave


def test_nothing_is_liquid_before_it_has_ticked_a_while():
    assert not grave_at(TraderHarness(instruments=3))
    few = TraderHarness(instruments=3)
    few.play(tick(seq, 100, BEGIN_MS + seq, instrument=seq % 3) for seq in range(1, 50))
    assert not grave_at(few)


def test_with_a_position_any_silence_is_grave():
    assert grave_at(entered())


def test_who_is_silent_since_the_own_market_closed_is_not_silent_by_chance():
    cfg = config()
    listed = (nifty(), nifty(), Instrument("GOLD", market="MCX"))
    harness = TraderHarness(listed=listed, hours_of=MarketHours(cfg, "paper"))
    begin_ms = ms("15:20:00")
    harness.play(tick(n, 100, begin_ms + n * 200, instrument=n % 2) for n in range(1, 300))
    harness.play(tick(n, 100, ms("15:40:00") + n * 9_000, instrument=2) for n in range(300, 330))
    assert grave_at(harness, "15:25:00")
    assert not grave_at(harness, "20:00:00")
