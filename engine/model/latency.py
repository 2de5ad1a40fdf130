"""Log-bucket histograms of durations: constant memory, about 100 ns a value, quantiles to 6 %. Knows no clock."""

from collections.abc import Iterable

from msgspec import Struct

_SUB_BITS = 4  # 16 buckets per power of two: a bucket is at most 1/16 = 6.25 % wide
_SUB = 1 << _SUB_BITS
_LARGEST_NS = 1 << 42  # 73 minutes; longer is counted there
_BUCKETS = (42 - _SUB_BITS + 2) * _SUB


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
        shift = ns.bit_length() - 5
        if shift > 0:
            if ns < 0:
                ns = shift = 0
            elif ns >= _LARGEST_NS:
                ns = _LARGEST_NS - 1
                shift = 37
            self._counts[(shift << 4) + (ns >> shift)] += 1
        else:
            self._counts[ns if ns > 0 else 0] += 1
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
        """For each share (0..1, rising) the upper bound in ns of the bucket that holds it, at most the maximum seen."""
        total = self.count
        found: list[int] = []
        bucket, below = 0, self._counts[0]
        for share in shares:
            wanted = share * total
            while below < wanted and bucket < _BUCKETS - 1:
                bucket += 1
                below += self._counts[bucket]
            found.append(min(_upper_ns(bucket), self.max_ns) if total else 0)
        return found

    def summary(self) -> LatencySummary:
        """Count, p50, p95, p99, p99.9 and maximum."""
        p50, p95, p99, p999 = self.quantiles((0.5, 0.95, 0.99, 0.999))
        return LatencySummary(self.count, p50, p95, p99, p999, self.max_ns)


def _upper_ns(bucket: int) -> int:
    """Largest duration that falls into `bucket`."""
    if bucket < 2 * _SUB:
        return bucket
    shift = (bucket >> _SUB_BITS) - 1
    return ((bucket - (shift << _SUB_BITS) + 1) << shift) - 1
