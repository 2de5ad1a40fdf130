"""Candles as ticks: four of each, in the order that its colour suggests. Knows no file."""

from itertools import pairwise
from typing import Final

from engine.model.errors import InputError
from engine.model.types import FLAG_STAMP_NS, Tick

_DAY_NS: Final = 86_400_000_000_000
_MINUTE_NS: Final = 60_000_000_000
_MS: Final = 1_000_000


def period_of(stamps_ns: list[int]) -> int:
    """How long the candles that begin at these times are; raises InputError for days and longer."""
    steps = [abs(later - earlier) for earlier, later in pairwise(stamps_ns) if later != earlier]
    period_ns = min(steps, default=_MINUTE_NS)
    if period_ns >= _DAY_NS:
        raise InputError("--candles: the rows are a day apart or more; read them by their close, with --at 15:30")
    return period_ns


def at_the_end(stamps_ns: list[int], period_ns: int) -> bool:
    """Whether candles bear the last second of their time, as 09:15:59 for that of 09:15."""
    return (
        period_ns % _MINUTE_NS == 0 and bool(stamps_ns) and all(each % _MINUTE_NS == 59 * 10**9 for each in stamps_ns)
    )


def ticks_of(
    row: int, instrument: int, begin_ns: int, period_ns: int, prices: tuple[int, int, int, int], quantity: int
) -> list[Tick]:
    """Open, low, high, close of a candle that rose, open, high, low, close of one that fell, over its time; the quantity shared out."""
    opened, high, low, close = prices
    order = (opened, low, high, close) if close >= opened else (opened, high, low, close)
    share = quantity // 4
    ticks = []
    for place, price in enumerate(order):
        at_ns = begin_ns + (place * period_ns // 3 if place < 3 else max(0, period_ns - _MS))
        part = share if place < 3 else quantity - 3 * share
        ticks.append(Tick(row, instrument, FLAG_STAMP_NS, at_ns, 0, at_ns // _MS, 0, price, part, 0))
    return ticks
