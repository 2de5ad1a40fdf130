"""Waits for what another thread or process brings about."""

import time
from collections.abc import Callable
from threading import Event

from engine.runtime import Engine

PATIENCE_S = 90.0  # for what is over in a moment: a machine that has other work may be many times slower
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.02


def until(condition: Callable[[], object], what: Callable[[], object] = str) -> None:
    """Wait until `condition` holds; fails after `PATIENCE_S`, saying what there is instead."""
    pause, pause_s = Event(), _FIRST_PAUSE_S
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"it never came: {what()}"
        pause.wait(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def until_turn(engine: Engine, condition: Callable[[], object], what: Callable[[], object] = str) -> None:
    """Wait until `condition` holds between two turns: a tick is counted before it is decided."""

    def holds() -> object:
        with engine.turn.lock:
            return condition()

    until(holds, what)
