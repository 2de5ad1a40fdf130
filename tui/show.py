"""Shows a run on the terminal: the screen itself, again after a crash, and what happens when the terminal is gone."""

import os
import sys
from pathlib import Path

from engine import Run
from tui.door import LocalDoor
from tui.terminal import Terminal, detect
from tui.tuning import tuned

_RESTARTS = 2


class TerminalScreen:
    """The screen that the command is given."""

    def refusal(self) -> str:
        """Why this terminal cannot show a screen; empty when it can."""
        return _terminal().refuses

    def show(self, run: Run, pictures: Path) -> None:
        """Start `run` and show it until the operator leaves or the terminal is lost.

        A screen that crashes is put up again twice; after that the engine goes on without one until it is over.
        """
        from tui.app import MyQuant

        terminal = _terminal()
        door = LocalDoor(run)
        door.start()
        for attempt in range(_RESTARTS + 1):
            app = MyQuant(door, pictures, glyphs=terminal.glyphs, theme=terminal.theme)
            with tuned():
                app.run(mouse=False)
            if app.lost:
                run.say(f"terminal lost ({app.lost}): the run ends in good order")
            if app.lost or not app.return_code:
                return
            print(f"myquant-tui: the screen failed ({attempt + 1} of {_RESTARTS + 1})", file=sys.stderr)
        print("myquant-tui: going on without a screen; Ctrl-C ends the run", file=sys.stderr)
        run.engine.wait()


def _terminal() -> Terminal:
    return detect(os.environ, input_is_tty=sys.stdin.isatty(), output_is_tty=sys.stdout.isatty())
