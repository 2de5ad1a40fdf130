"""Sees to it that a connection is open before it is wanted: used up, lost or grown old, the next one is begun at once."""

from collections.abc import Callable, Iterator
from typing import Final

from engine.execution.order_line import OrderLine
from engine.stream.backoff import Backoff
from engine.text.sanitize import CleanText

_NS: Final = 1_000_000_000
# A way through the network may forget an idle connection without a word: none grows older than this.
RENEW_S: Final = 45.0
_SHORT_LIVED_S: Final = 5.0  # one that ends sooner counts as a failure, lest a server that closes at once be stormed


class SpareLine:
    """Holds one line that is ready, and one that is being opened where that is needed; used by one thread.

    `failures` counts those that could not be opened, `problem` says why the newest could not.
    """

    def __init__(self, begin: Callable[[int], OrderLine], backoff: Backoff) -> None:
        self._begin = begin
        self._backoff = backoff
        self._ready: OrderLine | None = None
        self._opening: OrderLine | None = None
        self._next_ns = 0  # none is begun before
        self.failures = 0
        self.problem = CleanText("")

    def lines(self) -> Iterator[OrderLine]:
        """Those that are to be polled."""
        if self._ready is not None:
            yield self._ready
        if self._opening is not None:
            yield self._opening

    def take(self, now_ns: int) -> OrderLine | None:
        """A line that is ready and was alive a moment ago; the next one is begun by the next `step`."""
        line, self._ready = self._ready, None
        if line is not None:
            line.advance(now_ns)
            if line.state == "ready":
                self._backoff.succeeded()
                self._next_ns = 0
                return line
        return None

    def hurry(self) -> None:
        """Somebody waits for one: no failure of before holds it up."""
        self._next_ns = 0

    def step(self, now_ns: int) -> None:
        """Go on with both, and begin another where one is wanted."""
        if self._ready is not None:
            self._ready.advance(now_ns)
            if self._ready.state != "ready":
                self._lost(self._ready, now_ns)
                self._ready = None
        if self._opening is not None:
            self._go_on_opening(self._opening, now_ns)
        if self._opening is None and self._is_wanted(now_ns) and now_ns >= self._next_ns:
            self._opening = self._begin(now_ns)
            self._go_on_opening(self._opening, now_ns)

    @property
    def due_ns(self) -> int | None:
        """When `step` has something to do by time alone; None: never."""
        dues = [each.due_ns for each in self.lines() if each is not self._ready]
        if self._ready is not None and self._opening is None:
            dues.append(max(self._next_ns, self._ready.ready_ns + round(RENEW_S * _NS)))
        if self._ready is None and self._opening is None:
            dues.append(self._next_ns)
        return min(dues, default=None)

    def close(self) -> None:
        """Give both up."""
        for line in self.lines():
            line.close()
        self._ready = self._opening = None

    def _is_wanted(self, now_ns: int) -> bool:
        return self._ready is None or now_ns - self._ready.ready_ns >= RENEW_S * _NS

    def _go_on_opening(self, line: OrderLine, now_ns: int) -> None:
        line.advance(now_ns)
        if line.state == "over":
            self._opening = None
            self.failures += 1
            self.problem = line.problem
            self._next_ns = now_ns + self._backoff.failed()
        elif line.state == "ready":
            if self._ready is not None:
                self._ready.close()
            self._ready, self._opening = line, None

    def _lost(self, line: OrderLine, now_ns: int) -> None:
        """A line that was ready is gone."""
        if now_ns - line.ready_ns < _SHORT_LIVED_S * _NS:
            self._next_ns = now_ns + self._backoff.failed()
        else:
            self._backoff.succeeded()
