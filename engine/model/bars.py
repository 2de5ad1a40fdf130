"""Bars: what an instrument's prices did in a stretch of time, for charts. Plain tuples, since a day has many. Pure.

A bar is `(at_ms, open, high, low, close, volume, stop, *lines)`: when its stretch began (UTC), prices in minor units, what
was traded in it; then, as they were at its end, the stop of the open position and the values of the strategy's lines, each
`NOTHING` where there was none. A screen may be given shorter ones, or `(at_ms, price)`.
"""

from collections.abc import Iterable
from typing import Final

Bar = tuple[int, ...]
AT: Final = 0
OPEN: Final = 1
HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
VOLUME: Final = 5
STOP: Final = 6
LINES: Final = 7  # the first of them
NOTHING: Final = -(2**62)


def merged(bars: Iterable[Bar], step_ms: int, origin_ms: int = 0) -> list[Bar]:
    """`bars` (rising in time) in stretches of `step_ms` that are counted from `origin_ms`; every high and low survives."""
    found: list[Bar] = []
    running: list[int] = []
    end_ms = 0
    for bar in bars:
        if running and bar[AT] < end_ms:
            if bar[HIGH] > running[HIGH]:
                running[HIGH] = bar[HIGH]
            if bar[LOW] < running[LOW]:
                running[LOW] = bar[LOW]
            running[CLOSE] = bar[CLOSE]
            running[VOLUME] += bar[VOLUME]
            running[STOP:] = bar[STOP:]
            continue
        if running:
            found.append(tuple(running))
        begin_ms = bar[AT] - (bar[AT] - origin_ms) % step_ms
        end_ms = begin_ms + step_ms
        running = [begin_ms, *bar[OPEN:]]
    if running:
        found.append(tuple(running))
    return found
