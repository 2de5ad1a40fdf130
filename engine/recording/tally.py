"""Running tallies over ticks, each in bounded memory: refusals, times, duplicates, prices, fingerprint. They know no file."""

import struct
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from engine.model.digest import blake2b
from engine.model.types import MAX_PRICE, PRICE_INFINITE, PRICE_MISSING, PRICE_NAN, Instrument, Tick
from engine.recording.stamps import zone_named

GAP_MS = 5000
BURST_MS, BURST_TICKS = 100, 10
_MAX_WINDOW_TICKS = 100_000
_MAX_SAME_STAMP = 10_000
_QUARTER_MS = 900_000  # the zones' offsets change on whole quarters of an hour
_DAY_MS = 86_400_000
_SENTINELS = {PRICE_MISSING: "missing", PRICE_NAN: "nan", PRICE_INFINITE: "infinite"}
_NEVER_MS = -(2**62)
_HASHED = struct.Struct("<qqqH")
_HASHED_TICKS = 4096


class Refusals:
    """Counts the ticks that an engine will refuse: by price and time alone, each instrument's for itself."""

    def __init__(self, instruments: Sequence[Instrument], max_backwards_ms: int) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, int] = {}  # number of the first tick refused for this reason
        self._newest_ms = [_NEVER_MS] * len(instruments)
        self._lowest = [each.lowest_price for each in instruments]
        self._max_backwards_ms = max_backwards_ms

    def judge(self, tick: Tick) -> str:
        """Why `tick` will be refused; empty when it will not."""
        newest_ms = self._newest_ms[tick.instrument]
        if self._lowest[tick.instrument] <= tick.price <= MAX_PRICE:
            if tick.exch_ms >= newest_ms:
                self._newest_ms[tick.instrument] = tick.exch_ms
                return ""
            if tick.exch_ms >= newest_ms - self._max_backwards_ms:
                return ""
            reason = "backwards"
        else:
            reason = _SENTINELS.get(tick.price) or ("too_large" if tick.price > 0 else "non_positive")
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.first.setdefault(reason, tick.seq)
        return reason


class Window:
    """The most ticks within any stretch of `length_ms`, and when it ended."""

    def __init__(self, length_ms: int) -> None:
        self.worst = self.worst_ms = self.now = 0
        self._length_ms = length_ms
        self._times: deque[int] = deque(maxlen=_MAX_WINDOW_TICKS)

    def add(self, ms: int) -> None:
        """One tick, not earlier than the one before."""
        times = self._times
        times.append(ms)
        while times[0] <= ms - self._length_ms:
            times.popleft()
        self.now = len(times)
        if self.now > self.worst:
            self.worst, self.worst_ms = self.now, ms


class Times:
    """Days, gaps within a day, rates and bursts; a tick slightly earlier than the newest counts at the newest's time."""

    def __init__(self, zone: str) -> None:
        self.first_ms = self.last_ms = self.days = 0
        self.gaps = self.longest_gap_ms = self.longest_gap_at_ms = 0
        self.bursts = 0
        self.second, self.burst = Window(1000), Window(BURST_MS)
        self._zone = zone_named(zone)
        self._quarter = self._day = -1
        self._ticks = self._same_day_ticks = self._same_day_ms = 0

    def add(self, ms: int) -> None:
        """The time of one accepted tick."""
        if not self._ticks:
            self.first_ms = self.last_ms = ms
        self._ticks += 1
        ms = max(ms, self.last_ms)
        silence_ms, self.last_ms = ms - self.last_ms, ms
        day = self._day
        if ms // _QUARTER_MS != self._quarter:
            self._quarter, self._day = ms // _QUARTER_MS, self._day_of(ms)
        if self._day != day:
            self.days += 1
        else:
            self._same_day_ticks += 1
            self._same_day_ms += silence_ms
            if silence_ms > GAP_MS:
                self.gaps += 1
                if silence_ms > self.longest_gap_ms:
                    self.longest_gap_ms, self.longest_gap_at_ms = silence_ms, ms
        self.second.add(ms)
        was_burst = self.burst.now >= BURST_TICKS
        self.burst.add(ms)
        self.bursts += self.burst.now >= BURST_TICKS and not was_burst

    def mean_per_s(self) -> float:
        """Ticks a second over the time between ticks of the same day; 0 without such time."""
        return self._same_day_ticks * 1000 / self._same_day_ms if self._same_day_ms else 0.0

    def _day_of(self, ms: int) -> int:
        try:
            return datetime.fromtimestamp(ms // 1000, UTC).astimezone(self._zone).toordinal()
        except (OverflowError, ValueError, OSError):  # a time beyond all calendars, in a file made by hand
            return ms // _DAY_MS


class Duplicates:
    """Ticks that repeat time, price and quantity of an earlier one of their instrument: trades like any other."""

    def __init__(self, instruments: int) -> None:
        self.count = 0
        self._stamps = [-1] * instruments
        self._seen: list[set[tuple[int, int]]] = [set() for _ in range(instruments)]

    def add(self, tick: Tick) -> None:
        """One tick."""
        seen = self._seen[tick.instrument]
        if tick.exch_ms != self._stamps[tick.instrument]:
            self._stamps[tick.instrument] = tick.exch_ms
            seen.clear()
        key = (tick.price, tick.quantity)
        if key in seen:
            self.count += 1
        elif len(seen) < _MAX_SAME_STAMP:
            seen.add(key)


class Prices:
    """Lowest and highest price of each instrument, in minor units."""

    def __init__(self, instruments: int) -> None:
        self.lowest = [0] * instruments
        self.highest = [0] * instruments

    def add(self, tick: Tick) -> None:
        """One accepted tick."""
        index, price = tick.instrument, tick.price
        if price > self.highest[index]:
            self.highest[index] = price
        if price < self.lowest[index] or not self.lowest[index]:
            self.lowest[index] = price


class Fingerprint:
    """A hash of what was traded: time, price, quantity and instrument of every tick; the same for a CSV and its import."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)
        self._buffer = bytearray(_HASHED.size * _HASHED_TICKS)
        self._fill = 0

    def add(self, tick: Tick) -> None:
        """One tick."""
        _HASHED.pack_into(self._buffer, self._fill, tick.exch_ms, tick.price, tick.quantity, tick.instrument)
        self._fill += _HASHED.size
        if self._fill == len(self._buffer):
            self._hash.update(self._buffer)
            self._fill = 0

    def text(self) -> str:
        """The hash of the ticks so far."""
        whole = self._hash.copy()
        whole.update(memoryview(self._buffer)[: self._fill])
        return whole.hexdigest()
