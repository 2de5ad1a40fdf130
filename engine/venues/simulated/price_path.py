"""Draws one synthetic option session out of a seed, in integers alone; knows nothing of instruments, dates or records.

Integer arithmetic is the same on every platform and in every release of Python; `exp` and `random` are not. So the walk
uses neither, and a seed means one session everywhere. Prices are steps of the tick size, times are seconds after the open.
"""

from array import array
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

SESSION_S = 22_500  # 09:15:00 to 15:30:00; both ends have a tick
LOWEST, HIGHEST = 2_400, 5_200  # the band of the price: 120 to 260 rupees in steps of 5 paise
DELAY_MIN_NS, DELAY_MAX_NS = 80_000_000, 900_000_000
BURST = 10  # ticks in the busiest second
SILENCE_S = 4  # longest time between two ticks of the session, but for one gap
GAP_S = 10

_MASK = 2**64 - 1
_FINE = 10  # bits below one step in which the walk is carried
_NOISE = 11  # a print's deviation by noise cannot reach this many steps
# One stream of draws each for the plan and the ticks; chosen so that seed 1 shows every kind of exit.
_PLAN, _WALK = 0xC1_0000, 0xC1_8000

# Ticks in 1,024 seconds, as knots (minute of the session, rate) with straight lines between them.
_RATES = ((0, 2360), (12, 1880), (60, 1720), (155, 1620), (165, 640), (250, 640), (258, 1560), (340, 1760), (375, 2250))
# Percent of the usual move by time of day: nervous at both ends, calm at noon.
_SIZES = ((0, 170), (10, 125), (60, 100), (150, 90), (175, 75), (250, 75), (270, 95), (350, 85), (358, 95), (375, 110))
# (lots, how many of 1,024 prints have them): nearly all have 1, a few a whole freeze quantity (24 lots of 75).
_PRINTS = ((1, 848), (2, 106), (3, 31), (4, 14), (5, 6), (6, 5), (8, 4), (10, 5), (16, 2), (20, 1), (24, 2))
_LOTS = b"".join(bytes([lots]) * prints for lots, prints in _PRINTS)


class Leg(Struct, frozen=True):
    """A stretch of the day that goes one way: `change` in steps over `minutes`.

    `pull`/4,096 of its distance from the line is what a tick makes good; `size` is the percent of the usual move.
    """

    minutes: int
    change: int
    pull: int
    size: int


class Minute(Struct, frozen=True):
    """The plan of one minute: the line the price leans on (steps), `pull` and `size` as in Leg, ticks per 1,024 s."""

    line: int
    line_end: int
    pull: int
    size: int
    rate: int


