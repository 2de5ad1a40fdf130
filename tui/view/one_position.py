"""One position as the operator deals with it: which is chosen, what may be done with it, which command that is. Pure."""

import re
from decimal import Decimal

from engine import (
    AllowEntries,
    BarEntries,
    ClosePosition,
    Instrument,
    MoveStop,
    OpenPosition,
    PositionCommand,
    PositionState,
    SignedCommand,
    Snapshot,
    half_of,
    stop_objection,
)
from engine.presentation import format as text

_LONGEST = 24  # of a typed price
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+")


def held_in(seen: Snapshot, index: int) -> OpenPosition | None:
    """What is held of instrument number `index`."""
    return next((each for each in seen.positions if each.state.instrument == index and each.state.quantity), None)


def is_barred(seen: Snapshot, index: int) -> bool:
    """Whether the operator wants no new entries in instrument number `index`."""
    return index in seen.entries.barred


def percent(position: OpenPosition, instrument: Instrument) -> str:
    """What the position would win, net as its rupees are, of what was paid for it: `+0.08`; a dash where nobody knows the last price."""
    paid = abs(instrument.money(position.state.entry_price * position.state.quantity))
    return text.percent(float(position.open_pnl), float(paid) if position.last > 0 else 0.0)


def in_reach(state: PositionState, level: int, instrument: Instrument) -> int | None:
    """`level`, where a price can come to it: none is below one tick, where none is negative."""
    return (
        level
        if instrument.lowest_price <= 0 or level >= instrument.tick_size or (level and state.quantity < 0)
        else None
    )


def nearest_stop(state: PositionState, instrument: Instrument) -> int:
    """The stop that a price comes to first; 0 where there is none."""
    stop = max(state.stop, state.trail_stop or 0) if state.quantity > 0 else state.stop
    return in_reach(state, stop, instrument) or 0


def refused(seen: Snapshot, fired_after: int) -> bool:
    """Whether the engine refused what was fired behind its action number `fired_after` (-1: nothing was fired)."""
    action = seen.action
    return fired_after >= 0 and action is not None and action.number > fired_after and action.word == "REFUSED"


# ── What is asked for ───────────────────────────────────────────────────────────────────────────────────────────────


def sale(seen: Snapshot, index: int, *, half: bool) -> ClosePosition | str:
    """The command that closes the position in instrument number `index`, or half of it; or why there is none."""
    position, instrument = held_in(seen, index), text.instrument_at(seen, index)
    if position is None:
        return f"nothing of {instrument.symbol} is held"
    state = position.state
    if half and not half_of(state.quantity, instrument.lot_size):
        return "it is one lot, which has no half: c closes it"
    half_quantity = state.quantity if half else 0
    return ClosePosition(instrument.symbol, state.entry_ms, state.entry_price, half_quantity)


def stop_at(seen: Snapshot, index: int, typed: str) -> MoveStop | str:
    """The command that moves the stop to what was `typed`: a price, or so many points below the last (`7.5p`); or why there is none."""
    position, instrument = held_in(seen, index), text.instrument_at(seen, index)
    if position is None:
        return f"nothing of {instrument.symbol} is held"
    wanted = _price(instrument, typed, position.last)
    if isinstance(wanted, str):
        return wanted
    state = position.state
    why = stop_objection(instrument, wanted, state.stop, state.trail_stop, position.last)
    return why or MoveStop(instrument.symbol, state.entry_ms, state.entry_price, wanted)


def _price(instrument: Instrument, typed: str, last: int) -> int | str:
    """What was typed in minor units."""
    words = typed.strip().lower().replace(",", "")
    points = words.endswith("p")
    minor = _minor(words.removesuffix("p").strip(), instrument.price_scale)
    if minor is None:
        return f"'{typed:.24}' is no price like 152.50, and no distance in points like 7.5p"
    return last - minor if points else minor


def _minor(words: str, price_scale: int) -> int | None:
    """The number in `words` in minor units; None where it is none, or finer than they are."""
    if not _NUMBER.fullmatch(words) or len(words) > _LONGEST:
        return None
    minor = Decimal(words) * price_scale
    return None if minor % 1 else int(minor)


def bar(seen: Snapshot, index: int) -> BarEntries | AllowEntries:
    """The command that bars entries in instrument number `index`; where they are barred that lifts it."""
    symbol = text.instrument_at(seen, index).symbol
    return AllowEntries(symbol) if is_barred(seen, index) else BarEntries(symbol)


def quantity_of(seen: Snapshot, index: int, command: PositionCommand) -> int:
    """How much `command` would sell now; 0 where the position that it is meant for is gone, or it sells nothing."""
    position = held_in(seen, index)
    if position is None or not isinstance(command, ClosePosition) or not is_meant(position, command):
        return 0
    left = max(0, position.state.quantity - position.exiting)
    return half_of(left, text.instrument_at(seen, index).lot_size) if command.half_of else left


def is_meant(position: OpenPosition, command: ClosePosition | MoveStop) -> bool:
    """Whether `position` is the one that `command` is meant for."""
    state = position.state
    return (state.entry_ms, state.entry_price) == (command.entry_ms, command.entry_price)


def title(seen: Snapshot, index: int, command: SignedCommand | None) -> str:
    """What the dialog is called: the action and the symbol."""
    instrument = text.instrument_at(seen, index)
    match command:
        case ClosePosition(half_of=0):
            action = "CLOSE"
        case ClosePosition():
            action = "HALF"
        case MoveStop(stop=stop):
            action = f"STOP TO {text.price(instrument, stop)}"
        case BarEntries():
            action = "NO NEW ENTRIES"
        case AllowEntries():
            action = "ALLOW ENTRIES"
        case _:
            action = "POSITION" if held_in(seen, index) else "INSTRUMENT"
    return f"{action} {instrument.symbol}"
