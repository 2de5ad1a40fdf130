"""Puts snapshots on the table, where screens pick them up at their own pace. Knows nothing of what is in them."""

import time
from collections.abc import Callable

from engine.model.snapshot import Snapshot

_UNSEEN_NS, _SEEN_NS = 500_000_000, 1_000_000_000  # between two snapshots nobody looks at; how long a look counts
# Between two of an engine that has nothing to show but the time: every second beat, or one a second where nobody looks.
_REST_NS, _UNSEEN_REST_NS = 190_000_000, 990_000_000


class Publisher:
    """The newest snapshot, made anew within the turn when `due_ns` (monotonic) has come: one attribute store."""

    __slots__ = ("_build", "_interval_ns", "_made_ns", "_newest", "_seen_until_ns", "due_ns")

    def __init__(self, build: Callable[[int], Snapshot | None], interval_ms: int) -> None:
        self.due_ns = self._made_ns = self._seen_until_ns = 0
        self._build = build
        self._interval_ns = interval_ms * 1_000_000
        self._newest: Snapshot | None = None

    def publish(self, now_ns: int) -> None:
        """Put a new snapshot on the table; the caller holds the turn, or nothing runs."""
        self.due_ns = now_ns + max(self._interval_ns, 0 if now_ns < self._seen_until_ns else _UNSEEN_NS)
        self._made_ns = now_ns
        self._newest = self._build(now_ns)

    def is_due(self, now_ns: int, came_ns: int) -> bool:
        """Whether a beat is to publish, where the newest tick came at `came_ns`."""
        if now_ns < self.due_ns:
            return False
        rest_ns = _REST_NS if now_ns < self._seen_until_ns else _UNSEEN_REST_NS
        return not self.due_ns or came_ns >= self._made_ns or now_ns - self._made_ns >= rest_ns

    @property
    def newest(self) -> Snapshot:
        """The newest snapshot for who is content with it: there are no more of them for that. Any thread."""
        assert self._newest is not None, "start the engine first"
        return self._newest

    def look(self) -> Snapshot:
        """Take the newest snapshot; for a second there is a new one every interval, the first at once. Any thread."""
        assert self._newest is not None, "start the engine first"
        before_ns, self._seen_until_ns = self._seen_until_ns, time.perf_counter_ns() + _SEEN_NS
        if self._seen_until_ns - before_ns > _SEEN_NS:
            self.due_ns = 0
        return self._newest
