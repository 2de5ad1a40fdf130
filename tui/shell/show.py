"""Shows a run or an engine elsewhere on the terminal: again after a crash, and what happens when the terminal is gone."""

import os
import select
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tui.terminal.capabilities import Terminal, detect

if TYPE_CHECKING:
    from engine import RemoteEngine, Run
    from tui.shell.app import MyQuant
    from tui.view.engine_client import EngineClient
    from tui.view.view_file import ViewFile

_RESTARTS = 2
_READ_WITHIN_MS = 500  # a terminal that takes nothing for so long is not waited for


class TerminalScreen:
    """The screen that the command is given."""

    def prepare(self) -> str:
        """Get ready to show a run, before the engine is loaded; why this terminal cannot show one, empty when it can."""
        from tui.shell.tuning import hasten

        refuses = _terminal().refuses
        if not refuses:
            hasten()
        return refuses

    def load(self) -> None:
        """Load what showing takes, before the engine is started."""
        from tui.shell.textual_version import leave_out_palette

        leave_out_palette()
        import_module("tui.shell.app")

    def show(self, run: "Run", pictures: Path) -> bool:
        """Show `run` until the operator leaves or the terminal is lost; False where the screen failed for good.

        A screen that crashes is put up again twice; after that the engine goes on without one until it is over.
        """
        from tui.view.engine_client import LocalEngine

        app = _put_up(LocalEngine(run), pictures)
        if app.lost:
            run.say(f"terminal lost ({app.lost}): the run ends in good order")
        if _has_crashed(app):
            print("myquant-tui: going on without a screen; Ctrl-C ends the run", file=sys.stderr)
            return False
        return True

    def attach(self, client: "RemoteEngine", folder: Path, pictures: Path) -> None:
        """Show the engine behind `client` until the operator leaves or the terminal is lost; the engine goes on.

        A screen that crashes is put up again twice. What was looked at is kept in the state directory `folder` for the
        next one. Where the terminal is lost nothing is said: nobody reads it. Raises LinkError when there is no engine.
        """
        from tui.shell.exit_message import lines
        from tui.view.attached import AttachedEngine
        from tui.view.view_file import ViewFile

        client.start()
        self.load()
        attached = AttachedEngine(client, folder)
        kept = ViewFile(folder, reads_only=attached.attachment.read_only)
        app = _put_up(attached, pictures, kept)
        if not _has_crashed(app):
            kept.keep_last(app.ui, attached.snapshot)
        last, attachment = attached.snapshot, attached.attachment
        attached.leave(detached=app.left)
        if app.left:
            _say(lines(last, attachment))
        elif _has_crashed(app):
            _say(["the screen failed for good", *lines(last, attachment)])


def _put_up(client: "EngineClient", pictures: Path, kept: "ViewFile | None" = None) -> "MyQuant":
    """Show the engine, again after a crash; the last of the screens. The third begins with a view of its own: what was kept may be why."""
    from tui.shell.app import MyQuant
    from tui.shell.tuning import tuned
    from tui.view.newcomer import Newcomer

    terminal, newcomer = _terminal(), Newcomer()
    for attempt in range(_RESTARTS + 1):
        shown = kept if attempt < _RESTARTS else None
        app = MyQuant(client, pictures, glyphs=terminal.glyphs, theme=terminal.theme, kept=shown, newcomer=newcomer)
        with nullcontext() if client.attachment.apart else tuned():
            app.run(mouse=False)
        if not _has_crashed(app):
            break
        print(f"myquant-tui: the screen failed ({attempt + 1} of {_RESTARTS + 1})", file=sys.stderr)
    return app


def _has_crashed(app: "MyQuant") -> bool:
    return not app.lost and bool(app.return_code)


def _say(lines: Sequence[str]) -> None:
    """Put `lines` on the terminal, if it takes them: nobody waits for one that does not."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    if any(event & select.POLLOUT for _, event in poll.poll(_READ_WITHIN_MS)):
        print(*lines, sep="\n", flush=True)


def _terminal() -> Terminal:
    return detect(os.environ, input_is_tty=sys.stdin.isatty(), output_is_tty=sys.stdout.isatty())
