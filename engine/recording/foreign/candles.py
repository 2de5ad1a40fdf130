"""Candles as ticks: four of each, in the order that its colour suggests. Knows no file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from engine.model.errors import InputError
from engine.model.types import FLAG_STAMP_NS, Tick

_DAY_NS: Final = 86_400_000_000_000
_MINUTE_NS: Final = 60_000_000_000
_MS: Final = 1_000_000


def period_of(stamps_ns: Iterable[Sequence[int]]) -> int:
    """How long the candles are that begin at these times, those of each symbol apart; raises InputError where that is not clear.

    It is the step that most follow each other by. Steps of several times as much are holes; what most steps contradict is
    no period, nor is one that is not every symbol's: a close that is told too early were known before its time.
    """
    steps = [Counter(later - earlier for earlier, later in pairwise(sorted(set(each)))) for each in stamps_ns]
    clear = {step for each in steps for step, count in _commonest(each) if count > 1 and 2 * count >= each.total()}
    if len(clear) > 1:
        shortest, longest = period_text(min(clear)), period_text(max(clear))
        raise InputError(f"--candles: some symbols have candles of {shortest}, others of {longest}; one file for each")
    together: Counter[int] = sum(steps, Counter())
    period_ns = next(iter(clear), 0) or next((step for step, _ in _commonest(together)), _MINUTE_NS)
    if period_ns >= _DAY_NS:
        raise InputError("--candles: the rows are a day apart or more; read them by their close, with --at 15:30")
    agreeing = sum(count for step, count in together.items() if step % period_ns == 0)
    if 2 * agreeing < together.total():
        raise InputError(
            f"--candles: most often {period_text(period_ns)} lie between two rows, and of {together.total():,} steps "
            f"{agreeing:,} agree with that; allowed: candles of one length; without --candles they are read by their close"
        )
    return period_ns


def _commonest(steps: Counter[int]) -> list[tuple[int, int]]:
    """The step there is most of, the shortest of several, and how often; nothing where there is none."""
    return sorted(steps.items(), key=lambda each: (-each[1], each[0]))[:1]


def period_text(period_ns: int) -> str:
    """`15 min`, `1 h`, `30 s`."""
    for unit_ns, unit in ((60 * _MINUTE_NS, "h"), (_MINUTE_NS, "min")):
        if period_ns % unit_ns == 0:
            return f"{period_ns // unit_ns} {unit}"
    return f"{period_ns / 1e9:g} s"


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
