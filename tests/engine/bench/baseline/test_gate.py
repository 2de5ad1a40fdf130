"""The gate judges intervals of ratios, and only of what is comparable."""

from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.bench.baseline.bootstrap import median_interval
from engine.bench.baseline.gate import BaselineKey, GateFigures, Verdict, difference, gate_figures, judge
from tests.support.thorough import examples

RATIOS = st.lists(st.floats(0.1, 100), min_size=1, max_size=12)
KEY = BaselineKey("4f2a", "CPython 3.11", "AMD EPYC", "91cc", {})


@settings(max_examples=examples(15))
@given(RATIOS)
def test_the_interval_holds_the_median_and_lies_within_the_values(values: list[float]) -> None:
    found = median_interval(values)
    assert found.median == median(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert median_interval(values) == found  # nothing is drawn anew


def test_more_measurements_make_it_surer() -> None:
    few, many = [1.0, 1.1, 0.9, 1.2, 0.8], [1.0, 1.1, 0.9, 1.2, 0.8] * 20
    assert median_interval(many).high - median_interval(many).low < median_interval(few).high - median_interval(few).low


def test_one_bad_moment_moves_nothing() -> None:
    calm = median_interval([5.0] * 14)
    assert median_interval([5.0] * 14 + [500.0]) == calm


@pytest.mark.parametrize(
    ("low", "ratio", "high", "tolerance", "outcome"),
    [
        (4.9, 5.0, 5.1, 10, "passes"),
        (4.0, 4.1, 4.2, 10, "passes"),  # cheaper than it was
        (5.4, 6.0, 6.6, 10, "passes"),  # a fifth more, but it may as well be 8 %
        (5.5, 5.6, 5.7, 10, "passes"),  # the limit itself
        (5.51, 6.0, 6.5, 10, "fails"),
        (5.51, 6.0, 6.5, 25, "passes"),
        (5.01, 5.02, 5.03, 0, "fails"),
    ],
)
def test_it_fails_only_where_the_lower_end_is_beyond_the_tolerance(
    low: float, ratio: float, high: float, tolerance: float, outcome: str
) -> None:
    verdict = judge(GateFigures(ratio, low, high, (ratio,)), 5.0, tolerance)
    assert verdict.outcome == outcome
    assert verdict.more == pytest.approx(ratio / 5 - 1)


@settings(max_examples=examples(15))
@given(RATIOS, st.floats(0.1, 100), st.floats(0, 50))
def test_what_is_as_it_was_never_fails_and_twice_the_work_always_does(
    values: list[float], scale: float, tolerance: float
) -> None:
    now = gate_figures(values)
    assert judge(now, now.ratio, tolerance).outcome == "passes"
    assert judge(now, now.low / 2, tolerance).outcome == "fails"
    scaled = gate_figures([value * scale for value in values])
    assert judge(scaled, now.ratio * scale, tolerance).more == pytest.approx(0)  # whatever the machine's pace


def test_the_words_say_how_much_and_how_sure() -> None:
    verdict = judge(GateFigures(6.0, 5.9, 6.2, (6.0,) * 15), 5.0, 10)
    assert verdict == Verdict(
        "fails",
        "+20.0% work a tick, 95 % sure between +18.0% and +24.0% by 15 pairs; allowed up to +10.0%",
        verdict.more,
        verdict.more_low,
        verdict.more_high,
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"reference": "ffff"}, "reference loop"),
        ({"python": "CPython 3.12"}, "Python"),
        ({"cpu": "ARM", "ticks": "0"}, "processor, recording"),
        ({"settings": {"strategy.use_macd": "true"}}, "configuration"),
    ],
)
def test_what_has_not_all_in_common_is_not_comparable(changed: dict[str, str], said: str) -> None:
    assert difference(replace(KEY, **changed), KEY) == said
