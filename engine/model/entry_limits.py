"""What entries at a real broker may be at most. Plain data: a recording keeps it, so that a replay decides alike under any configuration."""

from decimal import Decimal

from msgspec import Struct


class EntryLimits(Struct, frozen=True, omit_defaults=True):
    """By [live] of the configuration; a limit that was not said allows nothing. `barred` is why nothing is bought at all ("" where it may).

    From `until_ms` (UTC; 0: nobody armed it) nothing is bought any more: an arming is of one session.
    """

    symbols: tuple[str, ...] = ()
    max_order_value: Decimal = Decimal(0)
    max_lots: int = 0
    max_open_positions: int = 0
    barred: str = ""
    until_ms: int = 0

    def why_none(self, now_ms: int) -> str:
        """Why nothing at all may be bought now; "" where something may."""
        if self.barred:
            return self.barred
        return "the arming has ended: arm again, and start again" if 0 < self.until_ms <= now_ms else ""
