"""What an entry at a real broker may be, by the limits of its run. Pure; what closes a position knows none."""

from typing import Final

from engine.model.entry_limits import EntryLimits
from engine.model.types import Instrument

AT_MOST_PERCENT: Final = 101  # of the price it was decided at: an entry may go so far


def entry_objection(limits: EntryLimits, instrument: Instrument, taken: int) -> str:
    """Why nothing of `instrument` may be bought while `taken` others are held or on their way; "" where it may."""
    if instrument.symbol not in limits.symbols:
        return "not among live.symbols"
    most = limits.max_open_positions
    return "" if taken < most else f"live.max_open_positions: {most} {'is' if most == 1 else 'are'} open"


def largest_entry(limits: EntryLimits, instrument: Instrument, quantity: int, price: int) -> int:
    """As much of `quantity`, in whole lots, as one entry decided at `price` (minor units) may buy."""
    lots = min(quantity // instrument.lot_size, limits.max_lots)
    lot_value = instrument.money(price * instrument.lot_size) * AT_MOST_PERCENT / 100
    if lots and lot_value * lots > limits.max_order_value:
        lots = int(limits.max_order_value / lot_value)
    return lots * instrument.lot_size
