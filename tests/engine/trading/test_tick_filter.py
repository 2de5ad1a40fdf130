"""The door for ticks where a link, a clock or a doubtful price is in play: stamps ahead, new links, repeats, held jumps."""

import pytest

from engine.model.events import DayStarted, EntriesChanged, SequenceGap, TickRefused
from engine.model.state import Fields
from engine.model.types import FLAG_AHEAD, FLAG_NEW_LINK, FLAG_UNCHAINED, Tick
from engine.trading.trader import Trader
from tests.support.builders import EAGER, ms, nifty, tick
from tests.support.trader_harness import TraderHarness

HOUR_MS = 3_600_000
JUMPY = "risk.jump_percent=10"


def entered(*overrides: str, instruments: int = 1) -> TraderHarness:
    """A harness in which one position was opened at 100 at 09:30:02."""
    harness = TraderHarness(*EAGER, *overrides, instruments=instruments).prices(99, 100)
    assert harness.held
    return harness


def refused(harness: TraderHarness, instrument: int = 0) -> dict[str, int]:
    return harness.trader.state.instrument_states[instrument].tick_filter.refused


def dumped(harness: TraderHarness) -> Fields:
    return harness.trader.state.dump()


# ── Stamps that are ahead ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ahead_ms", [5_000, 59 * 60_000, 5 * HOUR_MS, 15 * HOUR_MS, 10_000 * HOUR_MS])
def test_a_tick_that_the_feed_calls_ahead_changes_nothing(ahead_ms):
    harness = entered(instruments=2)
    before = dumped(harness)
    harness.play([tick(3, 50.0, harness.now_ms + ahead_ms, flags=FLAG_AHEAD)])
    after = dumped(harness)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {
        "0.door.bad_streak",
        "0.door.refused.future",
    }
    assert [(event.reason, event.seq) for event in harness.events_of(TickRefused)] == [("future", 3)]
    harness.play([tick(4, 98.0, "09:30:04", instrument=1), tick(5, 85.0, "09:30:05")])
    assert harness.exits == [("Stop Loss", 85.0, harness.orders[0].quantity)]
    assert len(harness.events_of(DayStarted)) == 1
    assert refused(harness, 1) == {}


def test_ticks_ahead_count_like_any_refused_ones():
    harness = TraderHarness(*EAGER)
    harness.play(tick(n, 100.0, "10:30:00", flags=FLAG_AHEAD) for n in range(1, 8))
    assert refused(harness) == {"future": 7}
    assert [event.state for event in harness.events_of(EntriesChanged)] == ["halted"]


@pytest.mark.parametrize("behind_ms", [0, 2 * HOUR_MS, 30_000 * HOUR_MS])
def test_a_machine_whose_clock_is_behind_trades_what_comes_over_a_link(behind_ms):
    harness = TraderHarness(*EAGER)
    for n, price in enumerate((99, 100, 85), 1):
        at_ms = ms("09:30:00") + n * 120_000
        flags = FLAG_NEW_LINK if n == 1 else 0
        harness.play([tick(n, price, at_ms, flags=flags, recv_wall_ns=max(at_ms - behind_ms, 1) * 1_000_000)])
    assert [reason for reason, _, _ in harness.exits] == ["Stop Loss"]
    assert refused(harness) == {}


def test_what_came_over_no_link_is_judged_by_its_receipt():
    harness = TraderHarness(*EAGER).prices(100)
    received_ns = harness.now_ms * 1_000_000
    harness.play([tick(2, 100.0, harness.now_ms + HOUR_MS + 1, recv_wall_ns=received_ns)])
    assert refused(harness) == {"future": 1}
    harness.play([tick(3, 100.0, harness.now_ms - 1, recv_wall_ns=received_ns)])
    assert refused(harness) == {"future": 1}


# ── New links ───────────────────────────────────────────────────────────────────────────────────────────────────────


def numbered(n: int, exch_seq: int, price: float = 100.0, flags: int = 0, at_ms: int = 0) -> Tick:
    return tick(n, price, at_ms or ms("09:30:00") + n * 1000, exch_seq=exch_seq, flags=flags)


@pytest.mark.parametrize("first", [(0.0, 0), (float("nan"), 0), (100.0, FLAG_AHEAD)])
@pytest.mark.parametrize("number", [7, 5000])
def test_a_link_stays_new_until_a_tick_of_it_is_admitted(first, number):
    price, flags = first
    harness = TraderHarness(*EAGER).play([numbered(1, 1000)])
    harness.play([numbered(2, number, price, FLAG_NEW_LINK | flags), numbered(3, number + 3)])
    assert harness.events_of(SequenceGap) == []
    assert len(refused(harness)) == 1
    harness.play([numbered(4, number + 5)])  # and from there on they are compared again
    assert [event.missing for event in harness.events_of(SequenceGap)] == [1]


