"""Limits of entries that are in nobody's way: stories of their own are told of limits."""

from collections.abc import Iterable
from decimal import Decimal

from engine.model.entry_limits import EntryLimits
from engine.model.types import Instrument


def roomy(instruments: Iterable[Instrument]) -> EntryLimits:
    """Limits that allow anything of `instruments`."""
    return EntryLimits(tuple(each.symbol for each in instruments), Decimal(10**12), 10**6, 10**3)
