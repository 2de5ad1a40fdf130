"""The statistics of the account that a journal's rows tell of, also where the row of the newest exit was not written any more."""

from engine.model.events import DayStarted, FillBooked, StateKept, TradeClosed
from engine.model.types import Trade
from engine.presentation.statistics import TradeStatistics


class CountedTrades:
    """Follows rows from a `StateKept` on.

    `untold`: the newest exit, while only its fill is known. `counted`: the account was kept with its statistics, or they
    were counted anew; else they are of later rows alone.
    """

    def __init__(self) -> None:
        self.statistics = TradeStatistics()
        self.counted = False
        self.untold: Trade | None = None
        self._told = 0  # number of the newest exit that is counted

    def begin(self, kept: StateKept, exits: int) -> None:
        """Start from an account that was kept after its exit number `exits`."""
        self.counted = self.statistics.take_over(kept)
        self.untold, self._told = None, exits

    def begin_anew(self) -> None:
        """Nothing has been traded yet."""
        self.statistics, self.counted, self.untold, self._told = TradeStatistics(), True, None, 0

    def take(self, row: object) -> None:
        """Follow one row."""
        if isinstance(row, TradeClosed):
            self._count(row.trade)
        elif isinstance(row, FillBooked | DayStarted):
            self.complete()
            self.statistics.take(row)

    def sold(self, trade: Trade) -> None:
        """The newest fill was this exit, whose own row is still to come."""
        self.untold = trade

    def complete(self) -> None:
        """Count the newest exit as its fill tells it, where its row has not come."""
        if self.untold is not None:
            self._count(self.untold)

    def _count(self, trade: Trade) -> None:
        """Count an exit once: a run that took over may have written the row that the one before could not."""
        if trade.number > self._told:
            self._told = trade.number
            self.statistics.take(TradeClosed(trade))
        self.untold = None
