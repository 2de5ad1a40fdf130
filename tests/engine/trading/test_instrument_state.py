"""The day's chart of an instrument: every point as long as there are few, the whole day when there are many, bounded memory."""

import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trading.instrument_state import Chart
from tests.support.builders import EAGER, ms
from tests.support.trader_harness import TraderHarness

FULL = 4800


def filled(count: int, interval_ms: int = 5000) -> Chart:
    """A chart that was given a point whenever one was due, `count` times `interval_ms` long."""
    chart = Chart(interval_ms)
    due_ms = 0
    for at_ms in range(0, count * interval_ms, interval_ms):
        if at_ms >= due_ms:
            chart.add(at_ms, at_ms + 1)
            due_ms = at_ms + chart.interval_ms
    return chart


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(-(2**62), 10**15)), max_size=50))
def test_points_come_back_as_they_were_added(points):
    chart = Chart(5000)
    for at_ms, price in points:
        chart.add(at_ms, price)
    assert chart.points() == tuple(points)
    assert len(chart.points()) == len(points)


def test_a_session_is_kept_point_by_point_in_16_bytes_each():
    chart = filled(4500)
    assert chart.points() == tuple((n * 5000, n * 5000 + 1) for n in range(4500))
    assert sys.getsizeof(chart._flat) <= 4500 * 16 * 1.15  # the list grows by an eighth ahead


@pytest.mark.parametrize("count", [FULL + 1, 17_280, 100_000])
def test_a_longer_day_is_kept_whole_in_fewer_points(count):
    chart = filled(count)
    points = chart.points()
    assert FULL // 2 <= len(points) <= FULL
    assert points[0] == (0, 1)
    assert all(price == at_ms + 1 for at_ms, price in points)
    steps = {after[0] - before[0] for before, after in pairwise(points)}
    assert steps == {chart.interval_ms}
    assert points[-1][0] > (count - 1) * 5000 - chart.interval_ms


def test_the_newest_point_survives_the_thinning():
    chart = filled(FULL)
    chart.add(FULL * 5000, 7)
    assert chart.points()[-1] == (FULL * 5000, 7)
    assert len(chart.points()) == FULL // 2 + 1


@given(st.integers(0, 300_000))
def test_what_is_later_is_cut_off(last_ms):
    chart = filled(50)
    before = chart.points()
    chart.cut(last_ms)
    assert chart.points() == tuple(point for point in before if point[0] <= last_ms)


def test_a_new_day_begins_with_the_first_interval():
    chart = filled(FULL + 1)
    assert chart.interval_ms == 10_000
    chart.clear()
    assert (len(chart.points()), chart.interval_ms) == (0, 5000)


@pytest.mark.parametrize(("instruments", "interval_ms"), [(50, 5000), (51, 60_000)])
def test_the_charts_of_many_instruments_are_coarser(instruments, interval_ms):
    harness = TraderHarness(*EAGER, instruments=instruments).prices(*[100] * 60)
    start_ms = ms("09:30:01")
    wanted = tuple((at_ms, 10_000) for at_ms in range(start_ms, start_ms + 60_000, interval_ms))
    assert harness.trader.state.instrument_states[0].history.points() == wanted
