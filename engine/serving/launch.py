"""Starts an engine in a session of its own, so that no terminal can take it along, and waits until it answers."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import EXIT_BAD_INPUT, UserError
from engine.link import Call, LinkError
from engine.serving.places import SOCKET_FILE
from engine.text import clean

_STARTS_WITHIN_S = 15.0
_LOOK_S = 0.02
_OUTPUT = "engine.out"  # what the engine's process says before its log is open, and a crash of the interpreter


class LaunchError(UserError):
    """The engine did not come up; the lines are its own."""

    def __init__(self, *lines: str, exit_status: int) -> None:
        super().__init__(*lines)
        self.exit_status = exit_status


def launch(arguments: Sequence[str], folder: Path) -> int:
    """Start `engine` with `arguments`, detached; its pid, once it answers at the socket in `folder`.

    Raises LaunchError with what it said on its standard error.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _OUTPUT, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(  # noqa: S603 - this very program, and words of its own command line
            [sys.executable, "-m", "engine", "engine", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        until_s = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until_s:
            if process.poll() is not None:
                raise _failed(process.returncode, output.read())
            if _answers(folder, process.pid):
                process.returncode = 0  # it is not ours to wait for: nobody need be warned that it is still running
                return process.pid
            time.sleep(_LOOK_S)
        process.kill()
        process.wait()
        raise _failed(EXIT_BAD_INPUT, output.read() or f"it did not answer within {_STARTS_WITHIN_S:.0f} s")


def _answers(folder: Path, pid: int) -> bool:
    """Whether the engine of process `pid` answers."""
    socket = folder / SOCKET_FILE
    try:
        if not socket.exists():
            return False
        with Call(socket, "launch", 0.5) as call:
            return call.pid == pid
    except LinkError:
        return False


def _failed(status: int, said: str) -> LaunchError:
    lines = [clean(line.removeprefix("myquant-tui: "), 300) for line in said.splitlines() if line.strip()]
    allowed = status if 0 < status < 128 else EXIT_BAD_INPUT
    return LaunchError(*(lines[-5:] or ["the engine's process ended without a word"]), exit_status=allowed)
