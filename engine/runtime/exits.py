"""The exits of a run: the newest of them and the statistics of all, however long it goes on. Writes nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engine.model.exit_page import NEWEST_EXITS
from engine.model.state import Fields, Plain
from engine.model.types import Trade
from engine.presentation.statistics import TradeStatistics

MOST: Final = NEWEST_EXITS  # the file of `--trades` has them all, too


class Exits:
    """`newest` exits, oldest first, and `statistics` of the account's day and of all its days.

    `before` counts the exits of earlier runs that the same account counts as well, `count` all of them; `rewinds` counts
    how often a replay went back.
    """

    def __init__(self, symbols: Sequence[str] = ()) -> None:
        self.statistics = TradeStatistics(symbols)
        self._symbols = symbols
        self.newest: list[Trade] = []
        self.before = 0
        self.count = 0
        self.rewinds = 0
        self._tell: Callable[[Trade | int], None] | None = None

    def symbols(self) -> Sequence[str]:
        """The instruments by their numbers now; any thread."""
        return self._symbols

    def relist(self, symbols: Sequence[str]) -> None:
        """The run's instruments are called so from now on; what is known of those before stands."""
        self._symbols = symbols
        self.statistics.relist(symbols)

    def follow(self, tell: Callable[[Trade | int], None]) -> None:
        """Hand every exit to `tell`, which must not wait; after a replay went back, how many of the run's exits still stand."""
        self._tell = tell

    def begin_after(self, number: int) -> None:
        """Go on after the account's exit `number`, the last of earlier runs."""
        self.before = self.count = number

    def resume(self, trades: Sequence[Trade], symbols: Sequence[str]) -> None:
        """Show the newest exits of an earlier run, whose instruments `symbols` name; those that are not listed any more are left out."""
        present = {symbol: number for number, symbol in enumerate(self._symbols)}
        places = [present.get(symbol) for symbol in symbols]
        moved = ((trade, places[trade.instrument]) for trade in trades if 0 <= trade.instrument < len(places))
        self.newest = [replace(trade, instrument=place) for trade, place in moved if place is not None][-MOST:]

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
        if self._tell is not None:
            self._tell(trade)

    def dump(self) -> Fields:
        """The statistics by name, to be put aside with the deciding state, of which they are no part."""
        return self.statistics.dump()

    def go_back(self, fields: Mapping[str, Plain], number: int) -> None:
        """Forget what came after the account's exit `number`; the statistics as `dump` put them into `fields`, absent = nothing yet."""
        while self.newest and self.newest[-1].number > number:
            self.newest.pop()
        self.count = number
        self.rewinds += 1  # after the count: see `position`
        self.statistics = TradeStatistics(self._symbols)
        self.statistics.load(fields)
        if self._tell is not None:
            self._tell(max(0, number - self.before))
