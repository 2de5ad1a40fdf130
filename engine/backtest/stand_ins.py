"""What stands where journal, recorder, log and whoever looks would, when ticks are worked in this thread alone; and its turn."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.config import Config
from engine.model.clock import VirtualClock
from engine.model.events import AnyEvent, FillBooked, TradeClosed
from engine.model.marks import EventMark, Mark
from engine.model.types import Fill, Tick, Trade
from engine.runtime.cursor import NEVER, Cursor
from engine.runtime.publisher import Publisher
from engine.runtime.turn import AfterTick, Turn
from engine.runtime.turn_parts import MakeBroker, TurnParts
from engine.text.sanitize import CleanText
from engine.trading.trader import Trader

_NEVER_MS: Final = 1 << 40  # between two snapshots that nobody looks at


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


class NothingDue:
    """Nothing was recorded that is to be given after a tick."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def reached(self, _seq: int, _take: Callable[[Tick], None]) -> None:
        """Look for nothing more."""
        self._cursor.milestone = NEVER


def lone_parts(config: Config, trader: Trader, first: Tick | None, make_broker: MakeBroker, notes: Notes) -> TurnParts:
    """What a turn of this thread alone is made of, its clock at the `first` tick."""
    return TurnParts(
        config,
        trader,
        VirtualClock(first.exch_ms * 1_000_000 if first else 0),
        Cursor(lossless=True),
        make_broker,
        journal=notes,
        recorder=notes,
        keeps_account=False,
        inbox_size=1,
    )


def lone_turn(parts: TurnParts, after: AfterTick) -> Turn:
    """The turn itself: nobody sends a command, nobody looks."""
    return Turn(parts, lambda _: None, lambda: None, after, Publisher(lambda _: None, _NEVER_MS))


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
