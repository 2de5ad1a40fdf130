"""Idle is idle: how often a real engine, and a real screen over it, wake up while nothing happens. Counted by the kernel, not timed."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.bench.idle import case

pytestmark = pytest.mark.slow

# A machine that is busy with other things wakes threads more often than they ask for; who polls is far beyond.
ROOM = 3.0
SECONDS = 4.0
# Ticks a second, whether there is a screen, and how often a second they wake up where they have a machine of their own.
CASES = (
    (0, False, 25),  # ten beats, four looks of the watchdog, and what looks once or twice a second
    (100, False, 100 + 25),  # a tick wakes one thread once
    (0, True, 16),  # a frame a second, four looks whether there is one to draw, two at the engine
)
Figures = dict[str, object]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list["Future[Figures]"]]:
    """What is measured of each case, all at once."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        yield [
            pool.submit(case, tmp_path_factory.mktemp("idle"), rate, SECONDS, screen=screen)
            for rate, screen, _ in CASES
        ]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_an_engine_and_a_screen_wake_up_no_oftener_than_they_must(
    figures: list["Future[Figures]"], number: int, record_property
) -> None:  # type: ignore[no-untyped-def]
    found, most = figures[number].result(), CASES[number][2]
    record_property("wakeups_per_s", found["wakeups_per_s"])
    assert found["wakeups_per_s"] <= most * ROOM, found