def mixed(state: int) -> int:
    """64 well-mixed bits of `state` (the output function of Steele, Lea and Flood's SplitMix64)."""
    state &= _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def draws(seed: int) -> Iterator[int]:
    """An endless stream of 64-bit numbers (SplitMix64)."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        yield mixed(seed)


def between(draw: int, low: int, high: int) -> int:
    """`draw` folded into low..high, both included."""
    return low + draw % (high - low + 1)


def plan(seed: int) -> list[Minute]:
    """The plan of every minute, and of the one that begins with the last second."""
    draw = draws(seed ^ _PLAN)
    line = between(next(draw), 3_300, 4_300)
    liveliness = 100  # percent; it comes and goes over many minutes, as volatility does
    minutes: list[Minute] = []
    for leg in _legs(draw):
        change = leg.change if LOWEST + 500 <= line + leg.change <= HIGHEST - 500 else -leg.change
        for step in range(leg.minutes):
            minute = len(minutes)
            shock = between(next(draw), -22, 22) + (90 if next(draw) % 40 == 0 else 0)
            liveliness = min(260, max(55, liveliness + (100 - liveliness) // 8 + shock))
            minutes.append(
                Minute(
                    line=line + change * step // leg.minutes,
                    line_end=line + change * (step + 1) // leg.minutes,
                    pull=leg.pull,
                    size=leg.size * liveliness * _height(_SIZES, minute) // 10_000,
                    rate=_height(_RATES, minute) * between(next(draw), 90, 110) // 100,
                )
            )
            if len(minutes) > SESSION_S // 60:
                return minutes
        line += change
    return minutes


def _legs(draw: Iterator[int]) -> Iterator[Leg]:
    """Trends with their pullbacks, ranges, and now and then a rush that is partly taken back; up and down alike."""
    while True:
        kind = between(next(draw), 0, 9)
        sign = 1 if next(draw) & 1 else -1
        if kind <= 4:
            change = sign * between(next(draw), 240, 640)
            yield Leg(between(next(draw), 12, 26), change, 6, 100)
            yield Leg(between(next(draw), 3, 8), -change * between(next(draw), 25, 55) // 100, 8, 110)
        elif kind <= 7:
            yield Leg(between(next(draw), 10, 24), sign * between(next(draw), 0, 90), 8, 80)
        else:
            yield Leg(between(next(draw), 2, 4), sign * between(next(draw), 560, 860), 40, 130)
            yield Leg(between(next(draw), 5, 9), -sign * between(next(draw), 120, 260), 10, 120)


def _height(knots: tuple[tuple[int, int], ...], minute: int) -> int:
    """The height at `minute` of the line through `knots`."""
    for (left, start), (right, end) in pairwise(knots):
        if minute <= right:
            return start + (end - start) * (minute - left) // (right - left)
    return knots[-1][1]


class Path:
    """A whole session in arrays (20 bytes a tick), so that any tick can be had at once.

    `seconds` after 09:15:00 by the exchange's clock (negative before the open), `delays_ns` from there to the receipt,
    `prices` in steps, `lots` of the last print, `day_lots` traded so far.
    """

    def __init__(self, seed: int) -> None:
        self.seconds = array("i")
        self.delays_ns = array("i")
        self.prices = array("i")
        self.lots = array("i")
        self.day_lots = array("i")
        minutes = plan(seed)
        draw = draws(seed ^ _WALK)
        jump = between(next(draw), 200, 340) * (1 if next(draw) & 1 else -1)
        self._before_open(minutes[0].line - jump // 2, draw)
        self._session(minutes, jump, draw)

    def _before_open(self, price: int, draw: Iterator[int]) -> None:
        """A few packets from 09:07 on that tell much the same last price; nothing trades yet."""
        second = -480
        for _ in range(between(next(draw), 5, 8)):
            second += between(next(draw), 8, 50)
            self._receive(second, [price + between(next(draw), -6, 6)], [between(next(draw), 1, 3)], [0], draw)

    def _session(self, minutes: list[Minute], jump: int, draw: Iterator[int]) -> None:
        """The walk from the open, `jump` steps off its line, to the close."""
        value = (minutes[0].line + jump) << _FINE
        price, lots, day = 0, 0, between(next(draw), 200, 900)
        for second, count in enumerate(_counts(minutes, draw)):
            minute = minutes[second // 60]
            line = (minute.line << _FINE) + ((minute.line_end - minute.line) << _FINE) * (second % 60) // 60
            pull = minute.pull if second else 2_048  # the first second takes most of the jump back
            prices, sizes, volumes = [], [], []
            for nth in range(count):
                bits, more = next(draw), next(draw)
                if second and bits >> 56 < (96 if nth else 68):
                    day += lots * (more & 1)  # an equal print, or news of the book alone
                else:
                    # The number of set bits among 40 fair ones is as good as normal, with deviation 3.16.
                    move = ((bits & 0xFF_FFFF_FFFF).bit_count() - 20) * minute.size * 28
                    value = _kept(value + move + ((line - value) * pull >> 12))
                    price = (value + (((bits >> 40) & 0xFFFF).bit_count() - 8) * 1_400) >> _FINE
                    lots = _LOTS[more & 1_023]
                    day += lots + ((more >> 10) & 31)  # a packet tells the last of several prints
                prices.append(price)
                sizes.append(lots)
                volumes.append(day)
            self._receive(second, prices, sizes, volumes, draw)

    def _receive(
        self, second: int, prices: list[int], lots: list[int], day_lots: list[int], draw: Iterator[int]
    ) -> None:
        """Append the ticks of one second, received in order; a burst comes within a quarter of the time."""
        span = DELAY_MAX_NS - DELAY_MIN_NS
        window = span // 4 if len(prices) > 4 else span
        first = DELAY_MIN_NS + between(next(draw), 0, span - window)
        self.seconds.extend([second] * len(prices))
        self.delays_ns.extend(sorted(first + between(next(draw), 0, window) for _ in prices))
        self.prices.extend(prices)
        self.lots.extend(lots)
        self.day_lots.extend(day_lots)


def _counts(minutes: list[Minute], draw: Iterator[int]) -> Iterator[int]:
    """Ticks in each second of the session: a storm, a steady trickle with bursts, and one gap in the morning."""
    gap = between(next(draw), 20 * 60, 110 * 60)
    silence = 0
    yield between(next(draw), 8, BURST)
    for second in range(1, SESSION_S + 1):
        bits = next(draw)
        count = max(0, (minutes[second // 60].rate + (bits & 2_047) - 512) >> 10)
        if (bits >> 11) % 360 == 0:
            count = min(BURST, count + min(between(bits >> 24, 2, 9), between(bits >> 44, 2, 9)))
        if gap < second < gap + GAP_S:
            count = 0
        elif count == 0 and (silence == SILENCE_S - 1 or second in {gap, gap + GAP_S, SESSION_S}):
            count = 1
        silence = 0 if count else silence + 1
        yield count


def _kept(value: int) -> int:
    """`value` (in the fine unit of the walk), mirrored where it would leave the band."""
    low, high = (LOWEST + _NOISE) << _FINE, (HIGHEST - _NOISE) << _FINE
    if value < low:
        return 2 * low - value
    return 2 * high - value if value > high else value
