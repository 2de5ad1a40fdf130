"""The histogram's quantiles are at most one bucket from the exact ones."""

from hypothesis import given
from hypothesis import strategies as st

from engine.model.latency import Histogram

durations = st.integers(0, 10**12) | st.integers(0, 70_000)  # a tick's own are below 33 µs, in buckets of one width


@given(st.lists(durations, min_size=1, max_size=200), st.sampled_from((0.5, 0.9, 0.95, 0.99, 0.999, 1.0)))
def test_quantile_is_within_a_bucket(values, share):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    values.sort()
    rank = max(1, -(-round(share * len(values) * 1000) // 1000))
    exact = values[min(rank, len(values)) - 1]
    (found,) = histogram.quantiles((share,))
    assert exact <= found <= exact + exact // 16 + 1


@given(st.integers(512, 2**15 - 1), st.integers(0, 2**42 - 1))
def test_a_fine_bucket_is_32_ns_wide(value, longest):
    histogram = Histogram()
    histogram.record(value)
    histogram.record(max(value, longest))
    (found,) = histogram.quantiles((0.5,))
    assert value <= found < value + 32


def test_no_bucket_of_one_in_sixteen_is_lost_at_the_borders_of_the_fine_ones():
    for value in (0, 1, 31, 32, 511, 512, 543, 544, 2**15 - 1, 2**15, 2**15 + 2047, 2**15 + 2048, 2**42 - 1):
        histogram = Histogram()
        histogram.record(value)
        histogram.record(2**42)
        (found,) = histogram.quantiles((0.5,))
        assert value <= found <= value + value // 16


@given(st.lists(st.integers(-(10**6), 2**60), max_size=50))
def test_any_value_is_counted_and_the_maximum_is_exact(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    assert histogram.count == len(values)
    assert histogram.max_ns == min(max([0, *values]), 2**42 - 1)
    assert histogram.summary().max_ns == histogram.max_ns


@given(st.lists(st.integers(0, 10**9)), st.lists(st.integers(0, 10**9)))
def test_adding_is_recording_both(first, second):
    one, two, both = Histogram(), Histogram(), Histogram()
    for value in first:
        one.record(value)
        both.record(value)
    for value in second:
        two.record(value)
        both.record(value)
    one.add(two)
    assert one.summary() == both.summary()


def test_an_empty_histogram_says_nothing():
    assert Histogram().summary().p99_ns == 0


@given(st.lists(durations, max_size=200))
def test_counts_below_powers_of_two_are_exact_and_the_sum_is_near(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    below, count, sum_ns = histogram.counts_below(9, 31)
    assert below == tuple(sum(value < 1 << bit for value in values) for bit in range(9, 32))
    assert count == len(values)
    assert abs(sum_ns - sum(values)) <= sum(values) / 16 + len(values)
