"""Facts on their way to the journal's thread: counted and put without a lock, and there brought back into the order of their numbers.

Nobody who hands over ever waits for the disk, not even a signal handler that interrupts a writer between its number and its put.
"""

from collections.abc import Callable
from itertools import count
from queue import Empty, SimpleQueue

from engine.journal.rows import Entry, Waiting

BATCH = 1_000  # events in one transaction
_HANDED_OVER_TIMEOUT_S = 1.0


class Handover:
    """From any number of writers to one thread, which alone calls `take`; `newest` is the last number that was given."""

    def __init__(self, last: int, wall_ns: Callable[[], int]) -> None:
        self.newest = last
        self._wall_ns = wall_ns
        self._numbers = count(last + 1)
        self._inbox: SimpleQueue[Waiting | None] = SimpleQueue()
        self._early: dict[int, Waiting] = {}
        self._sorted = last  # the newest that is in order

    def numbered(self, entry: Entry) -> Waiting:
        """The fact with its number and its time; it must be `put`, or nothing behind it is ever taken."""
        number = self.newest = next(self._numbers)
        return Waiting(number, self._wall_ns(), entry)

    def put(self, item: Waiting) -> None:
        """Hand it over."""
        self._inbox.put(item)

    def end(self) -> None:
        """Nothing comes any more but what has a number already."""
        self._inbox.put(None)

    @property
    def early(self) -> int:
        """How many were taken and wait for one with a lower number."""
        return len(self._early)

    def take(self, backlog: list[Waiting], wait_s: float | None) -> bool:
        """Wait for something (None: however long), and put all that has come behind `backlog`, in order; False when that was the end."""
        going_on = True
        try:
            item = self._inbox.get(timeout=wait_s)
            while True:
                if item is None:
                    going_on = False
                else:
                    self._early[item.number] = item
                    self._sort(backlog)
                if len(backlog) >= BATCH and going_on:
                    break
                # At the end a writer may still stand between its number and its put.
                item = self._inbox.get(not going_on and bool(self._early), _HANDED_OVER_TIMEOUT_S)
        except Empty:
            return going_on
        return going_on

    def _sort(self, backlog: list[Waiting]) -> None:
        while (item := self._early.pop(self._sorted + 1, None)) is not None:
            backlog.append(item)
            self._sorted += 1
