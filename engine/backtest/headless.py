"""Works a run off without a screen: to the end of its source, or until it is asked to end in good order."""

from threading import Event

from engine.assembly import Run
from engine.model.commands import Stop

_LOOK_S = 0.2


def run_to_end(run: Run, ending: Event) -> None:
    """Start the engine of `run`, wait for its end, stop it; `ending` asks for the end."""
    run.engine.start()
    wait_for_end(run, ending)
    run.engine.stop()


def wait_for_end(run: Run, ending: Event) -> None:
    """Wait until a run that was started is over, or `ending` asks for its end."""
    asked = False
    while not run.engine.wait(_LOOK_S):
        if ending.is_set() and not asked:
            asked = True
            run.engine.send(Stop())
