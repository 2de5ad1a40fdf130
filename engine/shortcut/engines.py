"""Where a short command finds the one engine that it means, by asking the sockets themselves. Knows no lock and no journal."""

import os

from engine.shortcut.call import Call

SOCKET, STAMP, LOCK, NOTHING_HELD = "engine.sock", "mode", "lock", "nothing-held"
_LONGEST = 200  # bytes
_MODES = ("live", "paper", "mock")


class UnusualError(Exception):
    """Not for a short command: the whole program looks into it, and says what there is to say."""


def the_one_engine(state_dir: str, timeout_s: float) -> tuple[str, Call]:
    """Return the folder of the engine that is meant and a connection to it.

    Raises UnusualError where that is not one that answers beyond any doubt: none, several, one that does not accept, or a
    dead one that may have left a position, which counts like one that runs.
    """
    folders = [os.path.abspath(state_dir)] if state_dir else usual_folders()
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


def holds_nothing(folder: str) -> bool:
    """Whether it is certain, without its journal, that a dead engine left nothing: none ever ran, or the last one noted so."""
    try:
        if not os.path.exists(os.path.join(folder, STAMP)):
            return True
        with open(os.path.join(folder, NOTHING_HELD), "rb") as note, open(os.path.join(folder, LOCK), "rb") as lock:
            return b"" != note.read(_LONGEST) == lock.read(_LONGEST)  # the same owner: nobody has run since
    except (OSError, ValueError):
        return False


def _called(folder: str, timeout_s: float) -> Call | None:
    """Return a connection to whoever listens in `folder`, None when nobody does; raises UnusualError when that is not certain."""
    try:
        return Call(os.path.join(folder, SOCKET), timeout_s)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (OSError, ValueError) as error:
        raise UnusualError from error
