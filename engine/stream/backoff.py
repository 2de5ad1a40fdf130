"""How long to wait before the next connection: jittered back-off, and a budget that no storm can overdraw. Knows no clock."""

from collections import deque
from collections.abc import Callable

_NS = 1_000_000_000


class Backoff:
    """Waits that grow with every failure in a row: a random part of 0.5 s, 1 s, 2 s … up to `longest_s`.

    The whole wait is random ("full jitter"), so that many clients of a server that fell over do not come back as one.
    `draw` gives numbers from 0 to 1, as `random.Random.random` does.
    """

    def __init__(self, draw: Callable[[], float], *, first_s: float = 0.5, longest_s: float = 30.0) -> None:
        self._draw = draw
        self._first_s = first_s
        self._longest_s = longest_s
        self.attempt = 0  # failures since the last success

    def failed(self) -> int:
        """Count a failure; the wait that follows it, in ns."""
        limit_s = min(self._longest_s, self._first_s * 2.0 ** min(self.attempt, 30))
        self.attempt += 1
        return round(self._draw() * limit_s * _NS)

    def pause(self) -> int:
        """The wait after an end that counts as no failure, in ns: a random part of the first wait, so that no herd comes."""
        return round(self._draw() * self._first_s * _NS)

    def succeeded(self) -> None:
        """Begin anew: the link has proved itself."""
        self.attempt = 0


class ConnectBudget:
    """At most `most` connections in any stretch of `within_s` seconds, whatever the reason for the next one."""

    def __init__(self, most: int = 6, within_s: float = 60.0) -> None:
        self._within_ns = round(within_s * _NS)
        self._spent_ns: deque[int] = deque(maxlen=most)

    def wait_ns(self, now_ns: int) -> int:
        """How long it is until the next connection is allowed; 0 = now."""
        spent = self._spent_ns
        if len(spent) < (spent.maxlen or 0):
            return 0
        return max(0, spent[0] + self._within_ns - now_ns)

    def spend(self, now_ns: int) -> None:
        """Note a connection that begins now."""
        self._spent_ns.append(now_ns)
