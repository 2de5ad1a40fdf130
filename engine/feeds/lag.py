"""How late a tick is against the fastest that came, and what our clock differs from the exchange's. Knows no tick.

The two clocks were never set together, so a lag means something only against the smallest one seen. A tick that is more
than two seconds above it has waited somewhere; whole-second stamps alone move a lag by one second.
"""

from typing import Final

_MS = 1_000_000
_NS = 1_000_000_000
_NONE: Final = 1 << 62
_HALF_MINUTE_NS = 30 * _NS
_WITNESSES = 3  # so many lags in agreement are believed, one wild stamp is not


class Lag:
    """The lags of all ticks of a feed in ms: which are late, and the smallest of the last half to whole minute.

    The floor falls at once to a smaller lag (far below it only when three agree) and rises by `creep` ms a second at
    most, so that the drift of two clocks is followed and a line that clogs up does not become the measure of itself.
    """

    __slots__ = (
        "_before_ms",
        "_creep",
        "_creep_ns",
        "_doubted_ms",
        "_floor_ms",
        "_late_ms",
        "_turn_ns",
        "_witnesses",
        "least_ms",
        "limit_ms",
    )

    def __init__(self, *, late_ms: int = 2000, creep: float = 2.0) -> None:
        self._late_ms = late_ms
        self._creep = creep
        self._floor_ms: float = _NONE
        self.limit_ms: float = _NONE  # a lag above it is late
        self.least_ms = _NONE  # of this half minute
        self._before_ms = _NONE  # of the one before
        self._doubted_ms = _NONE
        self._witnesses = 0
        self._turn_ns = self._creep_ns = 0

    def late(self, lag_ms: int) -> bool:
        """Whether a tick with this lag (receipt minus its own time) has waited on its way."""
        if lag_ms < self.least_ms:
            self._fall(lag_ms)
        return lag_ms > self.limit_ms

    def _fall(self, lag_ms: int) -> None:
        """Take in the smallest lag of this half minute."""
        if lag_ms < self._floor_ms - self._late_ms:
            near = abs(lag_ms - self._doubted_ms) <= self._late_ms
            self._witnesses = self._witnesses + 1 if near else 1
            self._doubted_ms = min(lag_ms, self._doubted_ms) if near else lag_ms
            if self._witnesses < _WITNESSES:
                return
            lag_ms, self._doubted_ms = self._doubted_ms, _NONE
            self._before_ms = _NONE
        self._witnesses = 0
        self.least_ms = lag_ms
        self._set_floor(min(self._floor_ms, lag_ms))

    def _set_floor(self, floor_ms: float) -> None:
        self._floor_ms = floor_ms
        self.limit_ms = floor_ms + self._late_ms

    def turn_over(self, now_ns: int) -> None:
        """Let the floor creep and the half minutes pass; to be called about once a second."""
        least_ms = min(self.least_ms, self._before_ms)
        if least_ms != _NONE and self._creep_ns:
            allowed_ms = (now_ns - self._creep_ns) * self._creep / _NS
            self._set_floor(min(self._floor_ms + allowed_ms, max(self._floor_ms, least_ms)))
        self._creep_ns = now_ns
        if now_ns - self._turn_ns >= _HALF_MINUTE_NS:
            self._turn_ns = now_ns
            self._before_ms, self.least_ms = self.least_ms, _NONE
            self._witnesses = 0

    def smallest_ms(self) -> int | None:
        """The smallest lag of the last half to whole minute; None when nothing came."""
        least_ms = min(self.least_ms, self._before_ms)
        return None if least_ms == _NONE else least_ms
