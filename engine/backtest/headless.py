"""Works a run off without a screen: to the end of its source, or until a signal ends it in good order, a second one at once."""

import os
import signal
from types import FrameType

from engine.assembly import Run
from engine.model.commands import Stop

_LOOK_S = 0.2


def run_to_end(run: Run) -> None:
    """Start the engine of `run`, wait for its end, stop it; for the main thread, since it takes SIGINT, SIGTERM and SIGHUP."""
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        run.engine.send(Stop())

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        run.engine.start()
        # Not one long wait: a signal that the kernel hands to another thread is seen only when this one wakes.
        while not run.engine.wait(_LOOK_S):
            continue
        run.engine.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
