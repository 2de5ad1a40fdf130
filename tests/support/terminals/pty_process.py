"""A child process in a real pty, with a pipe through which it reports."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable

from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S


class PtyChild:
    """Runs `tests/support/terminals/driver_process.py`; reads its screen only when told to."""

    def __init__(self, *arguments: str, width: int = 80, height: int = 24) -> None:
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(width, height)
        self.before = termios.tcgetattr(slave)
        self.report, report_in = os.pipe()

        def prepare() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.dup2(report_in, 3)

        environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            environ.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/support/terminals/driver_process.py"), *arguments],
            stdin=slave, stdout=slave, stderr=slave, env=environ, preexec_fn=prepare,  # noqa: PLW1509 - a test has no threads
            close_fds=False,
        )  # fmt: skip
        os.close(report_in)
        self.screen = b""
        self.reported: list[str] = []
        self._rest = b""

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def until(self, wanted: Callable[[str], bool], *, read_screen: bool = True) -> str:
        """The next reported line for which `wanted` is true."""
        return self._wait(lambda: next((line for line in self._fresh() if wanted(line)), None), read_screen=read_screen)

    def until_screen(self, wanted: Callable[[bytes], bool]) -> None:
        self._wait(lambda: wanted(self.screen) or None)

    def wait_end(self, *, read_screen: bool = True) -> int:
        self._wait(self.process.poll, read_screen=read_screen)
        self._pump(0.05, read_screen)
        return self.process.returncode

    def _wait(self, ask, *, read_screen: bool = True):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = ask()
            if answer is not None:
                return answer
            self._pump(0.02, read_screen)
        raise AssertionError(f"nothing in {PATIENCE_S} s; reported {self.reported[-5:]}, screen {self.screen[-300:]!r}")

    def _fresh(self):
        while self.reported:
            yield self.reported.pop(0)

    def _pump(self, timeout_s: float, read_screen: bool) -> None:
        fds = [self.report, *([self.master] if read_screen and self.master >= 0 else [])]
        for fd in select.select(fds, [], [], timeout_s)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if fd == self.master:
                self.screen += data
            else:
                *lines, self._rest = (self._rest + data).split(b"\n")
                self.reported += [line.decode() for line in lines]

    def hang_up(self) -> None:
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave, self.report):
            if fd >= 0:
                os.close(fd)
