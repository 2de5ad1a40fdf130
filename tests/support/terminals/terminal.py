"""The real program in a real terminal: under tmux, where a person would look at it, and under a pty of our own."""

import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from threading import Event

import pytest

from engine.serving import place_of
from engine.serving.launch import answers
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S, until


def environment(home: Path, *, new: bool = False, **more: str) -> dict[str, str]:
    """An environment of its own below `home`, of somebody who has seen the screen before unless he is `new`."""
    if not new:
        seen = home / ".local" / "state" / "myquant-tui" / "screen-seen"
        seen.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen.touch()
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    here = {"HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    return keep | here | more


class Tmux:
    """One tmux server with one window in which the program runs."""

    def __init__(self, home: Path, width: int, height: int, *args: str, **env: str) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        self._socket = str(home / "tmux")
        inner = "".join(f"export {name}='{value}'; " for name, value in environment(home, **env).items())
        quoted = " ".join(f"'{arg}'" for arg in args)
        command = f"{inner} '{sys.executable}' -m tui {quoted}; echo status=$?; exec sleep 600"
        size = ("-x", str(width), "-y", str(height))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "sh", "-c", command)

    def _tmux(self, *args: str) -> str:
        done = subprocess.run(("tmux", "-S", self._socket, *args), capture_output=True, check=False, timeout=PATIENCE_S)
        return done.stdout.decode(errors="replace")

    def keys(self, *keys: str) -> None:
        """Type keys (tmux's names), each by itself."""
        for key in keys:
            self._tmux("send-keys", "-l", key) if len(key) == 1 else self._tmux("send-keys", key)
            Event().wait(0.06)

    def read_it(self) -> None:
        """Take the moment that a person takes to read a plan."""
        Event().wait(0.3)

    def paste(self, text: str) -> None:
        """Paste text, bracketed as a terminal does."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    def screen(self, *, colours: bool = False) -> str:
        """What is on the terminal; with `colours` behind escape sequences."""
        return self._tmux("capture-pane", "-p", *(("-e",) if colours else ()))

    def sees(self, *texts: str) -> None:
        """Wait until all `texts` are on the screen together."""

        def shows() -> bool:
            screen = self.screen()
            return all(text in screen for text in texts)

        until(shows, self.screen)

    def close(self) -> None:
        """End server and program."""
        self._tmux("kill-server")


@contextmanager
def engine(home: Path, folder: Path, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """An engine in a process and a session of its own, with its state in `folder`; ended afterwards."""
    command = (sys.executable, "-m", "engine", "engine", "--source", "mock", "--state-dir", str(folder), "--quiet")
    process = subprocess.Popen((*command, *args), env=environment(home), cwd=home, start_new_session=True)
    try:
        until(lambda: answers(place_of(folder)) or process.poll() is not None)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def status(home: Path, folder: Path) -> dict[str, object]:
    """What the command `status` tells of the engine in `folder`."""
    command = (sys.executable, "-m", "engine", "status", "--json", "--state-dir", str(folder))
    done = subprocess.run(command, env=environment(home), capture_output=True, check=False, timeout=PATIENCE_S)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@contextmanager
def tmux(home: Path, width: int, height: int, *args: str, **env: str) -> Iterator[Tmux]:
    """The program under tmux."""
    terminal = Tmux(home, width, height, *args, **env)
    try:
        yield terminal
    finally:
        terminal.close()


class Pty:
    """The program under a pty whose other end is ours: to be read, left unread, or closed."""

    def __init__(self, home: Path, *args: str, program: tuple[str, ...] = ("-m", "tui"), **env: str) -> None:
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.execve(sys.executable, (sys.executable, *program, *args), environment(home, **env))
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_until(self, wanted: bytes) -> bytes:
        """Read until `wanted` was written; fails after `PATIENCE_S`."""
        seen = b""
        give_up = time.monotonic() + PATIENCE_S
        while wanted not in seen:
            assert time.monotonic() < give_up, seen[-2000:]
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    seen += os.read(self.master, 65536)
                except OSError as error:  # the program has ended
                    raise AssertionError(seen[-2000:]) from error
        return seen

    def write(self, data: bytes) -> None:
        """Type bytes."""
        os.write(self.master, data)

    def close(self) -> None:
        """Hang up."""
        os.close(self.master)

    def status(self) -> int:
        """Wait for the end; the exit status, negative for a signal."""
        ended: list[int] = []

        def gone() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                ended.append(os.waitstatus_to_exitcode(status))
            return bool(pid)

        try:
            until(gone)
        except AssertionError:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        return ended[0]
