"""Prices and accounts over time in few bytes, for a page: steps of time and value as variable-length numbers, in base64. Pure.

A step is one number, zigzag(step of value) × 4 + min(step of time, 3), and where that is 3 another one, what time went beyond.
A tick of an option so takes little more than a byte.
"""

from array import array
from base64 import b64encode
from collections.abc import Sequence
from math import gcd
from operator import sub
from typing import Any, Final

_FEW_DAYS: Final = 5  # up to here every tick is there
_STRETCH_MS: Final = 5_000  # beyond, highest and lowest of each stretch
_ACCOUNT_MS: Final = 60_000
_LEAST_STEP: Final = 3  # of time, which is told by a number of its own


def varint(value: int, into: bytearray) -> None:
    """Put a number ≥ 0 into bytes of seven bits, the lowest first."""
    while value > 127:
        into.append(value & 127 | 128)
        value >>= 7
    into.append(value)


def encoded(at_ms: Sequence[int], values: Sequence[int]) -> dict[str, Any]:
    """Moments and values as `{n, t, v, tu, vu, b}`: count, the first of both, the units of steps, the steps."""
    times, steps = list(map(sub, at_ms[1:], at_ms)), list(map(sub, values[1:], values))
    time_unit, value_unit = gcd(*times) or 1, gcd(*steps) or 1
    packed = bytearray()
    for time, step in zip(times, steps, strict=True):
        # Time that goes back, as the filter of ticks allows by a second, stands still here.
        forward, by = time // time_unit if time > 0 else 0, step // value_unit
        code = (8 * by if by >= 0 else -8 * by - 4) + (forward if forward < _LEAST_STEP else _LEAST_STEP)
        if code < 128:
            packed.append(code)
        else:
            varint(code, packed)
        if forward >= _LEAST_STEP:
            varint(forward - _LEAST_STEP, packed)
    first = (at_ms[0], values[0]) if values else (0, 0)
    return {
        "n": len(values),
        "t": first[0],
        "v": first[1],
        "tu": time_unit,
        "vu": value_unit,
        "b": b64encode(packed).decode(),
    }


def extremes(
    at_ms: Sequence[int], values: Sequence[int], stretch_ms: int = _STRETCH_MS
) -> tuple["array[int]", "array[int]"]:
    """Of each stretch of time highest and lowest, in the order in which they came."""
    times, kept = array("q"), array("q")
    begin = 0
    while begin < len(values):
        end, until_ms = begin + 1, at_ms[begin] + stretch_ms
        while end < len(values) and at_ms[end] < until_ms:
            end += 1
        part = range(begin, end)
        low, high = min(part, key=values.__getitem__), max(part, key=values.__getitem__)
        for place in sorted({low, high}):
            times.append(at_ms[place])
            kept.append(values[place])
        begin = end
    return times, kept


def is_exact(days: int) -> bool:
    """Whether a page of so many days has every tick."""
    return days <= _FEW_DAYS


def account_points(at_ms: Sequence[int], values: Sequence[int], *, exact: bool) -> tuple[Sequence[int], Sequence[int]]:
    """The account for a page, by the minute where there are many days."""
    return (at_ms, values) if exact else extremes(at_ms, values, _ACCOUNT_MS)
