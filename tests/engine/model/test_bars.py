"""Bars put together: nothing between the first and the last is lost, however they are counted."""

from hypothesis import given
from hypothesis import strategies as st

from engine.model.bars import AT, CLOSE, HIGH, LOW, OPEN, VOLUME, merged

STRETCH = st.tuples(
    st.integers(0, 500).map(lambda n: n * 1000),
    st.integers(-50, 50),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(-20, 20),
    st.integers(0, 9),
).map(
    lambda made: (
        made[0],
        made[1],
        max(made[1], made[1] + made[4]) + made[2],
        min(made[1], made[1] + made[4]) - made[3],
        made[1] + made[4],
        made[5],
        made[0] // 1000,
    )
)


def test_a_bar_has_the_first_open_the_last_close_and_every_high_and_low():
    bars = [(1000, 10, 12, 9, 11, 5, 7, 70), (2000, 11, 30, 11, 12, 5, 8, 80), (4000, 12, 12, 1, 2, 1, 9, 90)]
    assert merged(bars, 4000) == [(0, 10, 30, 9, 12, 10, 8, 80), (4000, 12, 12, 1, 2, 1, 9, 90)]
    assert merged(bars, 4000, origin_ms=1000) == [(1000, 10, 30, 1, 2, 11, 9, 90)]
    assert merged(bars, 1000) == bars
    assert merged([], 5) == []


@given(
    st.lists(STRETCH, max_size=40, unique_by=lambda bar: bar[AT]).map(sorted),
    st.integers(1, 200_000),
    st.integers(-(10**6), 10**6),
)
def test_any_stretches_keep_what_there_was(bars, step_ms, origin_ms):
    found = merged(bars, step_ms, origin_ms)
    assert sum(bar[VOLUME] for bar in found) == sum(bar[VOLUME] for bar in bars)
    assert [bar[AT] for bar in found] == sorted({bar[AT] - (bar[AT] - origin_ms) % step_ms for bar in bars})
    for bar in found:
        part = [each for each in bars if bar[AT] <= each[AT] < bar[AT] + step_ms]
        assert (bar[OPEN], bar[CLOSE]) == (part[0][OPEN], part[-1][CLOSE])
        assert bar[HIGH] == max(each[HIGH] for each in part)
        assert bar[LOW] == min(each[LOW] for each in part)
    assert merged(merged(bars, step_ms, origin_ms), step_ms, origin_ms) == found
