"""Starts an engine in a session of its own, so that no terminal can take it along, and waits until it answers."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from engine.link import LinkError, Oneshot
from engine.model.errors import EXIT_BUSY, EXIT_FAULT, InputError, StateBusyError, UserError
from engine.outside.files import open_appended
from engine.serving.state_dirs import EngineDir, place_of

if TYPE_CHECKING:
    import subprocess

# A first start may have to fetch the exchange's list of instruments; one that needs nothing answers within a second.
_STARTS_WITHIN_S = 90.0
_ANSWERS_WITHIN_S = 5.0  # of an engine that holds its directory already
_LOOK_S = 0.02
_ANSWER_S = 0.5
_OUTPUT = "engine.out"  # what the engine's process says before its log is open, and a crash of the interpreter
_OUTPUT_LIMIT_BYTES = 1 << 20
_MOST_LINES = 50


class LaunchError(UserError):
    """The engine did not come up; the lines are its own, and so is the exit status."""

    def __init__(self, *lines: str, exit_status: int) -> None:
        super().__init__(*lines)
        self.exit_status = exit_status


def program() -> list[str]:
    """Return the words that start this very program, whatever lies in the directory it is started from."""
    return [sys.executable, "-P", "-m", "engine"]


def launch(arguments: Sequence[str], folder: Path) -> EngineDir:
    """Start `engine` with `arguments`, detached, and return its place, once it answers at the socket in `folder`.

    Where another one got hold of the directory meanwhile, that one is the engine. Raises LaunchError with what it
    said on its standard error.
    """
    output = _open_output(folder / _OUTPUT)
    try:
        begun_at = os.fstat(output).st_size
        process = _start(arguments, output)
        until_s = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until_s:
            status, place = process.poll(), place_of(folder)
            was_quicker = status == EXIT_BUSY and place.pid != 0
            if status is not None and not was_quicker:
                said = os.pread(output, _OUTPUT_LIMIT_BYTES, begun_at)
                raise _failed(status, said.decode(errors="replace"))
            if (was_quicker or place.pid == process.pid) and answers(place):
                return place
            time.sleep(_LOOK_S)
        process.kill()
        process.wait()
        raise _failed(EXIT_FAULT, f"the engine did not answer within {_STARTS_WITHIN_S:.0f} s; its log says why")
    finally:
        os.close(output)


def await_answer(place: EngineDir, timeout_s: float = _ANSWERS_WITHIN_S) -> None:
    """Wait for an engine that was just started by somebody else; raises StateBusyError when nobody answers."""
    until_s = time.monotonic() + timeout_s
    while not answers(place_of(place.folder)):
        if time.monotonic() > until_s or not place_of(place.folder).pid:
            raise StateBusyError(
                f"state directory {place.folder} is in use by process {place.pid}, which does not answer:"
                " an engine that is wedged, or one that has just begun"
            )
        time.sleep(_LOOK_S)


def answers(place: EngineDir) -> bool:
    """Whether the engine of `place` answers at its socket."""
    try:
        if not place.pid or not place.socket.exists():
            return False
        with Oneshot(place.socket, "launch", _ANSWER_S) as call:
            return call.pid == place.pid
    except LinkError:
        return False


def _start(arguments: Sequence[str], output: int) -> "subprocess.Popen[bytes]":
    """Start the process; nobody is left to wait for it, so a thread does: it must not stay a zombie when it ends."""
    import subprocess  # noqa: PLC0415 - an engine need not carry what only its launcher uses

    process = subprocess.Popen(  # noqa: S603 - this very program, and words of its own command line
        [*program(), "engine", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        env={**os.environ, **_found_at(), "PYTHONUNBUFFERED": "1"},
    )
    Thread(target=process.wait, name="reaper", daemon=True).start()
    return process


def _found_at() -> dict[str, str]:
    """Return what a child must know to find this program where it is not installed, but run out of its own directory."""
    root = str(Path(__file__).resolve().parents[2])
    if sys.flags.safe_path or root in sys.path[1:]:
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))}


def _open_output(path: Path) -> int:
    """Return the descriptor of the file that takes what the engine says: private, appended to; raises InputError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_appended(path, _OUTPUT_LIMIT_BYTES)
    except OSError as error:
        raise InputError(f"state directory {path.parent}: {error.strerror}") from error


def _failed(status: int, said: str) -> LaunchError:
    lines = [line.removeprefix("myquant-tui: ") for line in said.splitlines() if line.strip()]
    return LaunchError(
        *(lines[-_MOST_LINES:] or ["the engine's process ended without a word"]),
        exit_status=status if 0 < status < 128 else EXIT_FAULT,
    )
