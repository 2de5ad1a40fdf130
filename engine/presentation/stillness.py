"""Whether anything but the clocks has moved from one snapshot to the next, and which seconds a screen shows. Pure.

Where nothing moved there is nothing to draw but seconds, and no hurry to ask again.
"""

from msgspec.structs import replace

from engine.model.snapshot import Snapshot
from engine.presentation import feeds

_SECOND_NS = 1_000_000_000
# They move in every snapshot of an engine that does nothing. Figures of an epoch are those of its ticks and its delivery.
_CLOCKS = {"number", "taken_ns", "wall_ns", "at_ms", "beats", "pulse", "process", "epochs", "feed"}
_COMPARED = tuple(name for name in Snapshot.__struct_fields__ if name not in _CLOCKS)


def stands_still(before: Snapshot, seen: Snapshot) -> bool:
    """Whether `seen` shows nothing that `before` does not, but for the clocks and the process's own figures."""
    if before.number == seen.number and before.taken_ns == seen.taken_ns:
        return True
    if before.pulse.came_ns != seen.pulse.came_ns or before.pulse.order_ns != seen.pulse.order_ns:
        return False
    if len(before.epochs) != len(seen.epochs) or before.process.gc_longest_ms != seen.process.gc_longest_ms:
        return False
    return all(getattr(before, name) == getattr(seen, name) for name in _COMPARED) and _feed_stands(before, seen)


def _feed_stands(before: Snapshot, seen: Snapshot) -> bool:
    """Whether the feed stands as it did; how far the clocks are apart is measured, and never twice the same."""
    if before.feed is None or seen.feed is None:
        return before.feed is seen.feed
    return before.feed == replace(seen.feed, clock_ms=before.feed.clock_ms)


def seconds(seen: Snapshot, now_ns: int) -> tuple[int, int]:
    """The whole seconds to be seen at `now_ns` (monotonic): of the engine's clock, and of a silence or a wait that is told."""
    if seen.replay is not None and seen.replay.due_ns:
        return seen.at_ms // 1000, (seen.replay.due_ns - now_ns) // _SECOND_NS
    down = feeds.lost(seen)
    if down is not None:
        return seen.at_ms // 1000, feeds.passed_s(down, now_ns)
    unpriced = feeds.unpriced(seen, now_ns)
    return seen.at_ms // 1000, (now_ns - unpriced.recv_ns) // _SECOND_NS if unpriced is not None else 0
