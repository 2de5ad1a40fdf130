"""What a live feed counts of what came, over all its links. Knows no socket and no clock."""

from collections import deque

_MOST_BAD, _WITHIN_NS = 20, 10_000_000_000
# Packets that nobody asked for say nothing about the line: they are counted and drop no link.
_HARMLESS = frozenset({"unknown_token"})


class StreamCounters:
    """Frames, books, bad packets by reason; signs of life and their round trip. Written by the feed's thread alone."""

    def __init__(self) -> None:
        self.frames = 0
        self.books = 0
        self.bad: dict[str, int] = {}
        self.pong_ns = 0  # when the newest answer to our ping came; 0 = never
        self.rtt_ms = 0.0
        self._recent_ns: deque[int] = deque(maxlen=_MOST_BAD + 1)

    def link_up(self) -> None:
        """Begin with a new link: the old one's bad packets do not count against it."""
        self._recent_ns.clear()

    def count_bad(self, reason: str, now_ns: int) -> bool:
        """Count a bad packet; whether there were too many in a short while."""
        self.bad[reason] = self.bad.get(reason, 0) + 1
        if reason in _HARMLESS:
            return False
        recent = self._recent_ns
        recent.append(now_ns)
        return len(recent) > _MOST_BAD and now_ns - recent[0] <= _WITHIN_NS

    def pong(self, asked_ns: int, now_ns: int) -> None:
        """An answer to the ping sent at `asked_ns` (0: to none) came."""
        self.pong_ns = now_ns
        if asked_ns:
            self.rtt_ms = (now_ns - asked_ns) / 1e6
