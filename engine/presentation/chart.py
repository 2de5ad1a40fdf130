"""Where times and prices lie on a chart: round ends and steps for both axes, the path in columns, candles. Pure.

A screen draws it in cells, a report in pixels: a dot here is whatever they have.
"""

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.model.bars import AT, CLOSE, HIGH, LINES, LOW, NOTHING, OPEN, STOP, VOLUME, Bar, merged
from engine.model.types import Trade

_DAY_S: Final = 86_400
_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1800, 3600)  # of a dot column
_ROUND_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, _DAY_S)
_CANDLES_S: Final = (5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, _DAY_S)
_HUGE: Final = 10**20
_HELD_MS: Final = 60_000  # so long a path goes on without a new price; what is longer is a hole in it
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HIGH_OF: Final = itemgetter(HIGH)
_LOW_OF: Final = itemgetter(LOW)


class Scale(Struct, frozen=True):
    """Where a time and a price lie on a canvas of `across` × `down` dots; a dot column is `step_ms` long.

    Both axes have round ends, so that the picture grows to the right and seldom moves: a moving one costs bytes.
    """

    first_ms: int
    step_ms: int
    low: int
    high: int
    across: int
    down: int

    def x(self, ms: int) -> int:
        """Dot column of a time; off the canvas for one outside."""
        return (ms - self.first_ms) // self.step_ms

    def y(self, price: int) -> int:
        """Dot row of a price (0 = top); off the canvas for one outside."""
        return (self.high - price) * (self.down - 1) // max(1, self.high - self.low)


class Column(Struct, frozen=True):
    """What a column of dots shows: highest, lowest and newest price of its stretch of time."""

    high: int
    low: int
    close: int


class Candle(Struct, frozen=True):
    """One candle: when it began, and its four prices."""

    at_ms: int
    open: int
    high: int
    low: int
    close: int


