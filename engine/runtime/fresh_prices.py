"""Whether the market is seen at this moment: the link is up and answers, and prices come or are silent by right. Reads only."""

from collections.abc import Callable
from typing import Final

from engine.model.ports import Feed
from engine.presentation import feeds
from engine.runtime.loop_stats import LoopStats

_HEARD_NS: Final = 15_000_000_000  # a link that gives no sign of life for longer may be dead


class FreshPrices:
    """Asked by the engine's thread; `grave` says whether a silence of all instruments means something."""

    def __init__(self, feed: Feed, stats: LoopStats, grave: Callable[[], bool]) -> None:
        self._feed = feed
        self._stats = stats
        self._grave = grave

    def __call__(self, now_ns: int) -> bool:
        """Judge at this moment (monotonic)."""
        view, stats = self._feed.view(), self._stats
        if view is not None and (view.state != "UP" or now_ns - feeds.heard_ns(view) > _HEARD_NS):
            return False
        if not stats.ticking:
            return not stats.never
        return stats.silent < stats.ticking or not self._grave()
