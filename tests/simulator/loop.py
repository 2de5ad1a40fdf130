"""One thread, its sockets and its timers. Knows nothing of what they are for."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from threading import Condition

now_ns = time.perf_counter_ns  # system-wide on Linux: another process may compare it with its own

_LONGEST_S = 60.0

Action = Callable[[], object]


class Loop:
    """Calls whoever waits for a socket or a time; `lock` is held meanwhile, and notified after each round.

    select() rather than epoll, which cannot wait for less than a millisecond.
    """

    def __init__(self) -> None:
        # Held by the loop's thread but while it waits; by others to look at what the loop changes.
        self.lock = Condition()
        self._selector = selectors.SelectSelector()
        self._timers: list[tuple[int, int, Action]] = []
        self._number = 0
        self._asked: deque[Action] = deque()
        self._hear, self._wake = socket.socketpair()
        self._hear.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._hear, selectors.EVENT_READ, self._heard)
        self._running = True

    def call(self, action: Action) -> None:
        """Have `action` carried out by the loop's thread, soon; from any thread."""
        self._asked.append(action)
        self.wake()

    def wake(self) -> None:
        """End the present wait."""
        try:
            self._wake.send(b".")
        except BlockingIOError:
            return  # full: it wakes already

    def stop(self) -> None:
        """End `run`; from any thread."""
        self._running = False
        self.wake()

    def after(self, seconds: float, action: Action) -> None:
        """Have `action` carried out in `seconds`; it cannot be taken back, so it looks for itself whether it still matters."""
        self.at(now_ns() + round(seconds * 1e9), action)

    def at(self, due_ns: int, action: Action) -> None:
        """Have `action` carried out at `due_ns` of the monotonic clock."""
        self._number += 1
        heappush(self._timers, (due_ns, self._number, action))

    def watch(self, sock: socket.socket, events: int, action: Callable[[int], object]) -> None:
        """Call `action` with what is ready of `sock`, from now on; 0 events: no more."""
        known = self._selector.get_map().get(sock)
        if known is None:
            if events:
                self._selector.register(sock, events, action)
        elif not events:
            self._selector.unregister(sock)
        elif known.events != events:
            self._selector.modify(sock, events, action)

    def run(self, pump: Callable[[int], int | None], settle: Action) -> None:
        """Go on until `stop`: `pump` does what is due and tells when it wants to be called next; `settle` ends a round."""
        due_ns: int | None = 0
        while self._running:
            for key, events in self._selector.select(self._patience(due_ns)):
                with self.lock:
                    key.data(events)
            with self.lock:
                while self._asked:
                    self._asked.popleft()()
                now = now_ns()
                while self._timers and self._timers[0][0] <= now:
                    heappop(self._timers)[2]()
                due_ns = pump(now)
                settle()
                self.lock.notify_all()

    def close(self) -> None:
        """Give the sockets back."""
        self._selector.close()
        self._hear.close()
        self._wake.close()

    def _patience(self, due_ns: int | None) -> float:
        """Seconds until something is due."""
        if self._timers and (due_ns is None or self._timers[0][0] < due_ns):
            due_ns = self._timers[0][0]
        if due_ns is None:
            return _LONGEST_S
        return min(max(0.0, (due_ns - now_ns()) / 1e9), _LONGEST_S)

    def _heard(self, _: int) -> None:
        self._hear.recv(4096)
