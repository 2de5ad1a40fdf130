"""Days of one mode added up for a report, one at a time: sums, groups, falls, day returns, and the numbers that pictures need. Pure.

What is kept grows by a row a day and a few numbers a position; positions themselves are handed on and forgotten.
"""

from array import array
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.model.session_result import PositionResult, ReportedDay
from engine.presentation.day_figures import DayRatios, FallFinder, day_ratios, mean_band
from engine.reports.groups import Groups
from engine.reports.other_rates import Rates, RateSums
from engine.reports.position_figures import PositionFigures, position_figures
from engine.reports.position_sums import PositionSums
from engine.trading.costs import Kinds, add_up, total

_MOST_OPEN: Final = 1_000  # positions still held that are named
_MOST_POINTS: Final = 40_000  # of a curve that is drawn
_ZERO: Final = Decimal(0)


class DayRow(Struct):
    """One session day: cash at its first tick, net of its exits, how the account stood behind it."""

    date: str
    ticks: int = 0
    cash: Decimal | None = None
    net: Decimal = _ZERO
    costs: Decimal = _ZERO
    exits: int = 0
    positions: int = 0
    won: int = 0
    lost: int = 0
    best: Decimal | None = None
    worst: Decimal | None = None
    equity: float = 0.0
    scale: float = 1.0  # the account marked at a tick, as it is chained, is `plus` + `scale` × what the day's run had
    plus: float = 0.0

    @property
    def day_return(self) -> float | None:
        """Net / cash at its first tick; None where there was no cash, or nobody knows it."""
        return float(self.net / self.cash) if self.cash is not None and self.cash > 0 else None

    def add(self, position: PositionResult) -> None:
        """Count a position that ended on it."""
        net = position.net
        self.positions += 1
        self.won += net > 0
        self.lost += net < 0
        self.best = net if self.best is None else max(self.best, net)
        self.worst = net if self.worst is None else min(self.worst, net)


class Curve(Struct):
    """Moments (UTC ms) and values, side by side."""

    at_ms: "array[int]"
    values: "array[float]"

    def put(self, at_ms: int, value: float) -> None:
        """One more point; of too many, highest and lowest of each four are kept."""
        if len(self.values) >= _MOST_POINTS:
            self._thin()
        self.at_ms.append(at_ms)
        self.values.append(value)

    def _thin(self) -> None:
        values = self.values
        kept = array("q")
        for start in range(0, len(values), 4):
            places = range(start, min(start + 4, len(values)))
            kept.extend(sorted({min(places, key=values.__getitem__), max(places, key=values.__getitem__)}))
        self.at_ms = array("q", [self.at_ms[place] for place in kept])
        self.values = array("d", [values[place] for place in kept])


def _curve() -> Curve:
    return Curve(array("q"), array("d"))


