"""Ratios, falls and bands of days, held to the plainest way of working them out."""

import statistics
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.session_result import Fall
from engine.presentation import day_figures as figures
from engine.presentation.day_figures import FallFinder

returns = st.lists(st.integers(-500, 500).map(lambda each: each / 10_000), max_size=60)
values = st.lists(st.integers(-1_000, 1_000).map(float), max_size=40)


@given(returns)
def test_ratios_are_their_definitions(days: list[float]) -> None:
    ratios = figures.day_ratios(days)
    if len(days) < 20:
        assert (ratios.sharpe, ratios.sortino, ratios.calmar) == (None, None, None)
        assert ratios.too_few == f"too few days: {len(days)} of 20"
        return
    middle = statistics.fmean(days)
    downside = sqrt(statistics.fmean(min(each, 0) ** 2 for each in days))
    worth, peak, fall = 1.0, 1.0, 0.0
    for each in days:
        worth *= 1 + each
        peak = max(peak, worth)
        fall = max(fall, 1 - worth / peak)
    wanted = (
        middle / statistics.stdev(days) * sqrt(252) if len(set(days)) > 1 else None,
        middle / downside * sqrt(252) if downside else None,
        252 * middle / fall if fall else None,
    )
    for found, there in zip((ratios.sharpe, ratios.sortino, ratios.calmar), wanted, strict=True):
        assert (found is None) == (there is None)
        assert found is None or there is None or isclose(found, there, rel_tol=1e-9, abs_tol=1e-9)


def _largest_fall(points: list[float]) -> float:
    return max((points[a] - points[b] for a in range(len(points)) for b in range(a, len(points))), default=0.0)


@given(values)
def test_the_largest_fall_is_that_of_all_pairs(points: list[float]) -> None:
    finder = FallFinder()
    for at_ms, value in enumerate(points):
        finder.add(at_ms, value)
    found = finder.largest
    assert (found.amount if found else 0.0) == _largest_fall(points)
    if found:
        assert points[found.from_ms] == found.peak
        assert points[found.to_ms] == found.peak - found.amount
        back = [at for at in range(found.to_ms, len(points)) if points[at] >= found.peak]
        assert found.recovered_ms == (back[0] if back else None)


def test_a_fall_is_told_with_its_moments() -> None:
    finder = FallFinder()
    for at_ms, value in ((1, 100.0), (2, 120.0), (3, 90.0), (4, 119.0), (5, 120.0), (6, 100.0)):
        finder.add(at_ms, value)
    assert finder.largest == Fall(30.0, 120.0, 2, 3, 5)
    assert finder.largest.share == 0.25


def test_a_fall_between_two_points_is_larger_or_is_not_taken() -> None:
    finder = FallFinder()
    finder.add(1, 100.0)
    finder.add(9, 90.0)
    finder.consider(Fall(5.0, 100.0, 2, 3))
    assert finder.largest == Fall(10.0, 100.0, 1, 9)
    finder.consider(Fall(30.0, 110.0, 4, 5))
    finder.add(10, 111.0)
    assert finder.largest == Fall(30.0, 110.0, 4, 5, 10)


def test_what_is_not_defined_is_none() -> None:
    assert figures.mean([]) is None
    assert figures.deviation([1.0]) is None
    assert figures.day_sharpe([0.1] * 30) is None
    assert figures.sortino([0.1] * 30) is None
    assert figures.calmar([0.1] * 30, None) is None
    assert figures.mean_band([0.1], "seed") is None
    assert Fall(1.0, 0.0, 1, 2).share is None


def test_the_band_is_that_of_its_seed_and_lies_around_the_mean() -> None:
    days = [float(each % 7 - 2) + each / 1_000 for each in range(40)]
    band = figures.mean_band(days, "one")
    assert band == figures.mean_band(days, "one")
    assert band != figures.mean_band(days, "two")
    assert band is not None
    assert band[0] < statistics.fmean(days) < band[1]
    # The bootstrap's band of a mean is near that of the normal distribution.
    width = 2 * 1.96 * statistics.pstdev(days) / sqrt(len(days))
    assert isclose(band[1] - band[0], width, rel_tol=0.1)


def test_the_fan_begins_at_nought_and_widens() -> None:
    fan = figures.equity_fan([3.0, -2.0, 5.0, -1.0], "seed")
    assert len(fan) == 5
    assert set(fan[0]) == {0.0}
    assert all(sorted(each) == list(each) for each in fan)
    assert fan[-1][-1] - fan[-1][0] > fan[1][-1] - fan[1][0]


@pytest.mark.parametrize(("percent", "wanted"), [(0, 1.0), (50, 2.5), (100, 4.0), (25, 1.75)])
def test_percentiles_lie_between_values(percent: float, wanted: float) -> None:
    assert figures.percentile([1.0, 2.0, 3.0, 4.0], percent) == wanted
