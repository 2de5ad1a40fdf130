"""Judges whether a figure of a process grows: a straight line through what was sampled after the warm-up. Reads no process."""

from collections.abc import Sequence
from typing import NamedTuple


class Sample(NamedTuple):
    """A process at one moment: seconds since the start, memory, descriptors, threads, processor time used so far."""

    at_s: float
    rss_kb: int
    descriptors: int
    threads: int
    cpu_s: float


class Growth(NamedTuple):
    """What the samples after the warm-up come to; `rss_growth_mb` is the line's rise over their whole stretch."""

    rss_mb: float
    rss_peak_mb: float
    rss_mb_per_hour: float
    rss_growth_mb: float
    descriptors: tuple[int, int]
    threads: tuple[int, int]
    cpu_share: float


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise per unit of the straight line nearest to `points` (least squares); 0 where there is none."""
    count = len(points)
    if count < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def growth(samples: Sequence[Sample], warm_up_s: float) -> Growth:
    """Judge the samples later than `warm_up_s`; at least one is needed."""
    warm = [sample for sample in samples if sample.at_s >= warm_up_s] or list(samples[-1:])
    per_s = slope([(sample.at_s, sample.rss_kb / 1024) for sample in warm])
    stretch_s = warm[-1].at_s - warm[0].at_s
    cpu_s = warm[-1].cpu_s - warm[0].cpu_s
    return Growth(
        rss_mb=warm[-1].rss_kb / 1024,
        rss_peak_mb=max(sample.rss_kb for sample in samples) / 1024,
        rss_mb_per_hour=per_s * 3600,
        rss_growth_mb=per_s * stretch_s,
        descriptors=(min(sample.descriptors for sample in warm), max(sample.descriptors for sample in warm)),
        threads=(min(sample.threads for sample in warm), max(sample.threads for sample in warm)),
        cpu_share=cpu_s / stretch_s if stretch_s else 0.0,
    )
