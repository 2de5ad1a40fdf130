"""The median of a few measurements, and how sure it is. Pure: the same values give the same interval."""

from collections.abc import Sequence
from random import Random
from statistics import median
from typing import Final

from msgspec import Struct

_RESAMPLES: Final = 2000
_SEED: Final = 20_251_001
_TAIL: Final = 0.025


class MedianInterval(Struct, frozen=True):
    """A median with its 95 % interval, by the percentile bootstrap (B. Efron); of one value the interval is that value."""

    median: float
    low: float
    high: float


def median_interval(values: Sequence[float]) -> MedianInterval:
    """Median and interval of at least one value."""
    draw = Random(_SEED).choices  # noqa: S311 - nothing is kept secret by it
    medians = sorted(median(draw(values, k=len(values))) for _ in range(_RESAMPLES))
    cut = round(_RESAMPLES * _TAIL)
    return MedianInterval(median(values), medians[cut], medians[-1 - cut])
