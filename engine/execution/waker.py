"""What wakes a thread that waits for sockets, again and again. Knows no socket."""

import os
from contextlib import suppress
from threading import Lock

_MOST_BYTES = 4_096


class Waker:
    """A pipe that becomes readable when somebody has something for the thread that looks at it."""

    def __init__(self) -> None:
        self._near, self._far = os.pipe()
        os.set_blocking(self._near, False)
        os.set_blocking(self._far, False)
        self._rung = False  # since it was calmed last: one byte wakes as well as many
        # Held while ringing and closing, so that no byte is ever written into a descriptor that is somebody else's by now.
        self._lock = Lock()
        self._closed = False

    def fileno(self) -> int:
        """The descriptor to be polled."""
        return self._near

    def ring(self) -> None:
        """Wake the thread; from any, returns at once."""
        if self._rung:
            return
        with self._lock:
            if self._closed:
                return
            self._rung = True
            with suppress(BlockingIOError):  # full: it is readable as it is
                os.write(self._far, b"!")

    def calm(self) -> None:
        """Begin to listen anew: to be called by that thread before it looks at what there is for it."""
        with suppress(BlockingIOError):
            os.read(self._near, _MOST_BYTES)
        self._rung = False

    def close(self) -> None:
        """Give the descriptors back; ringing does nothing from then on."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._near)
                os.close(self._far)
