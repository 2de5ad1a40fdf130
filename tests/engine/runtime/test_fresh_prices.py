"""Whether a market is seen: by its link, and by the silence of its instruments."""

import pytest
from msgspec.structs import replace

from engine.runtime.fresh_prices import FreshPrices
from engine.runtime.loop_stats import LoopStats
from engine.text.sanitize import CleanText
from tests.support.screens.snapshots import NOW_NS, SECOND, feed


class Link:
    """A feed whose link stands as a test says."""

    def __init__(self, view: object) -> None:
        self.view = lambda: view


UP = feed(state="UP", frame_ns=NOW_NS - SECOND, pong_ns=0)


@pytest.mark.parametrize(
    ("view", "stats", "grave", "expected"),
    [
        (UP, {"ticking": 2}, True, True),
        (UP, {"ticking": 2, "silent": 1}, True, True),  # one of several is quiet
        (UP, {"ticking": 2, "silent": 2}, False, True),  # a market without ticks, by right
        (UP, {"ticking": 2, "silent": 2}, True, False),
        (UP, {}, True, True),  # the first ticks are yet to come
        (UP, {"never": (CleanText("A"),)}, False, False),  # and they never came
        (replace(UP, state="WAITING"), {"ticking": 2}, False, False),
        (replace(UP, state="CLOSED"), {"ticking": 2}, False, False),
        (replace(UP, frame_ns=NOW_NS - 16 * SECOND), {"ticking": 2}, False, False),  # half dead
        (replace(UP, frame_ns=NOW_NS - 16 * SECOND, pong_ns=NOW_NS - SECOND), {"ticking": 2}, False, True),
        (None, {"ticking": 1}, False, True),  # generated: there is no link
        (None, {"ticking": 1, "silent": 1}, True, False),
    ],
)
def test_a_market_is_seen_by_its_link_and_its_prices(
    view: object, stats: dict[str, object], grave: bool, expected: bool
) -> None:
    found = LoopStats()
    for name, value in stats.items():
        setattr(found, name, value)
    assert FreshPrices(Link(view), found, lambda: grave)(NOW_NS) is expected  # type: ignore[arg-type]
