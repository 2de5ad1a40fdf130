"""How far prices move in 100 ticks against the median of their session, seen once a second: nothing is counted with a tick. Pure."""

from bisect import insort
from typing import Final

BLOCK_TICKS: Final = 100
_LEAST_BLOCKS = 10  # of a session, from which a median means something
_MOST_BLOCKS = 512  # kept; then every second of them, by size


class Moves:
    """One instrument's: a look hands in its last price and how many ticks of its day its strategy has taken.

    What lies between two looks is not seen, in the newest ticks as in all those of the session.
    """

    __slots__ = ("_begun_ticks", "_blocks", "_path", "_price", "_ticks")

    def __init__(self) -> None:
        self._blocks: list[float] = []  # mean moves, rising
        self._path = self._price = 0
        self._begun_ticks = self._ticks = -1

    def look(self, price: int, ticks: int) -> float:
        """The mean move of the newest 100 ticks or more, once they are there, as a multiple of the median; else 0."""
        if ticks < self._ticks or self._ticks < 0:  # another day, or a replay that went back
            self._blocks.clear()
            self._begin(price, ticks)
            return 0.0
        self._path += abs(price - self._price)
        self._price, self._ticks = price, ticks
        if ticks - self._begun_ticks < BLOCK_TICKS:
            return 0.0
        mean = self._path / (ticks - self._begun_ticks)
        self._begin(price, ticks)
        blocks = self._blocks
        median = blocks[len(blocks) // 2] if len(blocks) >= _LEAST_BLOCKS else 0.0
        insort(blocks, mean)
        if len(blocks) > _MOST_BLOCKS:
            del blocks[::2]
        return mean / median if median else 0.0

    def _begin(self, price: int, ticks: int) -> None:
        self._begun_ticks = self._ticks = ticks
        self._price, self._path = price, 0
