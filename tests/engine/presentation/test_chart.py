"""The scale of a chart: round ends, room for the whole path, and the same answer whoever draws it."""

from hypothesis import given
from hypothesis import strategies as st

from engine.presentation.chart import Scale, columns, price_range, round_step, time_step


def test_steps_are_round():
    assert [round_step(size) for size in (0, 1, 3, 9, 10, 49, 50, 199, 999)] == [1, 1, 2, 5, 10, 20, 50, 100, 500]
    assert [time_step(span_ms, 101) for span_ms in (0, 99_999, 100_000, 359_999_999, 360_000_000)] == [
        *(1_000, 1_000, 2_000),
        *(3_600_000, 7_200_000),
    ]


def test_a_level_is_taken_in_unless_it_would_flatten_the_path():
    assert price_range([100, 180], []) == (100, 180)
    assert price_range([100, 180], [60]) == (60, 180)
    assert price_range([100, 180], [59, 10_000]) == (100, 180)
    assert price_range([100], []) == (99, 101)


def test_a_column_has_highest_lowest_and_newest_of_its_time():
    scale = Scale(first_ms=0, step_ms=1000, low=0, high=9, across=3, down=10)
    assert list(columns(((0, 2), (500, 9), (900, 4), (2_000, 0)), scale)) == [(0, 7, 5), None, (9, 9, 9)]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40), st.integers(2, 300), st.integers(1, 200))
def test_every_price_lies_on_the_canvas(prices, across, down):
    history = tuple((n * 700, price) for n, price in enumerate(prices))
    low, high = price_range(prices, prices[:3])
    scale = Scale(0, time_step(history[-1][0], across), low, high, across, down)
    drawn = [column for column in columns(history, scale) if column is not None]
    assert all(0 <= top <= newest <= bottom < down for top, bottom, newest in drawn)
    assert sum(column is not None for column in columns(history, scale)) >= 1
    assert 0 <= scale.x(history[-1][0]) < across