class ModeReport:
    """All days of one `mode`, in the order in which they are added: by date within a file, files by their names."""

    def __init__(self, mode: str, zone: str, rates: Rates | None = None) -> None:
        """`rates` are those that exits are told under beside what was booked (None: the newest there are)."""
        self.mode, self.zone = mode, zone
        self.other_rates = RateSums(rates or Rates())
        self.sums, self.groups = PositionSums(), Groups(zone)
        self.days: list[DayRow] = []
        self.paid: Kinds = {}  # what all fills cost, of positions that are still held as well
        self.net = self.gross = self.exit_costs = _ZERO  # of all exits
        self.refused: dict[str, int] = {}
        self.open: list[PositionResult] = []
        self.realised, self.marked = FallFinder(), FallFinder()
        self.curve, self.marked_curve = _curve(), _curve()
        self.r: array[float] = array("d")
        # MAE and MFE in R of those whose both are known, and the sign of their net.
        self.mae_r: array[float] = array("f")
        self.mfe_r: array[float] = array("f")
        self.signs: array[int] = array("b")
        self.has_ticks = False
        self.cash_after: Decimal | None = None
        self.own_capital = False  # whether a day began with other money than the one before has left
        self._worth = self._marked_worth = 0.0
        self._digest = sha256()

    @property
    def fingerprint(self) -> str:
        """What tells these days from all others."""
        return self._digest.hexdigest()

    def add(self, day: ReportedDay) -> Iterator[tuple[PositionResult, PositionFigures]]:
        """Take a day; gives each of its positions with its figures, all of which must be taken."""
        row, scale = self._row(day), self._scale(day)
        for position in day.positions:
            self.gross += position.gross
            self.exit_costs += position.costs
            whole = self._whole(position)
            found = position_figures(whole)
            self._add_position(whole, found, row)
            yield position, found
        self._add_money(day, row)
        self._add_curves(day, row, scale)
        row.equity = self._worth

    def _row(self, day: ReportedDay) -> DayRow:
        self._digest.update(day.fingerprint.encode())
        if not self.days or self.days[-1].date != day.date:
            self.days.append(DayRow(day.date, cash=day.cash))
        row = self.days[-1]
        row.ticks += day.ticks
        self.has_ticks = self.has_ticks or bool(day.ticks)
        return row

    def _scale(self, day: ReportedDay) -> float:
        """By what the day's money is multiplied: 1 while an account goes on, else so that its returns are chained."""
        cash = None if day.cash is None else float(day.cash)
        if self.cash_after is None:
            self._worth = self._marked_worth = cash or 0.0
            self.curve.put(day.began_ms, self._worth)
            self.realised.add(day.began_ms, self._worth)
            return 1.0
        if cash is None or day.cash == self.cash_after:
            return self._worth / cash if cash and self.own_capital else 1.0
        self.own_capital = True
        return self._worth / cash if cash > 0 else 1.0

    def _whole(self, position: PositionResult) -> PositionResult:
        """A position with what an earlier recording had of it, where that ended while it was held."""
        for place, before in enumerate(self.open):
            if (before.instrument, before.entry_ms) == (position.instrument, position.entry_ms):
                del self.open[place]
                return replace(
                    before,
                    exits=before.exits + position.exits,
                    left=position.left,
                    low=None,
                    high=None,
                    high_after=None,
                )
        return position

    def _add_position(self, position: PositionResult, found: PositionFigures, row: DayRow) -> None:
        if position.left or not position.exits:
            if len(self.open) < _MOST_OPEN:
                self.open.append(position)
            return
        row.add(position)
        self.other_rates.add(position)
        self.sums.add(position, found)
        self.groups.add(position, found)
        if found.r is not None:
            self.r.append(found.r)
        if found.mae_r is not None and found.mfe_r is not None:
            self.mae_r.append(found.mae_r)
            self.mfe_r.append(found.mfe_r)
            self.signs.append((position.net > 0) - (position.net < 0))

    def _add_money(self, day: ReportedDay, row: DayRow) -> None:
        add_up(self.paid, day.costs_by_kind)
        add_up_counts(self.refused, day.refused)
        self.net += day.net
        row.net += day.net
        row.costs += total(day.costs_by_kind)
        row.exits += len(day.exits)
        self.cash_after = day.cash_after if day.cash_after is not None else (day.cash or _ZERO) + day.net

    def _add_curves(self, day: ReportedDay, row: DayRow, scale: float) -> None:
        for at_ms, net in day.exits:
            self._worth += scale * float(net)
            self.curve.put(at_ms, self._worth)
            self.realised.add(at_ms, self._worth)
        if not day.equity:
            return
        row.scale, row.plus = scale, self._marked_worth - scale * day.equity[0]
        for at_ms, value in zip(day.equity_ms, day.equity, strict=True):
            worth = row.plus + scale * value
            self.marked.add(at_ms, worth)
            self.marked_curve.put(at_ms, worth)
        if day.fall is not None:
            self.marked.consider(day.fall.scaled(scale, row.plus))
        self._marked_worth = row.plus + scale * day.equity[-1]

    @property
    def returns(self) -> list[float]:
        """Of each day whose cash is known."""
        return [found for each in self.days if (found := each.day_return) is not None]

    def ratios(self) -> DayRatios:
        """Over the day returns; the drawdown is that of the account marked at every tick, where it was."""
        fall = self.marked.largest or self.realised.largest
        return day_ratios(self.returns, fall.share if fall is not None else None)

    def band(self) -> tuple[float, float] | None:
        """95 % of what the mean net of a day may be, by drawing these days anew."""
        return mean_band([float(each.net) for each in self.days], self.fingerprint)


def add_up_counts(into: dict[str, int], counts: dict[str, int]) -> None:
    """Add `counts` to `into`, each to its own."""
    for name, count in counts.items():
        into[name] = into.get(name, 0) + count
