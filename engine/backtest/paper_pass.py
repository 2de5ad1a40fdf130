"""Ticks of any source worked once through on paper, in this thread: no journal, no recorder, no clock, no screen. Prints nothing."""

from collections.abc import Callable
from functools import partial
from typing import Final

from engine.assembly.market_hours import MarketHours
from engine.backtest.stand_ins import Notes, NothingDue, lone_parts, lone_turn, silence
from engine.config import Config
from engine.model.events import AnyEvent
from engine.model.sources import TickSource
from engine.model.types import Instrument, Tick
from engine.recording import Header
from engine.recording.progress import Progress
from engine.runtime.turn_parts import TurnParts
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated

_PROGRESS_TICKS: Final = 4096


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
    return lone_parts(config, trader, first, simulated, notes), notes


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
    turn = lone_turn(parts, NothingDue(parts.cursor))
    read = getattr(source, "fraction_read", None)
    with silence():
        for tick in source.ticks():
            turn.take(tick)
            look(trader, tick)
            if progress is not None and read is not None and not tick.seq % _PROGRESS_TICKS:
                progress(read())
        turn.end()
    return trader
