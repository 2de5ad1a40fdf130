"""Conditions over time: each stands when it should and not otherwise, within its window, and a restart of the engine is none of them."""

import pytest
from msgspec.structs import replace

from engine import FeedView
from engine.gateway.alerts.rules import RuleWatch, Seen
from engine.model.latency import Histogram
from engine.model.measures import Measures, StageCounts
from engine.presentation.lamps import Lamp
from tests.support.screens.lamp_snapshots import live
from tests.support.screens.snapshots import SECOND, feed

WELL = Seen(live(positions=()), 0.2, answers=True)


def feed_of(link: int = 1, clock_ms: float = 1.0) -> FeedView:
    return feed(link=link, clock_ms=clock_ms)


def keys(*looks: Seen, step_s: float = 1.0) -> set[str]:
    """What stands at the last of these looks."""
    watch = RuleWatch()
    found: set[str] = set()
    for number, look in enumerate(looks):
        found = {each.key for each in watch.look(look, int(number * step_s * SECOND))}
    return found


def seen(**changes: object) -> Seen:
    return replace(WELL, snapshot=live(**({"positions": ()} | changes)))


def timed(late: int, quick: int, delivery: str = "callback") -> Measures:
    took = Histogram()
    for ns in [9_000_000] * late + [90_000] * quick:
        took.record(ns)
    return Measures((StageCounts.of("total", delivery, took),))


def test_an_engine_that_is_well_is_no_news() -> None:
    assert keys(*[WELL] * 5) == set()


@pytest.mark.parametrize(
    ("look", "key"),
    [
        (replace(WELL, answers=False, reason="nobody listens"), "engine"),
        (replace(WELL, age_s=6.0), "engine"),
        (seen(inbox_waiting=801), "inbox"),
        (replace(WELL, lamps=(Lamp("DATA", "STALE"),)), "data"),
        (seen(feed=feed_of(clock_ms=2_500.0)), "clock"),
    ],
)
def test_what_one_look_tells(look: Seen, key: str) -> None:
    assert keys(look) == {key}


@pytest.mark.parametrize(
    "look",
    [
        replace(WELL, age_s=4.0),
        replace(WELL, answers=False, snapshot=live(stopped=True)),
        replace(WELL, answers=False, snapshot=live(trade_mode="replay")),
        seen(inbox_waiting=800),
        replace(WELL, lamps=(Lamp("DATA", "LATE"),)),
        seen(feed=feed_of(clock_ms=1_900.0)),
    ],
)
def test_what_one_look_is_not_enough_for(look: Seen) -> None:
    assert keys(look) == set()


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (seen(feed=feed_of(1)), seen(feed=feed_of(5)), "feed_flapping"),
        (seen(merged=3), seen(merged=4), "ticks_merged"),
        (seen(faults=0), seen(faults=1), "faults"),
        (seen(ticks=0, refused={"nan": 0}), seen(ticks=1_000, refused={"nan": 11}), "refused"),
        (replace(WELL, measures=timed(0, 10)), replace(WELL, measures=timed(3, 200)), "latency"),
    ],
)
def test_what_rises_stands_for_its_window_and_is_over_then(before: Seen, after: Seen, key: str) -> None:
    assert keys(before, after) == {key}
    assert keys(before, *[after] * 3, step_s=100) == {key}
    assert keys(before, *[after] * 9, step_s=100) == set()
    assert keys(after, after) == set()  # what was before anybody looked is no rise
    assert keys(after, before) == set()  # an engine that began anew


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (seen(feed=feed_of(1)), seen(feed=feed_of(4))),
        (seen(ticks=0, refused={"nan": 0}), seen(ticks=1_000, refused={"nan": 10})),
        (seen(ticks=0, refused={"nan": 0}), seen(ticks=50, refused={"nan": 50})),
        (replace(WELL, measures=timed(0, 10)), replace(WELL, measures=timed(1, 200))),
        (replace(WELL, measures=timed(0, 10, "polling")), replace(WELL, measures=timed(100, 200, "polling"))),
    ],
)
def test_what_does_not_rise_far_enough(before: Seen, after: Seen) -> None:
    assert keys(before, after) == set()


def test_counters_of_another_engine_are_where_counting_begins() -> None:
    first = replace(seen(ticks=10, merged=0), run=1, measures=timed(0, 10))
    another = replace(seen(ticks=9_000, merged=70), run=2, measures=timed(500, 500))
    assert keys(first, another, another) == set()
    assert keys(first, another, replace(another, snapshot=live(positions=(), ticks=9_000, merged=71))) == {
        "ticks_merged"
    }


def test_counters_that_come_later_than_the_first_snapshot_are_no_news() -> None:
    assert keys(WELL, replace(WELL, measures=timed(500, 500))) == set()
