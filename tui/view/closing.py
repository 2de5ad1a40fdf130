"""Whether the closing card is to come by itself: once for each day, and each end of a replay. Knows no card."""

from engine import Snapshot


def identity(seen: Snapshot) -> str:
    """Which day, or end of a replay, is over; "" where none is."""
    over = seen.closing
    if over is None:
        return ""
    return f"replay {over.statistics.date} {seen.rewinds}" if over.whole else over.statistics.date or "a day"
