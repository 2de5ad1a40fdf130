"""What a run takes over from the one before: the account, its instruments, its locks. Knows the edges, starts nothing."""

import time

from engine.journal import Opened
from engine.model.commands import Lock, Unlock
from engine.model.errors import InputError
from engine.model.events import StateKept, TradeClosed
from engine.model.marks import StartMark
from engine.model.sources import TickSource
from engine.runtime import LOGGERS, Engine
from engine.runtime.turn_parts import TurnParts
from engine.text.sanitize import CleanText
from engine.trading.kept_account import symbols_of
from engine.venues.supply import LiveSupply

_AT_ITS_BEGINNING_MS = 60_000  # who comes so early has the whole day


def widened(source: TickSource | LiveSupply, kept: StateKept | None) -> TickSource | LiveSupply:
    """Return `source` with the instruments that `kept` still holds; raises UserError where that cannot be."""
    if kept is None:
        return source
    try:
        held = symbols_of(kept).values()
    except ValueError as error:
        raise InputError(f"{error}; `myquant-tui flat` closes what is journalled") from error
    listed = {instrument.symbol for instrument in source.instruments}
    missing = tuple(symbol for symbol in held if symbol not in listed)
    if not missing:
        return source
    if isinstance(source, LiveSupply):
        LOGGERS["engine"].warning("subscribing %s as well: the last run holds it", ", ".join(missing))
        return source.with_more(missing)
    names = ", ".join(missing)
    raise InputError(f"the last run holds {names}, which this source has not: list it in feed.symbols, or flatten it")


def held_symbols(kept: StateKept | None) -> frozenset[str]:
    """The instruments that `kept` holds or has on order; none where it is not sound, which `widened` tells."""
    try:
        return frozenset() if kept is None else frozenset(symbols_of(kept).values())
    except ValueError:
        return frozenset()


def take_over(opened: Opened, parts: TurnParts) -> None:
    """Go on with the account that was found, before the first event.

    Raises InputError when the account cannot be restored under the present configuration.
    """
    for line in opened.report:
        LOGGERS["engine"].warning("%s", line, extra={"keep": True})
    if opened.untold is not None:  # under the numbers of the run that could not write it
        parts.persistence.keep(TradeClosed(opened.untold))
    if opened.kept is not None:
        try:
            told = parts.rewind.take_over(opened.kept)
        except ValueError as error:
            raise InputError(f"{error}; `myquant-tui flat` closes what is journalled") from error
        parts.exits.resume(opened.exits, opened.kept.symbols)
        parts.persistence.mark(StartMark(opened.kept))
        parts.receipt.resume(time.perf_counter_ns())
        for line in told:
            LOGGERS["engine"].warning("%s", line, extra={"keep": True})
    if opened.kept is not None or not opened.still_locked:
        parts.persistence.begin_account(parts.effects.now_ms)


def began_within_day(parts: TurnParts, *, live: bool) -> int:
    """The present moment, where a session is under way, else 0: what is counted from now on is not of the whole day.

    A source that is played begins within its day only where it goes on with an account of that day.
    """
    now_ms, seen = parts.market_clock.now_ms, parts.exits.statistics.day.date
    days = [hours.day_of(now_ms) for hours in parts.trader.state.markets.values()]
    under_way = any(
        day.start_ms + _AT_ITS_BEGINNING_MS < now_ms <= day.end_ms and (live or day.date.isoformat() == seen)
        for day in days
    )
    return now_ms if under_way else 0


def lock_as_found(engine: Engine, opened: Opened, always: CleanText, *, unlock: bool) -> None:
    """Have entries locked where they were, or not, where the operator says `unlock`; `always` is why they are in any case ("": they are not)."""
    if opened.still_locked or always:
        engine.send(Unlock() if unlock else Lock(opened.still_locked or always))
