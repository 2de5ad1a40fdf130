"""Idle is idle: how often a real engine, and a real screen over it, wake up while nothing happens. Counted by the kernel, not timed."""

import pytest

from tests.bench.idle import case

_ROOM = (
    3.0  # a machine that is busy with other things wakes threads more often than they ask for; who polls is far beyond
)
_SECONDS = 4.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "screen", "most"),
    [
        (0, False, 25),  # ten beats, four looks of the watchdog, and what looks once or twice a second
        (100, False, 100 + 25),  # a tick wakes one thread once
        (0, True, 16),  # a frame a second, four looks whether there is one to draw, two at the engine
    ],
)
def test_an_engine_and_a_screen_wake_up_no_oftener_than_they_must(
    tmp_path, record_property, rate: int, screen: bool, most: int
) -> None:
    figures = case(tmp_path, rate, _SECONDS, screen=screen)
    record_property("wakeups_per_s", figures["wakeups_per_s"])
    assert figures["wakeups_per_s"] <= most * _ROOM, figures
