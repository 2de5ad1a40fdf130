"""A file that only takes up room, to be given back when the disk is full; knows nothing of what the room is needed for."""

import os
import time
from contextlib import suppress
from pathlib import Path

from engine.model.errors import reason
from engine.outside.files import put_aside_odd

LOOK_S = 0.1  # between two looks whether a full disk has room again
_ROOM = 4  # times its size must be free, or taking it again would only fill the disk again


class Reserve:
    """`size` bytes of really allocated disk, beside the journal; `wanting` says why there never were any."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self.freed = False
        self.wanting = ""
        self._look_s = 0.0

    def take(self) -> None:
        """Allocate the room unless it still is from a run before; raises OSError, and leaves nothing behind then."""
        put_aside_odd(self._path)
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)
            missing = self._size - os.fstat(fd).st_size
            while missing > 0:  # bytes that are written, not a hole: a hole takes up no room
                missing -= os.pwrite(fd, bytes(min(missing, 65_536)), self._size - missing)
        except OSError:
            with suppress(OSError):
                self.give_back()
            raise
        finally:
            os.close(fd)

    def take_if_it_can_be(self) -> None:
        """Take it; where that cannot be, nobody is kept from a start or a flat: it counts as given back, and is tried again."""
        try:
            self.take()
        except OSError as error:
            self.freed = True
            self.wanting = f"{self._path.name}: {reason(error)}"

    def free(self) -> bool:
        """Give the room back to a full disk; whether there was any. Raises nothing: this is done where something has failed already."""
        self.freed, self._look_s = True, time.monotonic() + LOOK_S  # so that the problem is seen, if only for a moment
        with suppress(OSError):
            return self.give_back()
        return False

    def without(self) -> str:
        """Why there is none, after another try to take it, ten times a second at most; "" while there is one. Raises nothing."""
        if self.freed and time.monotonic() >= self._look_s:
            self._look_s = time.monotonic() + LOOK_S
            self._take_again()
        if not self.freed:
            return ""
        if self.wanting:
            return f"{self.wanting}: it has no room to go on in on a full disk"
        return "the disk is full; the journal goes on in its reserve"

    def _take_again(self) -> None:
        """Take the room once the disk has enough of it for others as well."""
        with suppress(OSError):
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize >= _ROOM * self._size:
                self.take()
                self.freed, self.wanting = False, ""

    def give_back(self) -> bool:
        """Remove the file; whether it was there. Raises OSError."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            return False
        return True
