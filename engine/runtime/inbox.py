"""The bounded queue between a feed's thread and the engine's. One feed puts, whoever holds the turn takes."""

from collections import deque
from collections.abc import Callable
from threading import Event

from engine.model.types import FLAG_NEW_LINK, FLAG_UNCHAINED, Tick
from engine.trading.reach import Places


class Inbox:
    """Ticks waiting for the turn.

    Full on a live feed: only the newest tick of each instrument is kept and the rest counted in `merged`. Full on a
    lossless feed (a replay): the feed waits. `append`, `pop` and `popleft` of a deque are atomic, and only the one feed
    thread ever appends or merges, so neither side needs a lock: the taker takes the oldest while a merge takes the
    newest, hence what is put back is always newer than what was taken meanwhile.

    `waiting` is the deque itself, the same for good: the feed may append while it is shorter than `capacity`, whoever
    holds the turn may look into it and take from its left. Once a tick, that is cheaper than a call of ours.
    """

    __slots__ = ("_closed", "_space", "_wake", "capacity", "merged", "merged_places", "waiting")

    def __init__(self, capacity: int, wake: Callable[[], None] = lambda: None) -> None:
        """Room for `capacity` ticks; `wake` tells the taker that a lossless feed waits."""
        self.capacity = capacity
        self._wake = wake
        self.waiting: deque[Tick] = deque()
        self._space = Event()
        self._closed = False
        self.merged = 0
        self.merged_places = Places()

    def __len__(self) -> int:
        return len(self.waiting)

    def put_lossless(self, tick: Tick) -> None:
        """Add a tick, waiting for room as long as it takes (or until `close`)."""
        if len(self.waiting) >= self.capacity:
            self._wait_for_space()
        self.waiting.append(tick)

    def _wait_for_space(self) -> None:
        while len(self.waiting) >= self.capacity and not self._closed:
            self._space.clear()
            self._wake()
            # The taker may have made room between the two looks: then it saw no waiter and set nothing.
            if len(self.waiting) >= self.capacity:
                self._space.wait(0.1)

    def put_newest(self, tick: Tick) -> None:
        """Add a tick; when there is no room, merge what waits per instrument."""
        if len(self.waiting) >= self.capacity:
            self._merge()
        self.waiting.append(tick)

    def _merge(self) -> None:
        newest: dict[int, Tick] = {}
        dropped: list[Tick] = []
        count = 0
        while (waiting := self._take_newest()) is not None:
            count += 1
            kept = newest.setdefault(waiting.instrument, waiting)
            if kept is not waiting:  # the exchange's numbers between them are not lost, and no news of the link either
                kept.flags |= waiting.flags & FLAG_NEW_LINK | FLAG_UNCHAINED
                dropped.append(waiting)
        # Counted before the taker can see the holes: whoever compares the two finds at most a merge too many.
        self.merged += count - len(newest)
        self.waiting.extend(reversed(newest.values()))
        for tick in reversed(dropped):
            self.merged_places.note(tick)

    def _take_newest(self) -> Tick | None:
        try:
            return self.waiting.pop()
        except IndexError:
            return None

    def take(self) -> Tick | None:
        """The oldest waiting tick, or None."""
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def room_made(self) -> None:
        """Let a waiting feed go on; called after a drain."""
        if not self._space.is_set():
            self._space.set()

    def clear(self) -> None:
        """Throw away what waits (a replay that is moved elsewhere)."""
        self.waiting.clear()
        self.room_made()

    def close(self) -> None:
        """Never make a feed wait again."""
        self._closed = True
        self._space.set()
