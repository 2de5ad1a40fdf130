"""What sets come to by their days, many at once: rows are sets, columns days. The definitions are those of `presentation/day_figures.py`."""

from math import sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Objective = Literal["sharpe", "net", "calmar", "expectancy", "profit_factor"]
OBJECTIVES: Final[tuple[Objective, ...]] = ("sharpe", "net", "calmar", "expectancy", "profit_factor")
LEAST_DAYS: Final = 20  # below them the objective is net
_TRADING_DAYS: Final = 252

Numbers = NDArray[np.float64]


def day_sharpes(returns: Numbers) -> Numbers:
    """Mean / deviation (n − 1) of each row, not annualised; NaN where its days do not differ."""
    if returns.shape[1] < 2:
        return np.full(len(returns), np.nan)
    differ = np.ptp(returns, axis=1) > 0
    spread = np.where(differ, returns.std(axis=1, ddof=1), np.nan)
    return np.asarray(returns.mean(axis=1) / spread)


def falls(returns: Numbers) -> Numbers:
    """The largest fall of each row, chained day by day, as a share of its peak."""
    worth = np.cumprod(1 + returns, axis=1)
    peaks = np.maximum(np.maximum.accumulate(worth, axis=1), 1.0)
    return np.asarray(((peaks - worth) / peaks).max(axis=1, initial=0.0))


def scores(objective: Objective, returns: Numbers, nets: Numbers, gains: Numbers, positions: Numbers) -> Numbers:
    """What each row is ranked by; NaN where that is not defined. `gains` and `positions` are summed over the days."""
    net = nets.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        match objective:
            case "sharpe":
                found = day_sharpes(returns) * sqrt(_TRADING_DAYS)
            case "net":
                found = net
            case "calmar":
                fall = falls(returns)
                found = np.where(fall > 0, _TRADING_DAYS * returns.mean(axis=1) / fall, np.nan)
            case "expectancy":
                found = np.where(positions > 0, net / positions, np.nan)
            case "profit_factor":
                found = np.where(gains - net > 0, gains / (gains - net), np.nan)
    return np.asarray(found)
