"""What a set came to on a session, as forty bytes, and many of them as one array."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.backtest.sweep import kernel
from engine.backtest.sweep.stage_two import Outcome

RESULT: Final = np.dtype(
    [
        ("net", "<f8"),
        ("gains", "<f8"),
        ("drawdown", "<f8"),
        ("entries", "<u4"),
        ("exits", "<u4"),
        ("won", "<u4"),
        ("flags", "<u4"),
    ]
)
BY_ENGINE: Final = 1
STILL_OPEN: Final = 2

Results = NDArray[np.void]


def of_kernel(digits: int, totals: Sequence[int]) -> tuple[Any, ...]:
    """A result out of what the kernel leaves; each amount is the float that is nearest to it."""
    money = 10**digits
    return (
        totals[kernel.DAY] / money,
        totals[kernel.GAINS] / money,
        totals[kernel.DRAWDOWN] / money,
        totals[kernel.ENTRIES],
        totals[kernel.ROWS],
        totals[kernel.WON],
        STILL_OPEN if totals[kernel.OPEN] else 0,
    )


def of_engine(outcome: Outcome) -> tuple[Any, ...]:
    """A result of the engine."""
    flags = BY_ENGINE | (STILL_OPEN if outcome.still_open else 0)
    return (
        float(outcome.net),
        float(outcome.gains),
        float(outcome.drawdown),
        outcome.entries,
        outcome.exits,
        outcome.won,
        flags,
    )
