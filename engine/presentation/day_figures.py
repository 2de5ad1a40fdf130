"""Statistics of session days: returns, ratios over them, largest falls, a band around the mean by drawing days anew. Pure.

Money stays exact where it is told; what is computed here are floats. What is not defined is None, never inf or NaN.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import fsum, sqrt
from random import Random
from typing import Final

from msgspec import Struct

from engine.model.session_result import Fall

LEAST_DAYS: Final = 20  # below it no ratio says anything
TRADING_DAYS: Final = 252  # of a year
DRAWS: Final = 10_000
_BAND: Final = (2.5, 97.5)  # percent
_FAN: Final = (5.0, 25.0, 50.0, 75.0, 95.0)
_FAN_DRAWS: Final = 1_000


class FallFinder:
    """Finds the largest fall of a value that is told point by point, in the order of time."""

    def __init__(self) -> None:
        self.largest: Fall | None = None
        self._peak: tuple[float, int] | None = None

    def add(self, at_ms: int, value: float) -> None:
        """Take the next point."""
        peak, largest = self._peak, self.largest
        if peak is None or value >= peak[0]:
            if largest is not None and largest.recovered_ms is None and value >= largest.peak:
                self.largest = Fall(largest.amount, largest.peak, largest.from_ms, largest.to_ms, at_ms)
            self._peak = (value, at_ms)
            return
        fall = peak[0] - value
        if largest is None or fall > largest.amount:
            self.largest = Fall(fall, peak[0], peak[1], at_ms)

    def consider(self, fall: Fall | None) -> None:
        """Take a fall that lies between points told so far, of which not all were told."""
        if fall is not None and (self.largest is None or fall.amount > self.largest.amount):
            self.largest = fall


def mean(values: Sequence[float]) -> float | None:
    """Their mean; None of nothing."""
    return fsum(values) / len(values) if values else None


def deviation(values: Sequence[float]) -> float | None:
    """Their standard deviation as a sample (n - 1); None of fewer than two."""
    if len(values) < 2:
        return None
    middle = fsum(values) / len(values)
    return sqrt(fsum((each - middle) ** 2 for each in values) / (len(values) - 1))


def day_sharpe(returns: Sequence[float]) -> float | None:
    """Mean / deviation of day returns, not annualised, risk-free 0; None where they do not differ."""
    if len(set(returns)) < 2:  # where all are the same, what rounding leaves is no deviation
        return None
    spread = deviation(returns)
    return fsum(returns) / len(returns) / spread if spread else None


def sharpe(returns: Sequence[float]) -> float | None:
    """Annualised: mean / sd(n - 1) · √252."""
    ratio = day_sharpe(returns)
    return None if ratio is None else ratio * sqrt(TRADING_DAYS)


def sortino(returns: Sequence[float]) -> float | None:
    """Annualised: mean / √mean(min(r, 0)²) · √252; None where no day lost."""
    if not returns:
        return None
    downside = sqrt(fsum(min(each, 0.0) ** 2 for each in returns) / len(returns))
    return fsum(returns) / len(returns) / downside * sqrt(TRADING_DAYS) if downside else None


def calmar(returns: Sequence[float], drawdown: float | None) -> float | None:
    """252 · mean / largest drawdown, which is a share of its peak; None where there was none."""
    return TRADING_DAYS * fsum(returns) / len(returns) / drawdown if returns and drawdown else None


def chained(returns: Sequence[float]) -> list[float]:
    """What 1 becomes day by day."""
    return list(accumulate(returns, lambda worth, each: worth * (1 + each), initial=1.0))


def chained_drawdown(returns: Sequence[float]) -> float | None:
    """The largest fall of what 1 becomes by `returns`, day by day, as a share of its peak; None where it never falls."""
    peak, largest = 1.0, 0.0
    for worth in chained(returns):
        peak = max(peak, worth)
        largest = max(largest, (peak - worth) / peak if peak > 0 else 0.0)
    return largest or None


class DayRatios(Struct, frozen=True):
    """What the returns of days come to; `too_few` says why the ratios are None where there are fewer than 20."""

    days: int
    mean: float | None
    deviation: float | None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    too_few: str = ""


def day_ratios(returns: Sequence[float], drawdown: float | None = None) -> DayRatios:
    """The ratios of `returns` from 20 days on; `drawdown` as a share of its peak, else that of the returns chained."""
    count, middle, spread = len(returns), mean(returns), deviation(returns)
    if count < LEAST_DAYS:
        return DayRatios(count, middle, spread, too_few=f"too few days: {count} of {LEAST_DAYS}")
    fall = chained_drawdown(returns) if drawdown is None else drawdown
    return DayRatios(count, middle, spread, sharpe(returns), sortino(returns), calmar(returns, fall))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Of values in rising order, at least one; between two of them by their distance."""
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def mean_band(values: Sequence[float], seed: str, draws: int = DRAWS) -> tuple[float, float] | None:
    """95 % percentile bootstrap of the mean over days; the same `seed` gives the same band. None of fewer than two days."""
    count = len(values)
    if count < 2:
        return None
    draw = Random(seed).choices  # noqa: S311 - figures that can be had again, no secret
    means = sorted(sum(draw(values, k=count)) / count for _ in range(draws))
    return percentile(means, _BAND[0]), percentile(means, _BAND[1])


def equity_fan(values: Sequence[float], seed: str, draws: int = _FAN_DRAWS) -> list[tuple[float, ...]]:
    """For each day, 0 among them, the 5, 25, 50, 75 and 95 % of the sums so far, of so many orders of days drawn anew."""
    draw = Random(f"fan {seed}").choices  # noqa: S311 - as above
    paths = [list(accumulate(draw(values, k=len(values)), initial=0.0)) for _ in range(draws if values else 0)]
    return [tuple(percentile(ordered, each) for each in _FAN) for ordered in map(sorted, _turned(paths))]


def _turned(paths: Sequence[Sequence[float]]) -> Iterable[tuple[float, ...]]:
    return zip(*paths, strict=True)
