"""Money as a person reads it, grouped as the country does, and as scripts and spreadsheets do. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Final

NOTHING: Final = "-"  # where there is no value
_PAISA = Decimal("0.01")
_LAKHS_IN = frozenset({"Asia/Kolkata", "Asia/Calcutta"})  # zones in which rupees are counted
_EXACT_BELOW = Decimal("1e24")


def plain_money(value: Decimal) -> str:
    """`value` as `-4342.00`: two decimals, no grouping; halves away from zero."""
    return str(value.quantize(_PAISA, ROUND_HALF_UP))


def grouped(value: Decimal | float, zone: str, sign: bool = False) -> str:
    """A currency value as `1,02,874.45` where rupees are counted, else as `102,874.45`; with `sign` as `+4,342.00`.

    Two decimals always; zero has no sign.
    """
    if not isfinite(value):
        return NOTHING
    if isinstance(value, Decimal) and abs(value) < _EXACT_BELOW:
        value = value.quantize(_PAISA, ROUND_HALF_UP)
    text = _in_lakhs(f"{abs(value):.2f}") if zone in _LAKHS_IN else f"{abs(value):,.2f}"
    if not text.strip("0."):
        return text
    return f"{'-' if value < 0 else '+' if sign else ''}{text}"


def _in_lakhs(digits: str) -> str:
    """`12400000.00` as `1,24,00,000.00`: the last three digits are a group, those before them go in pairs."""
    pairs, last = digits[:-6], digits[-6:]
    odd = len(pairs) % 2
    parts = [pairs[:odd]] * odd + [pairs[at : at + 2] for at in range(odd, len(pairs), 2)]
    return ",".join([*parts, last])
