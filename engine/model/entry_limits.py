"""What entries at a real broker may be at most. Plain data: a recording keeps it, so that a replay decides alike under any configuration."""

from decimal import Decimal

from msgspec import Struct


class EntryLimits(Struct, frozen=True, omit_defaults=True):
    """By [live] of the configuration; a limit that was not said allows nothing. `barred` is why nothing is bought at all ("" where it may)."""

    symbols: tuple[str, ...] = ()
    max_order_value: Decimal = Decimal(0)
    max_lots: int = 0
    max_open_positions: int = 0
    barred: str = ""
