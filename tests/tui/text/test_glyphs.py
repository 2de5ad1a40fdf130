"""Bars made of a terminal's characters: as many cells as asked for, whatever the numbers."""

from hypothesis import given
from hypothesis import strategies as st

from tui.text.glyphs import ASCII, UNICODE, gauge, spark


@given(st.lists(st.one_of(st.integers(-(10**18), 10**18), st.floats(-1e300, 1e300))), st.integers(-2, 50))
def test_a_spark_has_a_bar_per_value(values, width):
    bars = spark(values, width, UNICODE)
    assert len(bars) == min(len(values), max(0, width))
    assert set(bars) <= set(UNICODE.bars)


def test_a_spark_runs_from_the_floor_to_the_top():
    assert spark([1, 2, 3], 10, UNICODE) == "▁▄█"
    assert spark([9, 9, 1, 3], 2, ASCII) == "_@"
    assert spark([5, 5, 5], 10, UNICODE) == "▁▁▁"


def test_a_gauge_is_full_only_at_the_end():
    assert gauge(0.5, 10, UNICODE) == ("━" * 5, "─" * 5)
    assert gauge(0.999, 10, ASCII) == ("=" * 9, "-")
    assert gauge(7, 3, UNICODE) == ("━━━", "")
    assert gauge(float("nan"), 3, UNICODE) == ("", "───")


@given(st.one_of(st.integers(-(10**20), 10**20), st.floats()), st.integers(-2, 30))
def test_a_gauge_has_its_width_whatever_the_share(share, width):
    done, rest = gauge(share, width, UNICODE)
    assert len(done + rest) == max(0, width)
