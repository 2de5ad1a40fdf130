"""A screen of 80×24 on a terminal of its own, attached to the engine that `bench --delivery` measures; started as a person would."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Final

from engine.bench.children import BenchError, end
from engine.link import LinkError, Oneshot
from engine.model.errors import InputError
from engine.serving import place_of

_STARTS_WITHIN_S: Final = 20.0
_SETTLES_S: Final = 1.5  # what comes with the first frames is not what is measured
_LOOK_S: Final = 0.05
_END_S: Final = 5.0
_PROGRAM: Final = "tui"  # named, not imported: the engine does not know the screen
_COLUMNS, _ROWS = 80, 24


def check_screen() -> None:
    """Raises InputError where no screen can be started."""
    if find_spec(_PROGRAM) is None:
        raise InputError("--screen: the screen is not installed here")


@contextmanager
def attached_screen(folder: Path, errors: Path) -> Iterator[int]:
    """Within: a screen looks at the engine of the state directory `folder`; what it draws is read and thrown away. Its process."""
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with ExitStack() as ending:
        near, far = os.openpty()
        ending.callback(os.close, near)
        try:
            fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
            with (errors / "screen.err").open("wb") as said:
                process = subprocess.Popen(  # noqa: S603 - this very program
                    [sys.executable, "-m", _PROGRAM, "attach", "--state-dir", str(folder)],
                    stdin=far,
                    stdout=far,
                    stderr=said,
                    env={**environ, "TERM": "xterm-256color"},
                    start_new_session=True,
                )
        finally:
            os.close(far)
        # The terminal: reads all that is drawn, ends when the screen has.
        reader = Thread(target=_read, args=(near, process), name="terminal", daemon=True)
        reader.start()
        ending.callback(reader.join, _END_S)
        ending.callback(end, process, _END_S)
        ending.callback(process.terminate)
        _await(process, folder)
        yield process.pid


def _await(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the engine sees the screen; raises BenchError."""
    until_s = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            with Oneshot(place_of(folder).socket, "bench") as call:
                seen = call.picture().watched_by
        except LinkError as error:
            raise BenchError(f"bench: {error}") from None
        if seen:
            time.sleep(_SETTLES_S)
            return
        time.sleep(_LOOK_S)
    raise BenchError("bench: the screen did not come up")


def _read(near: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            if not select.select([near], [], [], 0.5)[0] and process.returncode is not None:
                return
            if not os.read(near, 65_536):
                return
        except OSError:  # nobody has the other end any more
            return
