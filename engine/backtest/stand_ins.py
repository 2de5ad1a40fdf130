"""What stands where journal, recorder and log would, when a recording is worked in this thread alone."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.model.events import AnyEvent, FillBooked, TradeClosed
from engine.model.marks import EventMark, Mark
from engine.model.types import Fill, Tick, Trade
from engine.text.sanitize import CleanText


class Notes:
    """Stands where a journal and a recorder would: notes entries and exits, and each exit as a recording would have it.

    All of them: the report of `verify` names every one. `also` is told of each event.
    """

    path = Path()
    problem = CleanText("")
    broken = False
    waiting = durable = kept = 0

    def __init__(self, also: Callable[[AnyEvent], None] | None = None) -> None:
        self.booked: list[Fill | Trade] = []
        self.exits: list[tuple[int, str]] = []
        self._also = also

    def write(self, event: AnyEvent) -> int:
        """Take an event."""
        if isinstance(event, FillBooked) and event.fill.side == "BUY":
            self.booked.append(event.fill)
        elif isinstance(event, TradeClosed):
            self.booked.append(event.trade)
        if self._also is not None:
            self._also(event)
        return 0

    def mark(self, mark: Mark) -> None:
        """Take a mark."""
        if isinstance(mark, EventMark) and mark.kind == "fill":
            self.exits.append((mark.ticks, mark.text))

    def tick(self, tick: Tick) -> None:
        """Keep no tick."""

    def turn_over(self) -> bool:
        """There is no file."""
        return False

    def rewind(self, ticks: int) -> None:
        """Nothing goes back here."""

    def renew(self, account: AnyEvent | None) -> None:
        """There is no file that could be lost."""

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Nothing is written, so nothing is awaited."""
        return number <= 0 or timeout_s <= 0

    def close(self, outcome: str = "", *, fault: bool = False, account: AnyEvent | None = None) -> None:
        """Nothing is open."""


@contextmanager
def silence() -> Iterator[None]:
    """Within: what the turn logs goes nowhere."""
    root = logging.getLogger("myquant")
    nowhere, propagated = logging.NullHandler(), root.propagate
    root.addHandler(nowhere)
    root.propagate = False
    try:
        yield
    finally:
        root.removeHandler(nowhere)
        root.propagate = propagated
