"""Where a short command finds the one engine that it means, by asking the sockets themselves. Knows no lock and no journal."""

import os

from engine.shortcut.call import Call

SOCKET, STAMP, LOCK, NOTHING_HELD = "engine.sock", "mode", "lock", "nothing-held"
_STICKY = 0o1000  # nobody can put another entry in place of ours in such a folder
_LONGEST = 200  # bytes
_MODES = ("live", "live-sim", "paper", "mock")


class UnusualError(Exception):
    """Not for a short command: the whole program looks into it, and says what there is to say."""


def the_one_engine(state_dir: str, timeout_s: float) -> tuple[str, Call]:
    """Return the folder of the engine that is meant and a connection to it.

    Raises UnusualError where that is not one that answers beyond any doubt: none, several, one that does not accept, or a
    dead one that may have left a position, which counts like one that runs.
    """
    folders = [os.path.abspath(state_dir)] if state_dir else usual_folders()
    if not all(map(is_ours_alone, folders)):
        raise UnusualError
    found = [(folder, call) for folder in folders if (call := _called(folder, timeout_s)) is not None]
    if len(found) != 1 or not all(folder == found[0][0] or holds_nothing(folder) for folder in folders):
        for _, call in found:
            call.close()
        raise UnusualError
    return found[0]


def usual_folders() -> list[str]:
    """Where engines keep their state when nobody says otherwise; raises UnusualError where there is no home."""
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.environ.get("HOME", ""), ".local", "state")
    if not os.path.isabs(home):
        raise UnusualError
    return [os.path.join(home, "myquant-tui", mode) for mode in _MODES]


def is_ours_alone(folder: str) -> bool:
    """Whether nobody else could have put another engine's socket into `folder`, or another folder in its place; also where none is.

    Stricter than `engine.outside.trust`, which knows private groups and access lists: that is left to the whole program.
    """
    here, ours = os.path.realpath(folder), {0, os.geteuid()}
    try:
        info = os.stat(here)
        if info.st_uid != os.geteuid() or info.st_mode & 0o022:
            return False
        for start in {here, folder}:  # what the links lead to, and where they lie
            while start != (start := os.path.dirname(start)):
                info = os.stat(start)
                if info.st_uid not in ours or (info.st_mode & 0o022 and not info.st_mode & _STICKY):
                    return False
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def holds_nothing(folder: str) -> bool:
    """Whether it is certain, without its journal, that a dead engine left nothing: none ever ran, or the last one noted so."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        while not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        return os.path.exists(folder)  # else a link on the way leads to a disk that is not there
    except (OSError, ValueError):
        return False
    if not any(name in (STAMP, LOCK) or name.startswith(("journal.db", "journal-")) for name in names):
        return True
    try:
        return b"" != read(folder, NOTHING_HELD) == read(folder, LOCK)  # the same owner: nobody has run since
    except (OSError, ValueError):
        return False


def read(folder: str, name: str) -> bytes:
    """The first bytes of a file in `folder`; a pipe that stands in its place is not waited for. Raises OSError."""
    descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _called(folder: str, timeout_s: float) -> Call | None:
    """Return a connection to whoever listens in `folder`, None when nobody does; raises UnusualError when that is not certain."""
    try:
        return Call(os.path.join(folder, SOCKET), timeout_s)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (OSError, ValueError) as error:
        raise UnusualError from error
