"""What moves a screen and what is only time passing: every field of a snapshot is one or the other."""

import pytest
from msgspec.structs import replace

from engine import Snapshot
from engine.presentation.stillness import seconds, stands_still
from tests.support.screens.snapshots import AT_MS, NOW_NS, SECOND, SNAPSHOT, epoch, feed, lost, paper, position, waiting

QUIET = paper(feed=feed(), epochs=(epoch(),))
NEXT = replace(QUIET, number=QUIET.number + 1, taken_ns=QUIET.taken_ns + SECOND // 4)
ONLY_TIME = {
    "wall_ns": 1,
    "at_ms": AT_MS + 250,
    "beats": 10**6,
    "pulse": replace(QUIET.pulse, beat_ns=NOW_NS + 1),
    "process": replace(QUIET.process, rss_mb=99.0, cpu_share=0.5, descriptors=77),
    "epochs": (replace(QUIET.epochs[0], cpu_share=0.9),),
    "feed": replace(feed(), clock_ms=-3.25),
}
NEWS = {
    "ticks": QUIET.ticks + 1,
    "refused": {"nan": 1},
    "positions": (*QUIET.positions, position(1)),
    "entries": replace(QUIET.entries, locked="flat: test"),
    "flat": replace(QUIET.flat, state="FLAT"),
    "fault": "broken",
    "stopped": True,
    "outcomes": ("done",),
    "never": ("NIFTY",),
    "left_out": {"late": 1},
    "session": replace(QUIET.session, opens="Mon 09:15"),
    "edges": (),
    "pulse": replace(QUIET.pulse, came_ns=QUIET.pulse.came_ns + 1),
    "epochs": (),
    "process": replace(QUIET.process, gc_longest_ms=88.0),
    "feed": waiting(),
}


@pytest.mark.parametrize("name", ONLY_TIME)
def test_time_that_passes_is_no_news(name: str) -> None:
    assert stands_still(QUIET, replace(NEXT, **{name: ONLY_TIME[name]}))


@pytest.mark.parametrize("name", NEWS)
def test_whatever_else_moves_is(name: str) -> None:
    assert not stands_still(QUIET, replace(NEXT, **{name: NEWS[name]}))
    assert not stands_still(replace(QUIET, **{name: NEWS[name]}), NEXT)


def test_an_order_without_an_answer_and_a_feed_that_comes_are_news() -> None:
    assert not stands_still(QUIET, replace(NEXT, pulse=replace(QUIET.pulse, order_ns=NOW_NS)))
    assert not stands_still(replace(QUIET, feed=None), NEXT)
    assert stands_still(replace(QUIET, feed=None), replace(NEXT, feed=None))
    assert stands_still(SNAPSHOT, SNAPSHOT)


def test_no_field_that_may_be_added_is_overlooked() -> None:
    """A field that is not named as a clock is compared."""
    known = {"number", "taken_ns", *ONLY_TIME}
    for name in set(Snapshot.__struct_fields__) - known:
        assert not stands_still(QUIET, replace(NEXT, **{name: object()})), name


def test_the_seconds_that_are_shown_go_by_the_engines_clock_and_by_the_silence_a_banner_tells() -> None:
    held, down = replace(paper(feed=feed()), stale_s=3.0), lost()
    assert seconds(replace(held, at_ms=5_999), NOW_NS)[0] == 5
    assert seconds(replace(held, at_ms=6_000), NOW_NS)[0] == 6
    assert {seconds(down, NOW_NS + each * SECOND)[1] - seconds(down, NOW_NS)[1] for each in (1, 2, 60)} == {1, 2, 60}
    alone = replace(held, positions=())
    assert seconds(alone, NOW_NS + 100 * SECOND) == seconds(alone, NOW_NS + 200 * SECOND)
    assert seconds(held, NOW_NS + 200 * SECOND)[1] - seconds(held, NOW_NS + 100 * SECOND)[1] == 100
