"""Waiting that can be ended from outside, also for calls that cannot be interrupted. Knows no socket."""

import os
import select
from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

from engine.stream.errors import LinkLost, Stopped, in_words

_T = TypeVar("_T")


class Wakeup:
    """Wakes once, for good: whoever waits with it stops waiting."""

    def __init__(self) -> None:
        # Held while waking or closing, so that no byte is ever written into a descriptor that is somebody else's by now.
        self._lock = Lock()
        self._near, self._far = os.pipe()
        self._closed = False

    def fileno(self) -> int:
        """The descriptor that becomes readable when everybody is woken."""
        return self._near

    def wake(self) -> None:
        """Wake everybody; from any thread."""
        with self._lock:
            if not self._closed:
                os.write(self._far, b"!")

    def wait(self, duration_ns: int | None) -> None:
        """Let `duration_ns` pass, None: all time; raises Stopped when it is, or was, woken."""
        poll = select.poll()
        poll.register(self._near, select.POLLIN)
        if poll.poll(None if duration_ns is None else whole_ms(duration_ns)):
            raise Stopped

    def close(self) -> None:
        """Give the descriptors back."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._near)
                os.close(self._far)


class _Call(Thread, Generic[_T]):
    """A call that cannot be interrupted, in a thread of its own that may be left behind."""

    def __init__(self, call: Callable[[], _T], done_fd: int) -> None:
        super().__init__(name="feed-call", daemon=True)
        self._call = call
        self._done_fd = done_fd
        self.answer: list[_T] = []
        self.error: Exception | None = None

    def run(self) -> None:
        """Call, and close the pipe whose other end somebody may be looking at."""
        try:
            self.answer.append(self._call())
        except Exception as error:  # noqa: BLE001 - the end of the thread: raised again where it was asked for
            self.error = error
        os.close(self._done_fd)


def beside(call: Callable[[], _T], wakeup: Wakeup, duration_s: float, late: str) -> _T:
    """What `call` returns or raises, awaited so that `wakeup` still ends the wait.

    Looking up a name and logging in cannot be interrupted: when it wakes (Stopped), or after `duration_s`
    (LinkLost with the text `late`), their thread is left to end by itself. An OSError becomes LinkLost, and so does a
    machine that has no thread left.
    """
    try:
        near, far = os.pipe()
    except OSError as error:
        raise LinkLost(in_words(error)) from None
    try:
        thread = _begun(call, far)
        poll = select.poll()
        poll.register(near, select.POLLIN)
        poll.register(wakeup.fileno(), select.POLLIN)
        ready = [fd for fd, _ in poll.poll(whole_ms(round(duration_s * 1e9)))]
    finally:
        os.close(near)
    if wakeup.fileno() in ready:
        raise Stopped
    if not ready:
        raise LinkLost(late)
    if isinstance(thread.error, OSError):
        raise LinkLost(f"{late}: {in_words(thread.error)}")
    if thread.error is not None:
        raise thread.error
    return thread.answer[0]


def _begun(call: Callable[[], _T], done_fd: int) -> _Call[_T]:
    thread = _Call(call, done_fd)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        os.close(done_fd)
        raise LinkLost(str(error) or "no memory") from None
    return thread


def whole_ms(duration_ns: int) -> int:
    """Whole milliseconds, rounded up, so that a wait never ends just before its time."""
    return max(0, -(-duration_ns // 1_000_000))
