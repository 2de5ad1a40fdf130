"""A screen of 80×24 on a terminal of its own, attached to the engine that `bench --delivery` measures; started as a person would."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

from engine.bench.children import BenchError, end
from engine.link import LinkError, Oneshot
from engine.model.errors import InputError
from engine.runtime.process_stats import rss_mb
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


class AttachedScreen:
    """Within: a screen looks at the engine of the state directory `folder`; what it draws is read and thrown away."""

    def __init__(self, folder: Path, errors: Path) -> None:
        self._folder = folder
        self._near, far = os.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        with ExitStack() as on_failure:
            on_failure.callback(os.close, self._near)
            try:
                with (errors / "screen.err").open("wb") as said:
                    self._process = subprocess.Popen(  # noqa: S603 - this very program
                        [sys.executable, "-m", _PROGRAM, "attach", "--state-dir", str(folder)],
                        stdin=far,
                        stdout=far,
                        stderr=said,
                        env={**environ, "TERM": "xterm-256color"},
                        start_new_session=True,
                    )
            finally:
                os.close(far)
            on_failure.pop_all()
        # The terminal: reads all that is drawn, ends when the screen has.
        self._reader = Thread(target=self._read, name="terminal", daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        with ExitStack() as on_failure:
            on_failure.callback(self._end)
            self._await()
            on_failure.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def rss_mb(self) -> float:
        """Its resident memory in MB of 10⁶ bytes; 0 where the system does not tell."""
        return rss_mb(self._process.pid)

    def _await(self) -> None:
        """Wait until the engine sees it; raises BenchError."""
        until_s = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until_s and self._process.poll() is None:
            try:
                with Oneshot(place_of(self._folder).socket, "bench") as call:
                    seen = call.picture().watched_by
            except LinkError as error:
                raise BenchError(f"bench: {error}") from None
            if seen:
                time.sleep(_SETTLES_S)
                return
            time.sleep(_LOOK_S)
        raise BenchError("bench: the screen did not come up")

    def _read(self) -> None:
        while True:
            try:
                if not select.select([self._near], [], [], 0.5)[0] and self._process.returncode is not None:
                    return
                if not os.read(self._near, 65_536):
                    return
            except OSError:  # nobody has the other end any more
                return

    def _end(self) -> None:
        process = self._process
        process.send_signal(signal.SIGTERM)
        try:
            end(process, _END_S)
        finally:
            self._reader.join(_END_S)
            os.close(self._near)
