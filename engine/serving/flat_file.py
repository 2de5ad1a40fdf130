"""Emergency flats that are asked for by a file in the state directory. Asks the engine, decides nothing."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from engine.model.commands import Flat
from engine.model.errors import reason
from engine.runtime import LOGGERS, Engine
from engine.text.sanitize import CleanText

_ROUNDS = 2  # of the engine's loop, after which a command was surely carried out
_Identity = tuple[int, int, int]


class FlatFile:
    """A file (of any kind) at `path` is an emergency flat; it is taken away when the engine has verified that it is flat.

    As long as it lies there the request outlives everything: an engine that is killed and started again finds it. `look`
    is called by one thread, some four times a second.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._granted: _Identity | None = None  # the file whose flat was asked for
        self._beats = 0  # of the engine's loop, when that was
        self._over = False

    def look(self, _now_ns: int) -> None:
        """Look once."""
        found = _identity(self._path)
        if found != self._granted:
            self._granted, self._over = found, False
            if found is not None:
                self._beats = self._engine.stats.beats
                self._engine.send(Flat(CleanText("file FLAT")))
        elif found is not None and not self._over and self._engine.stats.beats >= self._beats + _ROUNDS:
            self._over = not self._engine.trader.state.flat.running
            if self._over:
                self._take_away()

    def _take_away(self) -> None:
        """What cannot be moved is not granted again."""
        if problem := take_away(self._path):
            LOGGERS["engine"].error("%s was granted and cannot be taken away: %s", self._path.name, problem)


def lay_flat(path: Path) -> bool:
    """Ask for an emergency flat; whether the file lies at `path` now."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    return os.path.lexists(path)


def _identity(path: Path) -> _Identity | None:
    """Which file lies at `path`; None when none does. One that was written to again is another request."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def take_away(path: Path) -> str:
    """Put the file aside, private; why it cannot be moved, and stays where it is, or ""."""
    aside = path.with_name(f"{path.name}.taken")
    try:
        try:
            os.rename(path, aside)
        except OSError:  # a folder, or what stands in place of a folder, replaces nothing else
            aside = path.with_name(f"{aside.name}-{os.urandom(4).hex()}")
            os.rename(path, aside)
        kind = os.lstat(aside).st_mode
        if not stat.S_ISLNK(kind):
            os.chmod(aside, 0o700 if stat.S_ISDIR(kind) else 0o600)
    except OSError as error:
        return reason(error)
    return ""
