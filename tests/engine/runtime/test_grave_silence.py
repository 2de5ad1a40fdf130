"""When a silence of the whole feed is grave: with something held, or where several liquid instruments share it."""

import pytest

from engine.runtime.grave_silence import GraveSilence
from tests.support.builders import ms, tick
from tests.support.trader_harness import TraderHarness, entered

BEGIN_MS = ms("10:00:00")


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
    assert GraveSilence(after_a_minute(*gaps_ms).trader.state)() is grave


def test_nothing_is_liquid_before_it_has_ticked_a_while():
    assert not GraveSilence(TraderHarness(instruments=3).trader.state)()
    few = TraderHarness(instruments=3)
    few.play(tick(seq, 100, BEGIN_MS + seq, instrument=seq % 3) for seq in range(1, 50))
    assert not GraveSilence(few.trader.state)()


def test_with_a_position_any_silence_is_grave():
    assert GraveSilence(entered().trader.state)()
