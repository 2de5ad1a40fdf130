"""Ends the owner of a state directory that does not answer any more, so that somebody else can close what it holds. Decides nothing of that."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from engine.journal import JOURNAL_FILE, Owner, living_writer, owner_of, pid_of_open_run, running_pid, written_owner
from engine.model.errors import InputError
from engine.serving.state_dirs import EngineDir

_ABORTS_WITHIN_S = 1.0
_DIES_WITHIN_S = 3.0
_LOOK_S = 0.02


def end_owner(place: EngineDir, tell: Callable[[str], None]) -> int:
    """End the process that owns `place`, first by SIGABRT, then by SIGKILL; its pid where it holds its locks still, else 0.

    One that was killed and is stuck in the kernel (a disk that hangs) never comes back to its program: it sends nothing
    more. Raises InputError where it is not certain who the owner is, or it cannot be ended.
    """
    pid = place.pid
    owner = owner_of(pid)
    handle = _handle(pid)
    try:
        _check(place, owner)
        tell(f"engine {pid} is ended: it must not send anything any more while its positions are closed from here")
        for number, within_s in ((signal.SIGABRT, _ABORTS_WITHIN_S), (signal.SIGKILL, _DIES_WITHIN_S)):
            try:
                _send(pid, handle, number)
            except ProcessLookupError:
                return 0
            except OSError as error:
                raise InputError(f"engine {pid} cannot be ended: {error.strerror}") from error
            if _ended(place, handle, within_s):
                return 0
        if not _is_killed_in_kernel(pid):
            raise InputError(f"engine {pid} was killed and goes on: nothing is closed from here while it may act")
        tell(f"engine {pid} is killed and stuck in the kernel, where it waits for a disk: it sends nothing more")
        return pid
    finally:
        if handle >= 0:
            os.close(handle)


def _check(place: EngineDir, owner: Owner) -> None:
    """Raises InputError unless `owner` holds the directory's lock now, and is the engine that took it.

    That stands in the lock file. Where it was taken away meanwhile, the journal says whose the newest run is.
    """
    locker = running_pid(place.folder)
    if not locker and living_writer(place.folder) == owner.pid:
        raise InputError(
            f"engine {owner.pid} lives and locks nothing in {place.where}: that was moved away or put in place of its own; "
            "nobody is ended, nothing is closed from here"
        )
    if owner.pid <= 0 or locker != owner.pid:
        raise InputError(f"who owns {place.where} cannot be told for certain: nobody is ended")
    written = written_owner(place.folder)
    pid = written.pid or pid_of_open_run(place.folder / JOURNAL_FILE)
    if pid != owner.pid or (written.started and written != owner):
        raise InputError(
            f"process {owner.pid} locks {place.where} and is not the engine that took it: nobody is ended, nothing is "
            "closed from here; end that process, then ask again"
        )


def _handle(pid: int) -> int:
    """A descriptor of the process, which no later one of the same number is mistaken for; -1 where there is no such thing."""
    with suppress(OSError, AttributeError):
        return os.pidfd_open(pid)
    return -1


def _send(pid: int, handle: int, number: signal.Signals) -> None:
    if handle >= 0:
        signal.pidfd_send_signal(handle, number)
    else:
        os.kill(pid, number)


def _ended(place: EngineDir, handle: int, within_s: float) -> bool:
    """Whether the process ended within that time."""
    if handle >= 0:
        return bool(select.select([handle], [], [], within_s)[0])
    until_s = time.monotonic() + within_s
    while running_pid(place.folder) == place.pid:
        if time.monotonic() > until_s:
            return False
        time.sleep(_LOOK_S)
    return True


def _is_killed_in_kernel(pid: int) -> bool:
    """Whether no thread of the killed process runs or sleeps lightly: the kernel lets none of them back to the program."""
    states = set()
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8", errors="replace") as file:
                states.add(file.read().rpartition(")")[2].split()[0])
    except OSError:
        return False
    return bool(states) and states <= {"D", "X", "Z"}
