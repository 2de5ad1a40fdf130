"""Which instrument of the run an order, a trade or a position is of. Knows only what the run trades and watches."""

from collections.abc import Callable, Sequence

from engine.execution.told_fields import MisfitError
from engine.model.types import Instrument
from engine.text.sanitize import CleanText

NONE = -1  # no instrument of the run


class TradedInstruments:
    """The run's instruments by their numbers, and found by what the broker calls them.

    `scale_of` tells the minor units per rupee of an exchange, for what is none of the run's.
    """

    def __init__(self, instruments: Sequence[Instrument], scale_of: Callable[[str], int]) -> None:
        self._all = tuple(instruments)
        self._scale_of = scale_of
        there = [(index, each) for index, each in enumerate(self._all) if each.removed is not True]
        gone = [(index, each) for index, each in enumerate(self._all) if each.removed is True]
        # What is on the list counts where something was taken off it under the same name.
        self._by_symbol: dict[tuple[str, str], int] = {}
        self._by_token: dict[tuple[str, str], int] = {}
        for index, each in (*gone, *there):
            self._by_symbol[each.exchange, each.symbol] = index
            if each.token:
                self._by_token[each.exchange, each.token] = index

    def __getitem__(self, index: int) -> Instrument:
        return self._all[index]

    def find(self, exchange: str, symbol: str, token: str = "") -> int:
        """The number of the instrument, NONE where it is none of the run's; raises MisfitError where the names are of two."""
        by_symbol = self._by_symbol.get((exchange, symbol), NONE)
        by_token = self._by_token.get((exchange, token), NONE)
        if NONE not in {by_symbol, by_token} and by_symbol != by_token:
            raise MisfitError(f"{symbol:.40} has the token of {self._all[by_token].symbol}")
        return by_token if by_symbol == NONE else by_symbol

    def symbol(self, index: int, told: CleanText) -> CleanText:
        """What the run calls it; what the broker does, where it is none of the run's."""
        return told if index == NONE else self._all[index].symbol

    def price_scale(self, index: int, exchange: str) -> int:
        """Minor units per rupee."""
        return self._scale_of(exchange) if index == NONE else self._all[index].price_scale
