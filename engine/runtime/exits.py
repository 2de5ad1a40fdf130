"""The exits of a run: the newest of them, exact sums of all, and their statistics, however long it goes on. Writes nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.model.state import Fields, Plain
from engine.model.types import Trade
from engine.presentation.statistics import TradeStatistics

MOST: Final = (
    200  # exits kept one by one; the journal, which screens page through, and the file of `--trades` have them all
)
_GROSS, _COSTS, _STATISTICS = "exits.gross", "exits.costs", "exits.statistics"


class Exits:
    """`newest` exits, oldest first, and `gross` and `costs` (exact, in the currency) of all that this run has made.

    `before` counts the exits of earlier runs that the same account counts as well, `count` all of them; `rewinds` counts
    how often a replay went back. `statistics` are of the account's day and of all its days.
    """

    def __init__(self, symbols: Sequence[str] = ()) -> None:
        self.statistics = TradeStatistics(symbols)
        self._symbols = symbols
        self.newest: list[Trade] = []
        self.gross = Decimal(0)
        self.costs = Decimal(0)
        self.before = 0
        self.count = 0
        self.rewinds = 0
        self._tell: Callable[[Trade | int], None] | None = None

    def follow(self, tell: Callable[[Trade | int], None]) -> None:
        """Hand every exit to `tell`, which must not wait; after a replay went back, how many of the run's exits still stand."""
        self._tell = tell

    def begin_after(self, number: int) -> None:
        """Go on after the account's exit `number`, the last of earlier runs."""
        self.before = self.count = number

    def position(self) -> tuple[int, int]:
        """`rewinds` and then `count`, for any thread: where `rewinds` is still the same later, no more than `count` were undone."""
        rewinds = self.rewinds
        return rewinds, self.count

    def add(self, trade: Trade) -> None:
        """Take the newest exit."""
        self.newest.append(trade)
        self.count = trade.number
        if len(self.newest) > MOST:
            del self.newest[0]
        self.gross += trade.gross_pnl
        self.costs += trade.costs
        if self._tell is not None:
            self._tell(trade)

    def dump(self) -> Fields:
        """The sums by name, to be put aside with the deciding state, of which they are no part."""
        return {_GROSS: str(self.gross), _COSTS: str(self.costs), _STATISTICS: self.statistics.dump()}

    def go_back(self, fields: Mapping[str, Plain], number: int) -> None:
        """Forget what came after the account's exit `number`; the sums as `dump` put them into `fields`, absent = nothing yet."""
        while self.newest and self.newest[-1].number > number:
            self.newest.pop()
        self.count = number
        self.rewinds += 1  # after the count: see `position`
        self.gross = Decimal(str(fields.get(_GROSS, "0")))
        self.costs = Decimal(str(fields.get(_COSTS, "0")))
        self.statistics = TradeStatistics(self._symbols)
        if isinstance(kept := fields.get(_STATISTICS), str):
            self.statistics.load(kept)
        if self._tell is not None:
            self._tell(max(0, number - self.before))
