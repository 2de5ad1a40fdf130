"""Ticks of any source worked once through on paper, in this thread: no journal, no recorder, no clock, no screen. Prints nothing."""

from collections.abc import Callable
from functools import partial
from typing import Final

from engine.assembly.market_hours import MarketHours
from engine.backtest.stand_ins import Notes, silence
from engine.config import Config
from engine.model.clock import VirtualClock
from engine.model.events import AnyEvent
from engine.model.sources import TickSource
from engine.model.types import Instrument, Tick
from engine.recording import Header
from engine.recording.progress import Progress
from engine.runtime.cursor import NEVER, Cursor
from engine.runtime.publisher import Publisher
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated

_NEVER_MS: Final = 1 << 40  # between two snapshots that nobody looks at
_PROGRESS_TICKS: Final = 4096


class _NothingDue:
    """Nothing was recorded that is to be given."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def reached(self, _seq: int, _take: Callable[[Tick], None]) -> None:
        """Look for nothing more."""
        self._cursor.milestone = NEVER


def paper_parts(
    source: TickSource,
    config: Config,
    instruments: tuple[Instrument, ...],
    tag_prefix: str,
    hours: MarketHours,
    note: Callable[[Trader, AnyEvent], None] = lambda _trader, _event: None,
) -> tuple[TurnParts, Notes]:
    """What a turn over `source` is made of that trades on paper, its clock at the first tick; and the notes of what was booked."""
    first = next(iter(source.ticks()), None)
    trader = Trader(config, instruments, tag_prefix, hours)
    notes = Notes(partial(note, trader))
    parts = TurnParts(
        config,
        trader,
        VirtualClock(first.exch_ms * 1_000_000 if first else 0),
        Cursor(lossless=True),
        simulated,
        journal=notes,
        recorder=notes,
        keeps_account=False,
        inbox_size=1,
    )
    return parts, notes


def paper_pass(
    source: TickSource,
    config: Config,
    instruments: tuple[Instrument, ...],
    note: Callable[[Trader, AnyEvent], None],
    look: Callable[[Trader, Tick], None],
    progress: Progress | None = None,
) -> Trader:
    """Trade all of `source` on paper, from a fresh account on; the trader as it stands. Raises InputError.

    `note` is told of each event while the trader stands where it came about, `look` of each tick behind its turn.
    """
    header = getattr(source, "header", None)
    hours = MarketHours(config, "replay", header if isinstance(header, Header) else None)
    parts, _ = paper_parts(source, config, instruments, "R-", hours, note)
    trader = parts.trader
    turn = Turn(parts, lambda _: None, lambda: None, _NothingDue(parts.cursor), Publisher(lambda _: None, _NEVER_MS))
    read = getattr(source, "fraction_read", None)
    with silence():
        for tick in source.ticks():
            turn.take(tick)
            look(trader, tick)
            if progress is not None and read is not None and not tick.seq % _PROGRESS_TICKS:
                progress(read())
        turn.end()
    return trader
