"""One set over one session: the kernel where it covers that, and what came of it, exit by exit or summed up."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.backtest.sweep import kernel
from engine.backtest.sweep.compiling import as_given, as_read
from engine.backtest.sweep.recipe import Recipe
from engine.backtest.sweep.rules import NotCoveredError, moments
from engine.backtest.sweep.stage_one import StageOne
from engine.trading import positions

_ROWS: Final = 4_096  # of the first room for exits
_REASONS: Final = {
    kernel.SESSION_END: positions.SESSION_END,
    kernel.STOP_LOSS: positions.STOP_LOSS,
    kernel.TRAILING_STOP: positions.TRAILING_STOP,
    kernel.MAX_DURATION: positions.MAX_DURATION,
    kernel.EMERGENCY: positions.EMERGENCY,
    kernel.DAILY_LOSS: "Daily Loss",
}


class ExitLine(Struct, frozen=True):
    """One exit, as the engine tells it too."""

    entry_ms: int
    exit_ms: int
    entry_price: int
    exit_price: int
    quantity: int
    costs: Decimal
    net: Decimal
    reason: str


class Outcome(Struct, frozen=True):
    """What a set came to on a session. A position that is open when the file ends is none that was won or lost.

    `cash` and `net` are exact; `gains` and `losses` are what positions have won and lost, `drawdown` the largest fall of what was realised.
    """

    cash: Fraction
    net: Fraction
    drawdown: Fraction
    gains: Fraction
    losses: Fraction
    exits: int
    entries: int
    won: int
    still_open: bool


class StageTwo:
    """Runs sets over one session; keeps the room for their exits."""

    def __init__(self, stage_one: StageOne) -> None:
        self._one = stage_one
        self._out: NDArray[np.int64] = np.empty((_ROWS, kernel.COLUMNS), np.int64)
        self._read: dict[int, list[Any]] = {}  # by the numbers of a recipe
        self._known: dict[tuple[int, ...], tuple[list[Any], int]] = {}
        self._walk: Callable[..., int] = kernel.walk

    def run(self, recipe: Recipe) -> Outcome:
        """Run a set; raises NotCoveredError where the engine has to."""
        digits, totals = self.walked(recipe)
        return _outcome(digits, totals)

    def exits(self, recipe: Recipe) -> tuple[Outcome, list[ExitLine]]:
        """The same with every exit."""
        digits, totals = self.walked(recipe)
        ticks = self._one.ticks(recipe)
        lines = [
            ExitLine(
                entry_ms=int(ticks.ms[row[kernel.ENTRY]]),
                exit_ms=row[kernel.EXIT_MS],
                entry_price=row[kernel.ENTRY_PRICE],
                exit_price=row[kernel.EXIT_PRICE],
                quantity=row[kernel.QUANTITY],
                costs=_decimal(row[kernel.COSTS], digits),
                net=_decimal(row[kernel.NET], digits),
                reason=_reason(row[kernel.REASON]),
            )
            for row in self._out[: totals[kernel.ROWS]].tolist()
        ]
        return _outcome(digits, totals), lines

    def walked(self, recipe: Recipe) -> tuple[int, list[int]]:
        """What a set comes to as the kernel leaves it, money in 10⁻ᵏ of the currency, and k; raises NotCoveredError."""
        one = self._one
        made = recipe.rules_by(one.rates(recipe))
        series, dearest = self._series(recipe)
        of_a_price = max(made.rules[kernel.LOT] * made.rules[kernel.UNIT], made.rules[kernel.EMERGENCY_OVER])
        if dearest * of_a_price * 4 >= kernel.BOUND:
            raise NotCoveredError("numbers too large")
        numbers = recipe.numbers
        numbers[0][kernel.EXIT_FROM_MS], numbers[0][kernel.CLOSE_MS] = moments(one.day(recipe))
        while True:
            totals = as_given((0,) * kernel.TOTALS)
            done = self._walk(*series, *numbers, totals, self._out, dearest)
            if done == kernel.TOO_LARGE:
                raise NotCoveredError("numbers too large")
            if done == kernel.DONE:
                return made.digits, totals if isinstance(totals, list) else totals.tolist()
            self._out = np.empty((2 * len(self._out), kernel.COLUMNS), np.int64)

    def _series(self, recipe: Recipe) -> tuple[list[Any], int]:
        """What the kernel reads of the session for a set, and the dearest of all prices; many sets read the same."""
        key = recipe.door, recipe.fills, recipe.first, recipe.after_stop
        found = self._known.get(key)
        if found is None:
            one, ticks = self._one, self._one.ticks(recipe)
            buy, sell, dearest = one.fills(recipe)
            blocks = ticks.lows, ticks.highs, ticks.clocks
            price, ms, clock, *rest = self._as_read(recipe.door, (ticks.price, ticks.ms, ticks.clock, *blocks))
            fills = self._as_read(recipe.fills, (buy, sell))
            first, after_stop = one.entries(recipe)
            entries = self._as_read(recipe.first, (first,)) + self._as_read(recipe.after_stop, (after_stop,))
            found = self._known[key] = [price, *fills, ms, clock, *rest, *entries], dearest
        return found

    def _as_read(self, number: int, arrays: tuple[Any, ...]) -> list[Any]:
        """The arrays that stage 1 knows by `number` as the kernel reads them fastest; turned into that once."""
        found = self._read.get(number)
        if found is None:
            found = self._read[number] = [as_read(each) for each in arrays]
        return found


def _outcome(digits: int, totals: list[int]) -> Outcome:
    money = 10**digits
    return Outcome(
        cash=Fraction(totals[kernel.CASH], money),
        net=Fraction(totals[kernel.DAY], money),
        drawdown=Fraction(totals[kernel.DRAWDOWN], money),
        gains=Fraction(totals[kernel.GAINS], money),
        losses=Fraction(-totals[kernel.LOSSES], money),
        exits=totals[kernel.ROWS],
        entries=totals[kernel.ENTRIES],
        won=totals[kernel.WON],
        still_open=bool(totals[kernel.OPEN]),
    )


def _decimal(amount: int, digits: int) -> Decimal:
    return Decimal(amount).scaleb(-digits)


def _reason(number: int) -> str:
    level = number - kernel.TAKE_PROFIT
    return f"{positions.TAKE_PROFIT} {level + 1}" if level >= 0 else _REASONS[number]
