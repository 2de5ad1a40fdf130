"""Money as scripts and spreadsheets read it."""

from decimal import ROUND_HALF_UP, Decimal

_PAISA = Decimal("0.01")


def plain_money(value: Decimal) -> str:
    """`value` as `-4342.00`: two decimals, no grouping; halves away from zero."""
    return str(value.quantize(_PAISA, ROUND_HALF_UP))
