"""The socket under its name: opened, opened again where others have taken the name, taken from at a bounded rate, and taken away. Knows no client."""

import os
import selectors
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.link import address
from engine.link.limits import Bucket
from engine.model.errors import UserError, reason
from engine.outside.files import put_aside_odd

_ACCEPTS_PER_S = 500
_ACCEPTS_AT_ONCE = 1_024  # so that even a thousand that come at once are seen through, and whoever stands behind them


class Listener:
    """What the link's thread takes connections from, at `path`, as `selector` tells it to; only `look` and `wake` are others'.

    `do` has done at the disk what is to be done there, `note` is told where that could not be.
    """

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        now_ns: int,
        note: Callable[[str], None],
        do: Callable[[Callable[[], None]], None],
    ) -> None:
        self._path = path
        self._selector = selector
        self._note = note
        self._do = do
        self._accepts = Bucket(_ACCEPTS_PER_S, _ACCEPTS_AT_ONCE, now_ns)
        self._socket: socket.socket | None = None
        self._watched = False  # the selector looks at it
        self._file: os.stat_result | None = None
        self._fresh: socket.socket | None = None  # opened in place of one whose name is gone, until the thread takes it

    def open(self) -> None:
        """Begin to listen; raises UserError."""
        self._socket = address.listen(self._path)
        self._file = self._path.lstat()

    def look(self) -> str:
        """What has become of the socket's name, after another socket was opened there; "" while all is well.

        From another thread, which may hang. Raises UserError where none can be opened.
        """
        file = self._file
        if file is None:
            return ""
        try:
            if os.path.samestat(self._path.lstat(), file):
                return ""
            lost = "another file stands in place of the socket"
        except OSError as error:
            lost = f"the socket is gone ({error.strerror})"
        _put_aside_odd(self._path)
        fresh = address.listen(self._path)
        self._file = self._path.lstat()
        self._fresh = fresh
        return f"{lost}; it is opened again"

    def wake(self) -> None:
        """Have the selector find something, from any thread; where that cannot be, its wait ends by itself soon."""
        listening = self._socket
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)

    def take_fresh(self) -> None:
        """Go on at the socket that was opened anew, where the old one's name is gone; who is connected stays so."""
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            self._leave()
            self._socket = fresh

    def watch(self, now_ns: int) -> bool:
        """Tell the selector to look for connections, as long as one may be taken; False while none may."""
        if self._socket is None:
            return True
        may_take = self._accepts.has_one(now_ns)
        if may_take and not self._watched:
            self._selector.register(self._socket, selectors.EVENT_READ)
        elif not may_take and self._watched:
            self._selector.unregister(self._socket)
        self._watched = may_take
        return may_take

    def accept(self, now_ns: int) -> socket.socket | None:
        """The next connection; None where there is none, or none may be taken by now. Raises OSError where it is lost."""
        assert self._socket is not None
        if not self._accepts.has_one(now_ns):
            return None
        try:
            sock, _address = self._socket.accept()
        except BlockingIOError:
            return None
        except OSError:
            self._accepts.use()
            raise
        self._accepts.use()
        return sock

    def close(self) -> None:
        """Close the socket and have its name taken away, if it is still that of our own."""
        self.take_fresh()
        if self._socket is None:
            return
        self._leave()
        file, self._file = self._file, None
        self._do(lambda: self._take_away(file))

    def _leave(self) -> None:
        old, self._socket = self._socket, None
        if old is not None:
            if self._watched:
                self._selector.unregister(old)
            old.close()
        self._watched = False

    def _take_away(self, file: os.stat_result | None) -> None:
        """Remove the socket's name, if it is still that of our own."""
        try:
            if file is not None and os.path.samestat(self._path.lstat(), file):
                self._path.unlink()
        except OSError as error:
            self._note(f"link: the socket could not be taken away: {error.strerror}")


def _put_aside_odd(path: Path) -> None:
    """Move away what was put in place of a living engine's socket and is none: everybody must find the engine. Raises UserError."""
    try:
        put_aside_odd(path, wanted=stat.S_ISSOCK)
    except OSError as error:
        raise UserError(f"socket {path}: {reason(error)}") from error
