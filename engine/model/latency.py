"""Histograms of durations: constant memory, about 60 ns a value, quantiles to 6 % and better. Knows no clock.

The buckets, by rising duration: up to `_FINE_FROM_NS` and again from `_FINE_UNTIL_NS` on 16 for each power of two; in
between, where nearly every tick falls, of one width, so that the place of a value is a shift and no search for its power.
"""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from operator import mul

from msgspec import Struct

_SUB_BITS = 4  # 16 buckets per power of two: a bucket is at most 1/16 = 6.25 % wide
_LARGEST_BITS = 42
_LARGEST_NS = 1 << _LARGEST_BITS  # 73 minutes; longer is counted there
_FINE_BITS = 5  # 32 ns
_FINE_FROM_NS = 1 << _FINE_BITS + _SUB_BITS  # from here on a fine bucket is no wider than one of 16 in its power of two
_FINE_UNTIL_NS = 1 << 15
_FINE = (_FINE_UNTIL_NS - _FINE_FROM_NS) >> _FINE_BITS


def _coarse_place(ns: int) -> int:
    """Place of `ns` among buckets of which all are 16 for each power of two."""
    shift = max(0, ns.bit_length() - _SUB_BITS - 1)
    return (shift << _SUB_BITS) + (ns >> shift)


_FIRST_FINE = _coarse_place(_FINE_FROM_NS)
_LAST_FINE = _FIRST_FINE + _FINE - 1
_FINE_OFFSET = _FIRST_FINE - (_FINE_FROM_NS >> _FINE_BITS)
_WIDE_OFFSET = _LAST_FINE + 1 - _coarse_place(_FINE_UNTIL_NS)
_BUCKETS = _coarse_place(_LARGEST_NS - 1) + _WIDE_OFFSET + 1


class LatencySummary(Struct, frozen=True):
    """Quantiles of one stage in nanoseconds."""

    count: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    p999_ns: int
    max_ns: int


class Histogram:
    """Counts of durations in buckets whose width grows with the value (after HdrHistogram, G. Tene)."""

    __slots__ = ("_counts", "max_ns")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.max_ns = 0

    def record(self, ns: int) -> None:
        """Count one duration; a negative one (a clock stepped) counts as 0."""
        if _FINE_FROM_NS <= ns < _FINE_UNTIL_NS:
            self._counts[(ns >> _FINE_BITS) + _FINE_OFFSET] += 1
        elif ns >= _FINE_UNTIL_NS:
            if ns >= _LARGEST_NS:
                ns = _LARGEST_NS - 1
            shift = ns.bit_length() - _SUB_BITS - 1
            self._counts[(shift << _SUB_BITS) + (ns >> shift) + _WIDE_OFFSET] += 1
        else:
            self._counts[_coarse_place(max(ns, 0))] += 1
        if ns > self.max_ns:
            self.max_ns = ns

    def add(self, other: "Histogram") -> None:
        """Count all that `other` counted."""
        self._counts = [mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)]  # noqa: SLF001
        self.max_ns = max(self.max_ns, other.max_ns)

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self._counts)

    def quantiles(self, shares: Iterable[float]) -> list[int]:
        """For each share (0..1) the upper bound in ns of the bucket that holds it, at most the maximum seen."""
        return self._quantiles(list(accumulate(self._counts)), shares)

    def _quantiles(self, up_to: list[int], shares: Iterable[float]) -> list[int]:
        """The same, where `up_to` says how many durations fell into each bucket and those before it."""
        return [min(_upper_ns(bisect_left(up_to, share * up_to[-1])), self.max_ns) for share in shares]

    def counts_below(self, lowest_bit: int, highest_bit: int) -> tuple[tuple[int, ...], int, int]:
        """How many durations are below 2^k ns for each k from `lowest_bit` to `highest_bit`; of all their count and their sum in ns.

        The counts are exact, for a bucket never lies across a power of two; the sum counts each by the middle of its bucket.
        """
        used = self._counts[: _place(self.max_ns) + 1]  # a copy: whoever records goes on
        below = []
        so_far = begin = 0
        for bit in range(lowest_bit, highest_bit + 1):
            end = _place(1 << bit)
            so_far += sum(used[begin:end])
            below.append(so_far)
            begin = end
        return tuple(below), so_far + sum(used[begin:]), sum(map(mul, used, _middles_ns()))

    def summary(self) -> LatencySummary:
        """Count, p50, p95, p99, p99.9 and maximum."""
        up_to = list(accumulate(self._counts))
        p50, p95, p99, p999 = self._quantiles(up_to, (0.5, 0.95, 0.99, 0.999))
        return LatencySummary(up_to[-1], p50, p95, p99, p999, self.max_ns)


def _place(ns: int) -> int:
    """Place of `ns`, which is at most the largest, among all buckets."""
    if ns < _FINE_FROM_NS:
        return _coarse_place(ns)
    if ns < _FINE_UNTIL_NS:
        return (ns >> _FINE_BITS) + _FINE_OFFSET
    return _coarse_place(min(ns, _LARGEST_NS - 1)) + _WIDE_OFFSET


def _upper_ns(bucket: int) -> int:
    """Largest duration that falls into `bucket`."""
    if _FIRST_FINE <= bucket <= _LAST_FINE:
        return ((bucket - _FINE_OFFSET + 1) << _FINE_BITS) - 1
    if bucket > _LAST_FINE:
        bucket -= _WIDE_OFFSET
    shift = max(0, (bucket >> _SUB_BITS) - 1)
    return ((bucket - (shift << _SUB_BITS) + 1) << shift) - 1


@cache
def _middles_ns() -> tuple[int, ...]:
    """The middle of each bucket; made for the first who asks for a sum."""
    return tuple((_upper_ns(each - 1) + 1 + _upper_ns(each)) // 2 if each else 0 for each in range(_BUCKETS))
