"""What many positions come to: rates, factors, expectancy, SQN, streaks; added up one at a time, in little room. Pure.

The unit is the position: an entry and all its exits. One of which part is still held counts only once it has ended.
"""

from decimal import Decimal
from math import sqrt
from typing import Final

from msgspec import Struct

from engine.model.session_result import PositionResult
from engine.reports.position_figures import PositionFigures, position_figures

LEAST_FOR_SQN: Final = 30
_MOST_OF_SQN: Final = 100
_ZERO: Final = Decimal(0)


class Spread(Struct):
    """Count, mean and sum of squared distances of numbers that come one at a time (Welford 1962)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One more of them."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.squares += step * (value - self.mean)

    @property
    def deviation(self) -> float | None:
        """As a sample (n - 1); None of fewer than two."""
        return sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


class PositionSums(Struct):
    """Sums over positions that have ended; `profit` and `loss` (positive) are over those won and lost.

    Money is exact. What is None is not defined: no positions, none lost, too few.
    """

    positions: int = 0
    exits: int = 0
    won: int = 0
    lost: int = 0
    profit: Decimal = _ZERO
    loss: Decimal = _ZERO
    gross: Decimal = _ZERO
    costs: Decimal = _ZERO
    net: Decimal = _ZERO
    best: Decimal | None = None
    worst: Decimal | None = None
    held_ms: int = 0
    r: Spread | None = None
    efficiency: Spread | None = None
    slippage: Decimal | None = None
    without_slippage: int = 0
    longest_won: int = 0
    longest_lost: int = 0
    streak: int = 0

    def add(self, position: PositionResult, found: PositionFigures | None = None) -> None:
        """Take a position, in the order of last exits; one that has not ended is passed over."""
        if position.left or not position.exits:
            return
        found = found or position_figures(position)
        net = position.net
        self.positions += 1
        self.exits += len(position.exits)
        self.won += net > 0
        self.lost += net < 0
        self.profit += max(net, _ZERO)
        self.loss -= min(net, _ZERO)
        self.gross += position.gross
        self.costs += position.costs
        self.net += net
        self.best = net if self.best is None else max(self.best, net)
        self.worst = net if self.worst is None else min(self.worst, net)
        self.held_ms += position.last_ms - position.entry_ms
        self._add_figures(found)
        self._add_streak(net)

    def _add_figures(self, found: PositionFigures) -> None:
        if found.r is not None:
            self.r = self.r or Spread()
            self.r.add(found.r)
        if found.efficiency is not None:
            self.efficiency = self.efficiency or Spread()
            self.efficiency.add(found.efficiency)
        if found.slippage is None:
            self.without_slippage += 1
        else:
            self.slippage = (self.slippage or _ZERO) + found.slippage

    def _add_streak(self, net: Decimal) -> None:
        streak = self.streak
        self.streak = max(streak, 0) + 1 if net > 0 else min(streak, 0) - 1 if net < 0 else 0
        self.longest_won = max(self.longest_won, self.streak)
        self.longest_lost = max(self.longest_lost, -self.streak)

    @property
    def win_rate(self) -> float | None:
        """Won / all."""
        return self.won / self.positions if self.positions else None

    @property
    def profit_factor(self) -> float | None:
        """Σ wins / Σ losses."""
        return float(self.profit / self.loss) if self.loss else None

    @property
    def payoff(self) -> float | None:
        """Mean win / mean loss."""
        return float(self.profit / self.won / (self.loss / self.lost)) if self.won and self.lost else None

    @property
    def expectancy(self) -> Decimal | None:
        """Mean net of a position."""
        return self.net / self.positions if self.positions else None

    @property
    def mean_r(self) -> float | None:
        """Mean of net / risk, of those whose risk is known."""
        return self.r.mean if self.r else None

    @property
    def mean_efficiency(self) -> float | None:
        """Mean exit efficiency, of those with an MFE."""
        return self.efficiency.mean if self.efficiency else None

    @property
    def mean_held_s(self) -> float | None:
        """Mean time from the entry to the last exit."""
        return self.held_ms / self.positions / 1000 if self.positions else None

    @property
    def sqn(self) -> float | None:
        """√min(n, 100) · mean R / sd R (Tharp), from 30 positions on."""
        if self.r is None or self.r.count < LEAST_FOR_SQN or not (spread := self.r.deviation):
            return None
        return sqrt(min(self.r.count, _MOST_OF_SQN)) * self.r.mean / spread
