"""Numbers in text to exact integers, strictly: plain ASCII decimals and nothing else. Knows no file."""

import re

_DECIMAL = re.compile(rb"([+-]?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")
MAX_MINOR = 10**18  # well inside 64 bits, and clear of the sentinels for a missing price


def to_minor(text: bytes, scale: int, divisor: int = 1, snap: int = 0) -> int:
    """`text` / `divisor` in units of 1/`scale`, exactly.

    What is finer than that is rounded to the nearest multiple of `snap`, half up; with `snap` 0 it is an error. Raises
    ValueError, without text for what is no number at all.
    """
    match = _DECIMAL.fullmatch(text)
    if not match:
        raise ValueError
    sign, whole, fraction = match.groups(b"")
    above = int(whole + fraction) * scale
    below: int = 10 ** len(fraction) * divisor
    if sign == b"-":
        above = -above
    minor, rest = divmod(above, below)
    if rest:
        if not snap:
            raise ValueError(f"finer than 1/{scale}")
        minor = (2 * above + below * snap) // (2 * below * snap) * snap
    if abs(minor) > MAX_MINOR:
        raise ValueError("too large")
    return minor
