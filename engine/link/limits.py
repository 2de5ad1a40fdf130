"""Limits for what clients can cost: rates of requests, and log lines that are not repeated. Knows no connection."""

from collections.abc import Callable

_NS = 1_000_000_000


class Bucket:
    """Lets `burst` through at once and `rate_per_s` in the long run."""

    __slots__ = ("_burst", "_left", "_rate", "_seen_ns")

    def __init__(self, rate_per_s: int, burst: int, now_ns: int) -> None:
        self._rate = rate_per_s
        self._burst = burst * _NS
        self._left = burst * _NS
        self._seen_ns = now_ns

    def has_one(self, now_ns: int) -> bool:
        """Whether one may pass at `now_ns` (monotonic)."""
        self._left = min(self._burst, self._left + (now_ns - self._seen_ns) * self._rate)
        self._seen_ns = now_ns
        return self._left >= _NS

    def use(self) -> None:
        """Let one pass."""
        self._left -= _NS


class Notes:
    """Logs each kind of problem at once, then at most every minute with the number of those left out; `of` begins each line."""

    def __init__(self, note: Callable[[str], None], quiet_s: int = 60, of: str = "link") -> None:
        self._note = note
        self._of = of
        self._quiet_ns = quiet_s * _NS
        self._kinds: dict[str, tuple[int, int]] = {}  # kind → (told when, kept back since)

    def tell(self, kind: str, text: str, now_ns: int) -> None:
        """Say `text`, unless one of its `kind` (of a fixed few) was said a short while ago."""
        told_ns, kept_back = self._kinds.get(kind, (0, -1))
        if kept_back >= 0 and now_ns - told_ns < self._quiet_ns:
            self._kinds[kind] = (told_ns, kept_back + 1)
            return
        self._kinds[kind] = (now_ns, 0)
        self._note(f"{self._of}: {text}" + (f" ({kept_back} more like it before)" if kept_back > 0 else ""))
