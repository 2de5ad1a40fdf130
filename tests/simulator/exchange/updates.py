"""The socket of order updates: who listens, what is on its way, and what a fault does to it. Knows no order."""

from heapq import heappop, heappush

from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.due import NEVER, DueActions
from tests.simulator.tally import add

MOST_STREAMS = 3
_BEAT_MS = 10_000
_BEAT = b"\x00"
_HELD_MS = 1_000


class UpdateStream:
    """One client's socket: what `take` gives has reached it. `open` is false once the broker has closed it."""

    def __init__(self, now_ms: int) -> None:
        self.open = True
        self._coming: list[tuple[int, int, bytes]] = []
        self._number = 0
        self._beat_ms = now_ms + _BEAT_MS

    def put(self, due_ms: int, message: bytes) -> None:
        """A message is to arrive."""
        self._number += 1
        heappush(self._coming, (due_ms, self._number, message))

    @property
    def next_ms(self) -> int:
        """When the next message arrives, heartbeats included."""
        if not self.open:
            return NEVER
        return min(self._coming[0][0], self._beat_ms) if self._coming else self._beat_ms

    def take(self, now_ms: int) -> list[bytes]:
        """What arrives by now, in that order; a heartbeat is the binary frame of one NUL."""
        messages = []
        while self.open and self.next_ms <= now_ms:
            if self._coming and self._coming[0][0] <= self._beat_ms:
                messages.append(heappop(self._coming)[2])
            else:
                messages.append(_BEAT)
                self._beat_ms += _BEAT_MS
        return messages

    def close(self) -> None:
        """The connection is over; what was on its way is lost."""
        self.open = False


class UpdateHub:
    """Tells every open stream; nothing is kept for those that connect later."""

    def __init__(self, counters: OrderCounters, due: DueActions, hello: bytes) -> None:
        self._counters = counters
        self._due = due
        self._hello = hello
        self._streams: list[UpdateStream] = []
        self._lost = self._doubled = self._swapped = 0
        self._late_ms = 0
        self._silent_ms = self._down_ms = self._late_until_ms = 0
        self._latest_ms = 0
        self._held: bytes | None = None

    def connect(self, now_ms: int) -> UpdateStream | int:
        """A new stream, which begins with the greeting; or the HTTP status of a refusal."""
        self._streams = [each for each in self._streams if each.open]
        if now_ms < self._down_ms:
            return 503
        if len(self._streams) >= MOST_STREAMS:
            return 429
        stream = UpdateStream(now_ms)
        stream.put(now_ms, self._hello)
        self._streams.append(stream)
        return stream

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return any(each.open for each in self._streams)

    def publish(self, now_ms: int, lag_ms: int, message: bytes) -> None:
        """Send `message`, as far as faults let it through."""
        self._counters.updates += 1
        if now_ms < self._silent_ms or self._lost > 0:
            self._lost -= now_ms >= self._silent_ms
            add(self._counters.update_faults, "lost")
            return
        due_ms = now_ms + lag_ms
        if self._late_ms and now_ms < self._late_until_ms:
            due_ms += self._late_ms
            add(self._counters.update_faults, "late")
        due_ms = self._latest_ms = max(due_ms, self._latest_ms)  # one stream: none overtakes another by itself
        if self._swapped > 0 and self._held is None:
            self._swapped -= 1
            add(self._counters.update_faults, "reorder")
            self._held = message
            self._due.at(due_ms + _HELD_MS, lambda at_ms: self._release(at_ms, message), lasting=True)
            return
        self._put(due_ms, message)
        if self._doubled > 0:
            self._doubled -= 1
            add(self._counters.update_faults, "dup")
            self._put(due_ms, message)
        if self._held is not None:
            self._put(due_ms, self._held)
            self._held = None

    def harm(self, now_ms: int, how: str, number: int, for_ms: int) -> None:
        """Begin a fault: the next `number` messages, or `number` ms of it; `late` lasts for `for_ms`, 0 for ever."""
        if how == "lost":
            self._lost = number
        elif how == "dup":
            self._doubled = number
        elif how == "reorder":
            self._swapped = number
        elif how == "late":
            self._late_ms, self._late_until_ms = number, now_ms + for_ms if for_ms else NEVER
        elif how == "silent":
            self._silent_ms = now_ms + number
        else:
            self._down_ms = now_ms + number
            self.close()

    def recover(self) -> None:
        """No fault any longer."""
        self._lost = self._doubled = self._swapped = self._late_ms = 0
        self._silent_ms = self._down_ms = 0

    def close(self) -> None:
        """All streams end."""
        for each in self._streams:
            each.close()
        self._streams.clear()

    def _release(self, now_ms: int, message: bytes) -> None:
        """What was held back for one that never came goes out."""
        if self._held is message:
            self._put(now_ms, message)
            self._held = None

    def _put(self, due_ms: int, message: bytes) -> None:
        for each in self._streams:
            each.put(due_ms, message)
