"""Output to a terminal that may stop reading: a thread of its own writes, callers never wait. Knows bytes only."""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from time import monotonic_ns

LIMIT_BYTES = 256 * 1024  # of control sequences that wait; frames never wait
_PIECE_BYTES = 512  # per write where a write may block
_POLL_MS = 100  # how soon a stalled writer notices that it shall stop
_BREATH_S = 0.005  # after a terminal that says "ready" takes nothing


def _open_again(tty_fd: int) -> tuple[int, bool]:
    """The terminal of `tty_fd` opened once more, and whether that is non-blocking.

    O_NONBLOCK belongs to the open file, which the shell shares with us and would still have when we are gone. A file
    opened again is ours alone, so nothing has to be put back, not even after a crash.
    """
    # Another user's terminal, or another container's: then the duplicate below may block, but only our own thread.
    with suppress(OSError):
        fd = os.open(os.ttyname(tty_fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        if os.fstat(fd).st_rdev == os.fstat(tty_fd).st_rdev:
            return fd, True
        os.close(fd)
    return os.dup(tty_fd), False


class Outlet:
    """Bytes to the terminal. `on_ready(stalled_s)` and `on_lost(why)` are called from the writer's thread."""

    def __init__(self, tty_fd: int, on_ready: Callable[[float], None], on_lost: Callable[[str], None]) -> None:
        self._fd, self._free = _open_again(tty_fd)
        self._on_ready, self._on_lost = on_ready, on_lost
        # Held by callers and the writer for a few lines at a time, never during a write; guards everything below.
        self._changed = Condition()
        self._waiting = bytearray()
        self._busy_ns = 0  # since when there is something the terminal has not taken; 0 = nothing
        self._refused = False
        self._stop_ns = 0  # when the writer gives up; 0 = it is not asked to stop
        self._lost = False
        self.accept_ms = 0.0  # how long the terminal took to accept what was written last
        self._thread = Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether everything written so far was taken; a closed or lost terminal takes everything."""
        return self._busy_ns == 0 or self._lost

    @property
    def stalled_s(self) -> float:
        """How long the terminal has been owing us the acceptance of something, in seconds; 0 when it owes nothing.

        The kernel and an SSH server keep some 64 KB and more for a reader that stopped: a stall shows only after that.
        """
        busy_ns = self._busy_ns
        return (monotonic_ns() - busy_ns) / 1e9 if busy_ns and not self._lost else 0.0

    def offer(self, frame: str) -> bool:
        """Write `frame` if all before it was taken; else it is refused as a whole, and `on_ready` is called later."""
        with self._changed:
            if self._lost or self._stop_ns:
                return True
            if self._busy_ns:
                self._refused = True
                return False
            self._take(frame)
            return True

    def ask(self) -> None:
        """Have `on_ready` called as soon as everything was taken; at once when that is so already."""
        with self._changed:
            self._refused = busy = self._busy_ns != 0
        if not busy and not self._lost:
            self._on_ready(0.0)

    def push(self, text: str) -> None:
        """Write `text` in its turn; it is thrown away when so much waits already."""
        with self._changed:
            if self._lost or self._stop_ns:
                return
            if len(self._waiting) + len(text) > LIMIT_BYTES:
                self._refused = True
            else:
                self._take(text)

    def stop(self, timeout_s: float) -> None:
        """Write what waits if the terminal takes it within `timeout_s`, then close."""
        with self._changed:
            if self._stop_ns:
                return
            self._stop_ns = monotonic_ns() + int(timeout_s * 1e9)
            self._changed.notify()
        self._thread.join(timeout_s + 2 * _POLL_MS / 1000)
        if not self._thread.is_alive():
            os.close(self._fd)

    def _take(self, text: str) -> None:
        if not text:
            return
        self._waiting += text.encode("utf-8", "replace")
        if not self._busy_ns:
            self._busy_ns = monotonic_ns()
        self._changed.notify()

    def _run(self) -> None:
        try:
            while data := self._next():
                self._deliver(data)
                self._delivered()
        except OSError as error:
            self._lost = True
            self._on_lost(f"output: {error.strerror}")

    def _next(self) -> bytes:
        with self._changed:
            while not self._waiting and not self._stop_ns:
                self._changed.wait()
            data = bytes(self._waiting)
            self._waiting.clear()
            return data

    def _deliver(self, data: bytes) -> None:
        """Write `data` to its end, so that no escape sequence is ever cut, or until the time to stop is over."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        left = memoryview(data)
        while left:
            if self._stop_ns and monotonic_ns() > self._stop_ns:
                return
            if not self._free and not poll.poll(_POLL_MS):
                continue
            try:
                left = left[os.write(self._fd, left if self._free else left[:_PIECE_BYTES]) :]
            except BlockingIOError:
                if poll.poll(_POLL_MS):
                    with self._changed:
                        self._changed.wait(_BREATH_S)

    def _delivered(self) -> None:
        with self._changed:
            stalled_ns = monotonic_ns() - self._busy_ns
            self.accept_ms = stalled_ns / 1e6
            self._busy_ns = monotonic_ns() if self._waiting else 0
            refused = self._refused and not self._waiting
            if refused:
                self._refused = False
        if refused:
            self._on_ready(stalled_ns / 1e9)
