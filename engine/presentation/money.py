"""Money as text."""

from decimal import ROUND_HALF_UP, Decimal

_PAISA = Decimal("0.01")


def money(value: Decimal) -> str:
    """`value` to two decimals, halves away from zero."""
    return str(value.quantize(_PAISA, ROUND_HALF_UP))
