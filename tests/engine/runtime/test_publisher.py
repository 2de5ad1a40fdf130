"""How often a snapshot is made: by who looks, and by whether there is anything new to show."""

import time

from engine.runtime.publisher import Publisher
from tests.support.screens.snapshots import SNAPSHOT

_MS = 1_000_000
_SECOND_NS = 1_000 * _MS


def published(*, seen: bool, ticks: bool) -> int:
    """How many snapshots ten beats a second make in five seconds that begin now."""
    made: list[int] = []

    def build(now_ns: int) -> object:
        made.append(now_ns)
        return SNAPSHOT

    publisher = Publisher(build, 50)
    begun_ns = time.perf_counter_ns()
    publisher.publish(begun_ns)
    if seen:
        publisher.look()
    for beat in range(1, 51):
        now_ns = begun_ns + beat * 100 * _MS
        if seen:
            publisher._seen_until_ns = now_ns + _SECOND_NS  # as a look at this moment would leave it
        if publisher.is_due(now_ns, now_ns - 10 * _MS if ticks else begun_ns - 1):
            publisher.publish(now_ns)
    return len(made) - 1


def test_nobody_looks_twice_a_second_somebody_looks_each_beat_and_at_rest_it_is_less() -> None:
    assert published(seen=False, ticks=False) == 5
    assert published(seen=False, ticks=True) == 10
    assert 24 <= published(seen=True, ticks=False) <= 25
    assert 49 <= published(seen=True, ticks=True) <= 50


def test_what_is_to_be_seen_at_once_is_published_at_the_next_beat() -> None:
    publisher = Publisher(lambda _: SNAPSHOT, 50)
    publisher.publish(_SECOND_NS)
    assert not publisher.is_due(_SECOND_NS + _MS, 0)
    publisher.due_ns = 0
    assert publisher.is_due(_SECOND_NS + _MS, 0)


def test_the_first_look_after_a_while_has_a_new_one_made_at_once() -> None:
    publisher = Publisher(lambda _: SNAPSHOT, 50)
    now_ns = time.perf_counter_ns()
    publisher.publish(now_ns)
    publisher.look()
    assert publisher.is_due(now_ns + _MS, 0)
