"""Where engines are: the state directories they lock and the sockets in them. Starts and asks nothing."""

from pathlib import Path

from msgspec import Struct

from engine.journal import StateDir, living_writer, running_pid
from engine.link import listening_pid
from engine.model.errors import InputError
from engine.model.types import TradeMode
from engine.outside.files import read_note
from engine.text.sanitize import CleanText, clean

SOCKET_FILE = "engine.sock"
FLAT_FILE = "FLAT"
_MODES: tuple[TradeMode, ...] = ("live", "live-sim", "paper", "mock")
_DETACHED = "detached"  # below the directory of replays, which have one of their own each unless they are detached


class EngineDir(Struct, frozen=True):
    """A state directory, the mode it is stamped with ("" = none), and the pid of the engine that holds it (0 = none)."""

    folder: Path
    mode: CleanText
    pid: int

    @property
    def where(self) -> CleanText:
        """The folder as it may be printed."""
        return clean(str(self.folder))

    @property
    def socket(self) -> Path:
        """Where its engine listens."""
        return self.folder / SOCKET_FILE


def usual_folder(mode: TradeMode) -> Path:
    """Return where an engine of `mode` in a process of its own keeps its state; raises UserError without a home."""
    return StateDir.usual(mode) / _DETACHED if mode == "replay" else StateDir.usual(mode)


def chosen_folder(state_dir: Path | None, mode: TradeMode) -> Path:
    """Return the state directory that is meant: the named one, or else the usual one of `mode`."""
    return usual_folder(mode) if state_dir is None else state_dir.absolute()


def place_of(folder: Path) -> EngineDir:
    """Return what is known of `folder`: who owns it, else who listens at its socket, or lives and says in it that it is its owner."""
    try:
        mode = clean(read_note(folder / "mode").strip(), 20)
    except OSError:
        mode = CleanText("")
    if "\N{REPLACEMENT CHARACTER}" in mode:  # it is no text
        mode = CleanText("")
    pid = running_pid(folder) or listening_pid(folder / SOCKET_FILE) or living_writer(folder)
    return EngineDir(folder, mode, pid)


def usual_places() -> list[EngineDir]:
    """Return the places of all modes that may hold something, where nobody said otherwise."""
    return [place_of(usual_folder(mode)) for mode in _MODES]


def find_place(state_dir: Path | None) -> EngineDir:
    """Return the place of `state_dir`, or of the one engine that runs, or of the last one that did.

    A detached replay is meant only where nothing else runs. Raises InputError when several run and none is named.
    """
    if state_dir is not None:
        return place_of(state_dir.absolute())
    places = usual_places()
    running = [place for place in places if place.pid]
    if len(running) > 1:
        named = ", ".join(f"{place.mode} in {place.folder}" for place in running)
        raise InputError(f"several engines are running ({named}): say which with --state-dir")
    replay = place_of(usual_folder("replay"))
    if running or replay.pid:
        return (*running, replay)[0]
    known = [place for place in places if place.mode]
    return max(known, key=_used_ns) if known else places[-1]


def _used_ns(place: EngineDir) -> int:
    try:
        return (place.folder / "lock").stat().st_mtime_ns
    except OSError:
        return 0
