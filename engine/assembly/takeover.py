"""What a run takes over from the one before: the account, its instruments, its locks. Knows the edges, starts nothing."""

from engine.journal import Opened
from engine.model.commands import Lock, Unlock
from engine.model.errors import InputError
from engine.model.events import StateKept
from engine.model.ports import TickSource
from engine.runtime import LOGGERS, Engine
from engine.runtime.effects import Effects
from engine.runtime.persistence import Persistence
from engine.runtime.replay.rewind import Rewind
from engine.trading.trading_state import symbols_of
from engine.venues.supply import LiveSupply


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


def take_over(opened: Opened, rewind: Rewind, persistence: Persistence, effects: Effects) -> None:
    """Go on with the account that was found, before the first event.

    Raises InputError when the account cannot be restored under the present configuration.
    """
    for line in opened.report:
        LOGGERS["engine"].warning("%s", line, extra={"keep": True})
    if opened.kept is not None:
        try:
            told = rewind.take_over(opened.kept)
        except ValueError as error:
            raise InputError(f"{error}; `myquant-tui flat` closes what is journalled") from error
        persistence.begin(opened.kept)
        for line in told:
            LOGGERS["engine"].warning("%s", line, extra={"keep": True})
    if opened.kept is not None or not opened.still_locked:
        persistence.begin_account(effects.now_ms)


def lock_as_found(engine: Engine, opened: Opened, *, unlock: bool) -> None:
    """Have entries locked where they were, or not, where the operator says `unlock`."""
    if opened.still_locked:
        engine.send(Unlock() if unlock else Lock(opened.still_locked))
