"""What is to happen later, in order of time. Knows no clock."""

from collections.abc import Callable
from heapq import heappop, heappush

Action = Callable[[int], object]
NEVER = 1 << 62


class DueActions:
    """Actions by the ms at which they are due; those of one ms in the order they came.

    `pending` is how many there are of those that belong to an order or an answer (`lasting` ones do not).
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, bool, Action]] = []
        self._number = 0
        self.next_ms = NEVER  # when the next one is due
        self.pending = 0

    def at(self, due_ms: int, action: Action, *, lasting: bool = False) -> None:
        """Have `action` called with `due_ms` when it is time."""
        self._number += 1
        self.pending += not lasting
        heappush(self._heap, (due_ms, self._number, lasting, action))
        self.next_ms = self._heap[0][0]

    def run_next(self) -> None:
        """Do the next one."""
        due_ms, _, lasting, action = heappop(self._heap)
        self.next_ms = self._heap[0][0] if self._heap else NEVER
        self.pending -= not lasting
        action(due_ms)
