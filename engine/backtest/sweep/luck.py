"""Whether the best of many is more than luck: the deflated Sharpe ratio, and how probable it is that the choice was overfitted."""

from itertools import combinations
from math import comb, e, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.backtest.sweep.scores import Numbers

MOST_BLOCKS: Final = 16
LEAST_BLOCKS: Final = 6
_EULER: Final = 0.5772156649015329
_AT_ONCE: Final = 256  # splits
_NORMAL: Final = NormalDist()


def expected_best(variance: float, tried: int) -> float:
    """SR₀: the day Sharpe that the best of so many worthless sets is expected to have (Bailey, López de Prado 2014)."""
    if tried < 2:
        return 0.0
    first, second = _NORMAL.inv_cdf(1 - 1 / tried), _NORMAL.inv_cdf(1 - 1 / (tried * e))
    return sqrt(variance) * ((1 - _EULER) * first + _EULER * second)


def deflated_sharpe(returns: Numbers, variance: float, tried: int) -> float | None:
    """DSR: how probable it is that a set with these day returns, the best of `tried` whose day Sharpes vary so much, is worth anything."""
    if len(returns) < 2 or not np.ptp(returns):
        return None
    away = returns - returns.mean()
    second = float((away**2).mean())
    skew, kurtosis = float((away**3).mean()) / second**1.5, float((away**4).mean()) / second**2
    ratio = float(returns.mean() / returns.std(ddof=1))
    spread = 1 - skew * ratio + (kurtosis - 1) * ratio**2 / 4
    if spread <= 0:
        return None
    return _NORMAL.cdf((ratio - expected_best(variance, tried)) * sqrt(len(returns) - 1) / sqrt(spread))


def blocks_of(days: int) -> int:
    """Into how many blocks so many days are cut: 16, fewer below 32 days, an even number; 0 where that leaves fewer than six."""
    blocks = MOST_BLOCKS if days >= 2 * MOST_BLOCKS else days // 2 // 2 * 2
    return blocks if blocks >= LEAST_BLOCKS else 0


def overfitting(returns: Numbers) -> float | None:
    """PBO by CSCV (Bailey et al. 2015): in which share of all splits the best of one half is no better than the middle in the other.

    Rows are sets, columns days in their order. None of fewer than two sets, or too few days.
    """
    blocks = blocks_of(returns.shape[1])
    if not blocks or len(returns) < 2:
        return None
    parts = np.array_split(np.arange(returns.shape[1]), blocks)
    sums = np.stack([returns[:, part].sum(axis=1) for part in parts])
    squares = np.stack([(returns[:, part] ** 2).sum(axis=1) for part in parts])
    sizes = np.array([len(part) for part in parts], np.float64)
    halves = combinations(range(blocks), blocks // 2)
    overfitted = 0
    count = comb(blocks, blocks // 2)
    for first in range(0, count, _AT_ONCE):
        chosen = np.zeros((min(_AT_ONCE, count - first), blocks))
        for row, half in zip(chosen, halves, strict=False):
            row[list(half)] = 1.0
        inside, outside = (_sharpes(each, sums, squares, sizes) for each in (chosen, 1 - chosen))
        best = inside.argmax(axis=1)
        its = outside[np.arange(len(best)), best][:, None]
        # Its rank among all, from 1; of those that are level with it half are below.
        rank = (outside < its).sum(axis=1) + ((outside == its).sum(axis=1) + 1) / 2
        overfitted += int((rank / (len(returns) + 1) <= 0.5).sum())
    return overfitted / count


def _sharpes(chosen: Numbers, sums: Numbers, squares: Numbers, sizes: NDArray[np.float64]) -> Numbers:
    """The day Sharpe of each set (columns) in each choice of blocks (rows); −∞ where its days do not differ."""
    days = (chosen @ sizes)[:, None]
    mean = chosen @ sums / days
    variance = np.maximum(chosen @ squares - days * mean**2, 0.0) / np.maximum(days - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = mean / np.sqrt(variance)
    return np.where(variance > 1e-18, ratio, -np.inf)
