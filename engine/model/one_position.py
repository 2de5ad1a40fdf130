"""What may be done with one position, as rules that engine and screen share: half of it, and where its stop may be moved to."""

from engine.model.types import Instrument


def half_of(quantity: int, lot_size: int) -> int:
    """Half of `quantity`, down to whole lots; 0 where that is none."""
    return quantity // lot_size // 2 * lot_size


def acting_stop(stop: int, trail_stop: int | None) -> int:
    """The higher of stop and trailing stop: the one that a falling price comes to first."""
    return stop if trail_stop is None else max(stop, trail_stop)


def stop_objection(instrument: Instrument, wanted: int, stop: int, trail_stop: int | None, last: int) -> str:
    """Why the stop of a position cannot be moved to `wanted`; empty when it can: it only comes nearer to the price, and stays below it."""
    text, acting = instrument.price_text, acting_stop(stop, trail_stop)
    if wanted % instrument.tick_size:
        return f"{text(wanted)} is no multiple of the tick size {text(instrument.tick_size)}"
    if wanted <= acting:
        which = "trailing stop" if acting != stop else "stop"
        return f"{text(wanted)} is not above the {which} at {text(acting)}: it only moves towards the price"
    if wanted >= last:
        return f"{text(wanted)} is not below the last price {text(last)}"
    if wanted < instrument.lowest_price:
        return f"{text(wanted)} is below every price there can be"
    return ""
