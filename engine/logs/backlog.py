"""What waits to be written, within bounds: beyond them the least grave goes first, the oldest of it, and is counted. No thread, no file."""

import logging
from collections import deque
from typing import Generic, TypeVar

_T = TypeVar("_T")

# How grave a line is, the least grave first; only the last is never given up.
RANKS = ("DEBUG", "INFO", "WARN", "ERROR", "KEPT")
WARNING_RANK, KEPT_RANK = 2, 4


def rank_of(level: int, *, kept: bool = False) -> int:
    """The place in `RANKS` of a line of this level (the numbers of `logging`), or of one that must not be lost."""
    if kept:
        return KEPT_RANK
    if level >= logging.ERROR:
        return 3
    return WARNING_RANK if level >= logging.WARNING else int(level >= logging.INFO)


class Lost:
    """How many lines were given up, by rank."""

    def __init__(self, by_rank: tuple[int, ...] = (0,) * len(RANKS)) -> None:
        self.by_rank = list(by_rank)

    def __add__(self, other: "Lost") -> "Lost":
        return Lost(tuple(map(sum, zip(self.by_rank, other.by_rank, strict=True))))

    def __sub__(self, other: "Lost") -> "Lost":
        return Lost(tuple(mine - theirs for mine, theirs in zip(self.by_rank, other.by_rank, strict=True)))

    @property
    def lines(self) -> int:
        """How many in all."""
        return sum(self.by_rank)

    def words(self) -> str:
        """`91 lines lost (1 DEBUG, 90 INFO)`; empty where none was."""
        counted = ", ".join(f"{count:,} {name}" for name, count in zip(RANKS, self.by_rank, strict=True) if count)
        return f"{count_of(self.lines)} lost ({counted})" if counted else ""


def count_of(lines: int) -> str:
    """`1 line`, `1,204 lines`."""
    return "1 line" if lines == 1 else f"{lines:,} lines"


class Backlog(Generic[_T]):
    """At most `most` items of `most_bytes` together, taken in the order they came; not thread-safe.

    Those of `KEPT_RANK` are always taken in, and then all others go before one of them is refused: none is.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.lost = Lost()
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: tuple[deque[tuple[int, int, _T]], ...] = tuple(deque() for _ in RANKS)
        self._number = self._items = self._bytes = 0

    def __len__(self) -> int:
        return self._items

    def add(self, item: _T, rank: int, size: int) -> None:
        """Let `item` of `size` bytes wait."""
        self._number += 1
        self._waiting[rank].append((self._number, size, item))
        self._items += 1
        self._bytes += size
        while self._items > self._most or self._bytes > self._most_bytes:
            if not self._give_one_up():
                return

    def take(self, most: int) -> list[_T]:
        """The oldest `most` of what waits."""
        taken: list[_T] = []
        while self._items and len(taken) < most:
            _, size, item = min((each for each in self._waiting if each), key=_first_number).popleft()
            self._items -= 1
            self._bytes -= size
            taken.append(item)
        return taken

    def _give_one_up(self) -> bool:
        for rank, waiting in enumerate(self._waiting[:KEPT_RANK]):
            if waiting:
                self._bytes -= waiting.popleft()[1]
                self._items -= 1
                self.lost.by_rank[rank] += 1
                return True
        return False


def _first_number(waiting: deque[tuple[int, int, _T]]) -> int:
    return waiting[0][0]
