"""What is kept of an instrument for screens: bars that have every tick, with stop and lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.bars import AT, CLOSE, HIGH, LINES, LOW, NOTHING, OPEN, STOP, VOLUME
from tests.support.builders import EAGER, ms, tick
from tests.support.trader_harness import TraderHarness, entered

EMAS = ("strategy.use_ema_crossover=true", "strategy.use_vwap=true")


def bars_of(harness: TraderHarness) -> tuple[tuple[int, ...], ...]:
    state = harness.trader.state
    return state.instrument_states[0].bars(state.portfolio.positions[0])


@pytest.mark.parametrize(("instruments", "interval_ms"), [(50, 5000), (51, 60_000)])
def test_the_charts_of_many_instruments_are_coarser(instruments, interval_ms):
    harness = TraderHarness(*EAGER, instruments=instruments).prices(*[100] * 70)
    starts = [each[AT] for each in bars_of(harness)]
    first_ms = ms("09:30:01") // interval_ms * interval_ms
    assert starts == list(range(first_ms, ms("09:31:11"), interval_ms))


def test_every_tick_is_in_the_bars_the_newest_at_once():
    prices = [100, 103, 98, 101, 99, 120, 100, 100, 60, 101]
    harness = TraderHarness(*EAGER).prices(*prices)  # one a second from 09:30:01 on
    bars = bars_of(harness)
    assert [each[: STOP - 1] for each in bars] == [
        (ms("09:30:00"), 10_000, 10_300, 9_800, 10_100),
        (ms("09:30:05"), 9_900, 12_000, 6_000, 6_000),
        (ms("09:30:10"), 10_100, 10_100, 10_100, 10_100),
    ]
    assert harness.trader.state.instrument_states[0].history.begun_ms == ms("09:30:01")


@given(st.lists(st.integers(50, 150), min_size=1, max_size=60))
def test_the_bars_are_those_of_the_ticks(prices):
    harness = TraderHarness(*EAGER).prices(*prices)
    inst = harness.trader.state.instrument_states[0]
    lines = len(inst.strategy.lines())
    bars = bars_of(harness)
    assert max(each[HIGH] for each in bars) == max(prices) * 100
    assert min(each[LOW] for each in bars) == min(prices) * 100
    assert bars[-1][CLOSE] == prices[-1] * 100
    assert bars[0][OPEN] == prices[0] * 100
    assert {len(each) for each in bars} == {LINES + lines}
    assert sum(each[VOLUME] for each in bars) == 75 * len(prices)
    assert all(each[LINES:] == (NOTHING,) * lines or each[LINES] > 0 for each in bars)


def test_volume_is_the_exchanges_where_it_tells_it():
    harness = TraderHarness(*EAGER)
    harness.play(
        tick(n, 100, f"09:30:{2 * n:02d}", quantity=75, day_volume=10_000 + 500 * n) for n in range(1, 7)
    )  # what it traded in between came in no tick of its own
    assert [each[VOLUME] for each in bars_of(harness)] == [75 + 500, 500 * 2, 500 * 2]


def test_the_bars_have_the_lines_and_the_stop_of_what_is_held():
    harness = entered(*EMAS, price=100).prices(104, 104, 104, 104)
    inst = harness.trader.state.instrument_states[0]
    position = harness.trader.state.portfolio.positions[0]
    assert list(inst.strategy.lines()) == ["EMA 18", "EMA 42", "VWAP"]
    now = bars_of(harness)[-1]
    assert now[LINES:] == tuple(int(value) for value in inst.strategy.lines().values())
    assert now[STOP] == position.stop
    harness.prices(112)
    assert bars_of(harness)[-1][STOP] == position.trail_stop > position.stop
    harness.prices(position.trail_stop / 100, 100, 100, 100, 100, 100, 100)
    assert harness.held == 0
    assert [each[STOP] != NOTHING for each in bars_of(harness)] == [True, False, False]


def test_a_restart_of_the_day_begins_another_chart():
    harness = TraderHarness(*EAGER).prices(*range(100, 120))
    harness.at("09:30:00", "2025-10-03").prices(100)
    assert [each[AT] for each in bars_of(harness)] == [ms("09:30:00", "2025-10-03")]


def test_no_volume_is_too_much_for_a_chart():
    harness = TraderHarness(*EAGER)
    harness.play(tick(n, 100, f"09:30:{n:02d}", quantity=10**15) for n in range(1, 20))
    inst = harness.trader.state.instrument_states[0]
    inst.traded = 10**30
    harness.prices(*[100] * 20)
    assert max(each[VOLUME] for each in bars_of(harness)) == 10**15


# ── The close of the day before ─────────────────────────────────────────────────────────────────────────────────────


def test_the_last_price_of_a_day_is_the_close_for_the_next_one():
    harness = TraderHarness().at("15:29:58").prices(100, 101)
    inst = harness.trader.state.instrument_states[0]
    assert inst.close == 0
    harness.at("15:40:00").prices(140)  # behind the end
    harness.at("09:07:00", "2025-10-03").prices(150)  # before the opening
    harness.at("09:15:00", "2025-10-03").prices(103, 104)
    assert (inst.close, inst.close_date.isoformat(), inst.day_open) == (10_100, "2025-10-01", 10_300)
    assert inst.day_begun_ms == ms("09:15:01", "2025-10-03")


def test_going_back_to_the_day_before_takes_its_close_back():
    harness = TraderHarness().at("15:29:58").prices(100, 101)
    state, fields = harness.trader.state, {}
    state.dump_told(fields)
    inst = state.instrument_states[0]
    harness.at("09:15:00", "2025-10-03").prices(103)
    assert inst.close == 10_100
    state.load_told(fields)
    assert (inst.close, inst.left[0]) == (0, 0)
