"""The day's chart of an instrument: whole, with every high and low, in bounded memory."""

import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.bars import AT, HIGH, LINES, NOTHING, OPEN, VOLUME
from engine.trading.chart import Chart

FULL = 400


def bar(at_ms: int, price: int = 100, line: int = NOTHING) -> tuple[int, ...]:
    return (at_ms, price, price + 3, price - 3, price + 1, 2, NOTHING, line)


def filled(count: int, interval_ms: int = 5000) -> Chart:
    """A chart of a day with a bar every `interval_ms`, `count` times."""
    chart = Chart(interval_ms, lines=1)
    at_ms = -1
    for begin_ms in range(0, count * interval_ms, interval_ms):
        now_ms = begin_ms - begin_ms % chart.interval_ms
        if now_ms > at_ms:
            chart.add(bar(now_ms, begin_ms))
            at_ms = now_ms
    return chart


def test_bars_come_back_as_they_were_added_eight_bytes_a_value():
    chart = filled(FULL)
    assert chart.bars() == tuple(bar(n * 5000, n * 5000) for n in range(FULL))
    assert sys.getsizeof(chart._flat) <= FULL * 8 * (LINES + 1) * 1.15  # the list grows by an eighth ahead
    assert Chart(5000).bars() == ()


@pytest.mark.parametrize("count", [FULL + 1, 4500, 17_280, 100_000])
def test_a_longer_day_is_kept_whole_in_longer_bars(count):
    chart = filled(count)
    bars = chart.bars()
    assert FULL // 6 <= len(bars) <= FULL
    assert bars[0][OPEN] == 0
    assert bars[0][AT] == 0
    assert max(each[HIGH] for each in bars) == bars[-1][HIGH]
    assert {after[AT] - before[AT] for before, after in pairwise(bars)} == {chart.interval_ms}
    assert bars[-1][AT] > (count - 1) * 5000 - chart.interval_ms


@pytest.mark.parametrize("spike", [0, 300, FULL - 1])
def test_a_spike_survives_every_thinning(spike):
    chart = Chart(5000, lines=1)
    for n in range(10 * FULL):
        chart.add(bar(n * 5000, 10_000 if n == spike else 100))
    assert len(chart.bars()) <= FULL
    assert max(each[HIGH] for each in chart.bars()) == 10_003
    assert sum(each[VOLUME] for each in chart.bars()) == 2 * 10 * FULL


@given(st.integers(0, 300_000))
def test_what_was_not_over_is_cut_off(last_ms):
    chart = filled(50)
    chart.begun_ms = 7
    before = chart.bars()
    chart.cut(last_ms)
    assert chart.bars() == tuple(each for each in before if each[AT] + 5000 <= last_ms)
    assert chart.begun_ms == (7 if last_ms >= 7 else 0)


def test_a_new_day_begins_with_the_first_interval():
    chart = filled(FULL + 1)
    assert chart.interval_ms == 10_000
    chart.clear()
    assert (chart.bars(), chart.interval_ms, chart.begun_ms) == ((), 5000, 0)