def test_a_new_link_is_state_only_as_long_as_it_decides():
    harness = TraderHarness(*EAGER).play([numbered(1, 1000, flags=FLAG_NEW_LINK)])
    assert "0.door.new_link" not in dumped(harness)
    harness.play([numbered(2, 5000, 0.0, FLAG_NEW_LINK)])
    second = TraderHarness(*EAGER)
    second.trader = Trader(second.config, (nifty(second.config),), "T-")
    second.trader.load(dumped(harness))
    for each in (harness, second):
        each.play([numbered(3, 5007)])
    assert dumped(second) == dumped(harness)
    assert second.events_of(SequenceGap) == []
    assert "0.door.new_link" not in dumped(second)
    second.trader.load(dumped(TraderHarness(*EAGER).play([numbered(1, 1000)])))
    assert [event.missing for event in second.play([numbered(2, 1002)]).events_of(SequenceGap)] == [1]


def test_a_link_that_begins_with_what_the_last_one_ended_with_repeats_it():
    harness = TraderHarness(*EAGER).play([numbered(1, 10), numbered(2, 11)])
    ticks_before = harness.trader.state.instrument_states[0].strategy.ticks
    again = numbered(3, 11, flags=FLAG_NEW_LINK | FLAG_UNCHAINED, at_ms=ms("09:30:02"))
    harness.play([again, again, numbered(4, 20)])
    assert refused(harness) == {"duplicate": 2}
    assert harness.trader.state.instrument_states[0].strategy.ticks == ticks_before + 1
    assert harness.events_of(SequenceGap) == []
    assert harness.trader.state.instrument_states[0].tick_filter.bad_streak == 0


@pytest.mark.parametrize(("price", "at"), [(100.05, "09:30:02"), (100.0, "09:30:02.001")])
def test_the_same_number_with_another_price_or_a_later_time_is_a_trade(price, at):
    harness = TraderHarness(*EAGER).play([numbered(1, 10), numbered(2, 11)])
    harness.play([numbered(3, 11, price, FLAG_NEW_LINK, ms(at))])
    assert refused(harness) == {}


def test_a_repeat_of_a_held_price_does_not_confirm_it():
    harness = entered(JUMPY).play([numbered(3, 30), numbered(4, 31, 80.0)])
    harness.play([numbered(5, 31, 80.0, FLAG_NEW_LINK, ms("09:30:04"))])
    assert (harness.exits, refused(harness)) == ([], {"duplicate": 1})
    harness.play([numbered(6, 32, at_ms=ms("09:30:04.500"))])
    assert (harness.exits, refused(harness)) == ([], {"duplicate": 1, "jump": 1})


# ── Prices that are held until they are confirmed ───────────────────────────────────────────────────────────────────


def received(n: int, price: float, at: str, recv_at: str, **more: int) -> Tick:
    return tick(n, price, at, recv_wall_ns=ms(recv_at) * 1_000_000, **more)


@pytest.mark.parametrize("stamp", ["09:30:03", "09:30:30"])  # the exchange's clock behind ours, and ahead of it
def test_a_held_price_waits_a_second_of_our_own_clock(stamp):
    harness = entered(JUMPY).play([received(3, 80.0, stamp, "09:30:10")])
    for at, exits in (("09:30:10", 0), ("09:30:10.999", 0), ("09:30:11", 1), ("09:30:12", 1)):
        harness.now_ms = ms(at)
        assert len(harness.beat().exits) == exits


def test_without_a_receipt_the_ticks_own_time_is_taken():
    harness = entered(JUMPY).play([tick(3, 80.0, "09:30:03", recv_wall_ns=0)])
    harness.now_ms = ms("09:30:03.999")
    assert harness.beat().exits == []
    harness.now_ms = ms("09:30:04")
    assert [reason for reason, _, _ in harness.beat().exits] == ["Stop Loss"]


@pytest.mark.parametrize(("price", "flags"), [(0.0, 0), (80.0, FLAG_AHEAD)])
def test_a_refused_tick_releases_no_held_price(price, flags):
    harness = entered(JUMPY).play([received(3, 80.0, "09:30:03", "09:30:03.100")])
    harness.play([received(4, price, "09:30:09", "09:30:03.200", flags=flags)])
    assert harness.exits == []
    harness.play([received(5, 100.0, "09:30:03.500", "09:30:03.600")])
    assert harness.exits == []
    assert refused(harness)["jump"] == 1


def test_stamps_of_whole_seconds_do_not_make_a_second_of_a_moment():
    harness = entered(JUMPY).play([received(3, 80.0, "09:30:03", "09:30:03.990")])
    harness.play([received(4, 100.0, "09:30:04", "09:30:04.010")])
    assert (harness.exits, refused(harness)) == ([], {"jump": 1})
    harness.play([received(5, 80.0, "09:30:05", "09:30:05.000"), received(6, 100.0, "09:30:06", "09:30:06.000")])
    assert [reason for reason, _, _ in harness.exits] == [
        "Stop Loss"
    ]  # nothing else for a whole second: it was the price