# ── Prices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def price_range(low: int, high: int, levels: Sequence[int]) -> tuple[int, int]:
    """Lowest and highest price shown; a level is taken in unless it would flatten the path by more than half."""
    room = max(high - low, 2)
    near = [level for level in levels if low - room // 2 <= level <= high + room // 2]
    low, high = min([low, *near]), max([high, *near])
    step = round_step((high - low) // 8)
    low, high = low // step * step, -(-high // step) * step
    return (low - 1, high + 1) if low == high else (low, high)


def steady(wanted: tuple[int, int], before: tuple[int, int] | None) -> tuple[int, int]:
    """The range that was shown `before`, while all that is wanted lies in it and fills three quarters; else `wanted`.

    A level that comes and goes with its position would else move the whole picture twice.
    """
    if before is None or wanted[0] < before[0] or wanted[1] > before[1]:
        return wanted
    return before if 4 * (wanted[1] - wanted[0]) >= 3 * (before[1] - before[0]) else wanted


def round_step(size: int) -> int:
    """The largest of 1, 2, 5, 10, 20, 50 … that is not above `size`, at least 1."""
    if size < 2:
        return 1
    power: int = 10 ** (len(str(size)) - 1)
    return power * (5 if size >= 5 * power else 2 if size >= 2 * power else 1)


def axis_step(span: int, most: int, grid: int = 1) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is whole steps of `grid` and goes at most `most` times into `span`.

    Of a grid that divides no power of ten, its own multiples.
    """
    times = grid if _HUGE % grid else 1
    power = 1
    while True:
        for step in (times * power, times * 2 * power, times * 5 * power):
            if step % grid == 0 and span <= step * most:
                return step
        power *= 10


def price_marks(low: int, high: int, most: int, grid: int = 1) -> list[int]:
    """Round prices between `low` and `high`, highest first: at most about `most`, on the instrument's grid."""
    step = axis_step(high - low, max(1, most - 1), grid)
    return list(range(high // step * step, low - 1, -step))


def spread(rows: Sequence[int], room: int) -> list[int]:
    """Rows of `room`, rising, moved apart as little as needed so that no two are the same; there must be room for all."""
    found: list[int] = []
    for row in rows:
        found.append(max(row, found[-1] + 1) if found else row)
    most = room - 1
    for number in range(len(found) - 1, -1, -1):
        found[number] = min(found[number], most)
        most = found[number] - 1
    return found


# ── Times ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def time_step(span_ms: int, across: int) -> int:
    """How long a dot column is, so that `span_ms` has room in one less than `across` columns."""
    for step_s in _STEPS_S:
        if span_ms < (across - 1) * step_s * 1000:
            return step_s * 1000
    step_ms = _STEPS_S[-1] * 1000
    while span_ms >= (across - 1) * step_ms:
        step_ms *= 2
    return step_ms


@lru_cache(maxsize=64)
def _offset_ms(hour: int, zone: str) -> int:
    """How far the clocks of `zone` are ahead of UTC in that hour since the epoch."""
    try:
        offset = (_EPOCH + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).utcoffset()
    except (ValueError, OSError, KeyError, OverflowError):  # no such zone, no such year
        return 0
    return int(offset / timedelta(milliseconds=1)) if offset else 0


def time_marks(first_ms: int, last_ms: int, least_ms: int, zone: str) -> list[int]:
    """Round times of the clocks of `zone`, at least `least_ms` apart: of whole minutes, hours, days."""
    round_s = next((each for each in _ROUND_S if each * 1000 >= least_ms), 0)
    apart_ms = round_s * 1000 or axis_step(least_ms, 1, _DAY_S * 1000)
    ahead_ms = _offset_ms(first_ms // 3_600_000, zone)
    begin_ms = -(-(first_ms + ahead_ms) // apart_ms) * apart_ms - ahead_ms
    return list(range(begin_ms, last_ms + 1, apart_ms))


def midnight(ms: int, zone: str) -> int:
    """When the day of `ms` began by the clocks of `zone`."""
    ahead_ms = _offset_ms(ms // 3_600_000, zone)
    return (ms + ahead_ms) // (_DAY_S * 1000) * _DAY_S * 1000 - ahead_ms


def step_word(step_ms: int) -> str:
    """How long a step is: `30 s`, `5 min`, `2 h`, `1 d`."""
    for unit, unit_ms in (("d", _DAY_S * 1000), ("h", 3_600_000), ("min", 60_000)):
        if step_ms % unit_ms == 0:
            return f"{step_ms // unit_ms} {unit}"
    return f"{step_ms // 1000} s"


# ── The path ────────────────────────────────────────────────────────────────────────────────────────────────────────


def known_at(bars: tuple[Bar, ...], at_ms: int) -> tuple[Bar, ...]:
    """Those of the bars that had begun at `at_ms`; the first always."""
    over = len(bars)
    while over > 1 and bars[over - 1][AT] > at_ms:
        over -= 1
    return bars[:over]


def up_to_now(bars: tuple[Bar, ...], at_ms: int, price: int) -> tuple[Bar, ...]:
    """The bars as they were at `at_ms`, whose price stands beside them: they may be older, or were asked for a moment later."""
    if not bars:
        return bars
    *before, last = known_at(bars, at_ms)
    changed = list(last)
    changed[HIGH], changed[LOW], changed[CLOSE] = max(last[HIGH], price), min(last[LOW], price), price
    return (*before, tuple(changed))


def newest(bars: Sequence[Bar]) -> tuple[int, int]:
    """When the newest bar began, and its price."""
    return bars[-1][AT], bars[-1][CLOSE]


def past(bars: tuple[Bar, ...]) -> tuple[object, ...]:
    """All of the bars but what a price of now changes: high, low and close of the newest."""
    return bars[:-1], bars[-1][:HIGH], bars[-1][VOLUME:]


def settled(bars: Sequence[Bar], scale: Scale) -> int:
    """How many of the bars stand in columns before the newest, which no price of now can change."""
    count = len(bars)
    column = scale.x(bars[-1][AT]) if bars else 0
    while count and scale.x(bars[count - 1][AT]) >= column:
        count -= 1
    return count


def has_volume(bars: Sequence[Bar]) -> bool:
    """Whether anybody told how much was traded."""
    return any(bar[VOLUME] for bar in bars)


def extremes(bars: Sequence[Bar]) -> tuple[int, int]:
    """Lowest and highest price of them."""
    return min(map(_LOW_OF, bars)), max(map(_HIGH_OF, bars))


def columns(bars: Sequence[Bar], scale: Scale) -> list[Column | None]:
    """What each dot column shows: between two bars the price as it stood, None where nothing is known. No high or low is lost."""
    found: list[Column | None] = [None] * scale.across
    for bar in merged(bars, scale.step_ms, scale.first_ms):
        x = scale.x(bar[AT])
        if 0 <= x < scale.across:
            found[x] = Column(bar[HIGH], bar[LOW], bar[CLOSE])
    for before, after in pairwise(bars):
        if scale.step_ms < after[AT] - before[AT] <= _HELD_MS:
            held = Column(before[CLOSE], before[CLOSE], before[CLOSE])
            for x in range(max(0, scale.x(before[AT]) + 1), min(scale.x(after[AT]), scale.across)):
                found[x] = held
    return found


def values(bars: Sequence[Bar], place: int, scale: Scale) -> list[int | None]:
    """What stood at `place` of the newest bar in each dot column; None where nothing did."""
    found: list[int | None] = [None] * scale.across
    for bar in bars:
        x = (bar[AT] - scale.first_ms) // scale.step_ms
        if len(bar) > place and 0 <= x < scale.across:
            found[x] = None if bar[place] == NOTHING else bar[place]
    return found


def stops(bars: Sequence[Bar], scale: Scale) -> list[int | None]:
    """The stop in each dot column, from one bar to the next as it stood; None where nothing was held."""
    found = values(bars, STOP, scale)
    for before, after in pairwise(bars):
        if before[STOP] != NOTHING != after[STOP]:
            for x in range(max(0, scale.x(before[AT]) + 1), min(scale.x(after[AT]), scale.across)):
                found[x] = before[STOP]
    return found


def line(bars: Sequence[Bar], number: int, scale: Scale) -> list[int | None]:
    """Value number `number` of the strategy's lines in each dot column."""
    return values(bars, LINES + number, scale)


def volumes(bars: Sequence[Bar], scale: Scale, dots: int) -> list[int]:
    """How much was traded in each stretch of `dots` columns."""
    found = [0] * (scale.across // dots)
    for bar in bars:
        x = scale.x(bar[AT]) // dots
        if 0 <= x < len(found):
            found[x] += bar[VOLUME]
    return found


def results(
    trades: Sequence[Trade], samples: Sequence[tuple[int, float]], realised: float, apart_ms: int
) -> list[tuple[int, float]]:
    """The day's result over time: what was seen in `samples`, and what exits made of it where none is near.

    `realised` is that of the day now, after all `trades`; samples follow each other every `apart_ms` while somebody looks.
    """
    seen_ms = [ms for ms, _ in samples]
    found = list(samples)
    for trade in reversed(trades):
        at_ms = trade.exit_ms
        near = seen_ms[max(0, bisect(seen_ms, at_ms) - 1) :][:2]
        if all(abs(ms - at_ms) > 2 * apart_ms for ms in near):
            found.append((at_ms, realised))
        realised -= float(trade.net_pnl)
    return sorted(found)


def candles(bars: Sequence[Bar], most: int, origin_ms: int) -> tuple[int, list[Candle]]:
    """The day in at most `most` candles: how long each is, and those in which something was traded.

    They are counted from `origin_ms`, the session's begin, and are as long as the bars at least.
    """
    longest_ms = min((after[AT] - before[AT] for before, after in pairwise(bars)), default=1)
    step_ms = 0
    for step_s in _CANDLES_S:
        step_ms = step_s * 1000
        if step_ms >= longest_ms and _count(bars, step_ms, origin_ms) <= most:
            break
    while _count(bars, step_ms, origin_ms) > most:
        step_ms *= 2
    found = merged(bars, step_ms, origin_ms)
    return step_ms, [Candle(bar[AT], bar[OPEN], bar[HIGH], bar[LOW], bar[CLOSE]) for bar in found]


def _count(bars: Sequence[Bar], step_ms: int, origin_ms: int) -> int:
    """How many stretches from the first to the last of them."""
    return (bars[-1][AT] - origin_ms) // step_ms - (bars[0][AT] - origin_ms) // step_ms + 1
