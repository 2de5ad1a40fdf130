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
from engine.backtest.sweep.rules import NotCoveredError, Rules, rules_of
from engine.backtest.sweep.stage_one import StageOne
from engine.config import Config
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
        self._read: dict[int, Any] = {}
        self._kept: list[object] = []
        self._walk: Callable[..., int] = kernel.walk

    def run(self, config: Config) -> Outcome:
        """Run the set whose configuration is `config`; raises NotCoveredError where the engine has to."""
        return self._outcome(*self._walked(config))

    def exits(self, config: Config) -> tuple[Outcome, list[ExitLine]]:
        """The same with every exit."""
        made, totals = self._walked(config)
        ticks = self._one.ticks(config)
        lines = []
        for row in self._out[: totals[kernel.ROWS]].tolist():
            costs, net = (_decimal(row[place], made.digits) for place in (kernel.COSTS, kernel.NET))
            lines.append(
                ExitLine(
                    entry_ms=int(ticks.ms[row[kernel.ENTRY]]),
                    exit_ms=row[kernel.EXIT_MS],
                    entry_price=row[kernel.ENTRY_PRICE],
                    exit_price=row[kernel.EXIT_PRICE],
                    quantity=row[kernel.QUANTITY],
                    costs=costs,
                    net=net,
                    reason=_reason(row[kernel.REASON]),
                )
            )
        return self._outcome(made, totals), lines

    def _walked(self, config: Config) -> tuple[Rules, list[int]]:
        one = self._one
        levels = one.levels(config)
        made = rules_of(config, one.instrument, levels, one.rates(config), one.day(config))
        ticks = one.ticks(config)
        buy, sell, dearest = one.fills(config, levels)
        first, after_stop = one.entries(config)
        blocks = (ticks.lows, ticks.highs, ticks.clocks)
        series = (ticks.price, buy, sell, ticks.ms, ticks.clock, *blocks, first, after_stop)
        arrays: list[Any] = [self._as_read(each) for each in series]
        numbers: list[Any] = [as_given(each) for each in (made.rules, made.targets, made.over, made.under)]
        if dearest * made.rules[kernel.LOT] * made.rules[kernel.UNIT] * 4 >= kernel.BOUND:
            raise NotCoveredError("numbers too large")
        while True:
            totals = as_given((0,) * kernel.TOTALS)
            done = self._walk(*arrays, *numbers, totals, self._out, dearest)
            if done == kernel.TOO_LARGE:
                raise NotCoveredError("numbers too large")
            if done == kernel.DONE:
                return made, [int(each) for each in totals]
            self._out = np.empty((2 * len(self._out), kernel.COLUMNS), np.int64)

    def _as_read(self, array: Any) -> Any:
        """`array` as the kernel reads it fastest; turned into that once."""
        found = self._read.get(id(array))
        if found is None:
            found = self._read[id(array)] = as_read(array)
            self._kept.append(array)  # an address stands for one array as long as that lives
        return found

    @staticmethod
    def _outcome(made: Rules, totals: list[int]) -> Outcome:
        money = 10**made.digits
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
