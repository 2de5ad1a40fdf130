"""What the rules for Prometheus find, found without it: conditions over time, of an engine seen from outside. Remembers minutes, does no I/O.

The limits are those of `files/rules.yml`; what a single snapshot tells is judged by `engine.presentation.alerts`.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engine.model.measures import BOUNDS_NS, Measures
from engine.model.snapshot import Snapshot
from engine.presentation import feeds
from engine.presentation.alerts import Alert, holding
from engine.presentation.lamps import Lamp

_SECOND_NS: Final = 1_000_000_000
_WINDOW_NS: Final = 300 * _SECOND_NS
_FLAPPING_NS: Final = 600 * _SECOND_NS
_LINKS: Final = 3
_INBOX: Final = 800
_OLD_S: Final = 5.0
# At most one tick in a hundred may take longer than the first bound above 5 ms.
_LATE_PLACE, _LATE_NS = next((place, bound) for place, bound in enumerate(BOUNDS_NS) if bound > 5_000_000)
_FEW: Final = 100  # ticks, before a share of them means anything
_SHARE: Final = 0.01
_SKEW_MS: Final = 2_000
_STALE: Final = ("STALE", "DEAD")


class Seen(Struct, frozen=True):
    """One look at an engine, run number `run` as process `pid`: its newest snapshot, how old it is, its counters and lamps, whether it answers, and why not."""

    snapshot: Snapshot
    age_s: float
    answers: bool
    reason: str = ""
    measures: Measures | None = None
    lamps: tuple[Lamp, ...] = ()
    pid: int = 0
    run: int = 0


class _Rise:
    """How much a counter rose within a while; a fall is an engine that began anew."""

    def __init__(self, while_ns: int) -> None:
        self._while_ns = while_ns
        self._last: int | None = None
        self._rises: deque[tuple[int, int]] = deque(maxlen=1_000)

    def of(self, value: int, now_ns: int) -> int:
        """Take the counter's value; the first is where counting begins."""
        if self._last is not None and value < self._last:
            self._rises.clear()
        elif self._last is not None and value > self._last:
            self._rises.append((now_ns, value - self._last))
        self._last = value
        while self._rises and now_ns - self._rises[0][0] > self._while_ns:
            self._rises.popleft()
        return sum(count for _, count in self._rises)


class RuleWatch:
    """Judges look by look, once a second."""

    def __init__(self) -> None:
        self._run = 0
        self._begin()

    def _begin(self) -> None:
        """Count anew: another engine's counters are not compared with those of the one before."""
        self._links = _Rise(_FLAPPING_NS)
        self._merged, self._faults, self._refused, self._ticks = (_Rise(_WINDOW_NS) for _ in range(4))
        self._late, self._timed = _Rise(_WINDOW_NS), _Rise(_WINDOW_NS)

    def look(self, seen: Seen, now_ns: int) -> tuple[Alert, ...]:
        """All that stands at `now_ns` (monotonic); of a replay nothing, which is nobody's money."""
        if seen.snapshot.trade_mode == "replay":
            return ()
        if seen.run != self._run:
            self._run = seen.run
            self._begin()
        over_time = tuple(self._over_time(seen, now_ns))  # counters are followed whether or not it answers
        gone = tuple(_gone(seen))
        return gone or (*_at_once(seen), *over_time)

    def _over_time(self, seen: Seen, now_ns: int) -> Iterator[Alert]:
        shown = seen.snapshot
        links = self._links.of(shown.feed.link if shown.feed else 0, now_ns)
        if links > _LINKS:
            yield Alert("feed_flapping", "warning", f"the link to the exchange came up {links} times within 10 min")
        if merged := self._merged.of(shown.merged, now_ns):
            yield Alert("ticks_merged", "warning", f"{merged:,} ticks were merged into newer ones: the inbox was full")
        if faults := self._faults.of(shown.faults, now_ns):
            yield Alert("faults", "critical", f"{faults:,} faults of the trading code within 5 min; entries are halted")
        refused = self._refused.of(sum(shown.refused.values()), now_ns)
        ticks = self._ticks.of(shown.ticks, now_ns)
        if ticks >= _FEW and refused > _SHARE * ticks:
            yield Alert("refused", "warning", f"{refused / ticks:.0%} of the ticks of 5 min are refused")
        late, timed = self._late_ones(seen.measures, now_ns)
        if timed >= _FEW and late > _SHARE * timed:
            yield Alert(
                "latency",
                "warning",
                f"{late:,} of {timed:,} ticks took more than {_LATE_NS / 1e6:.0f} ms to a decision",
            )

    def _late_ones(self, measures: Measures | None, now_ns: int) -> tuple[int, int]:
        """How many ticks were late within the window, of how many; polling waits on purpose."""
        if measures is None:  # they are yet to come: what they will say did not happen since this look
            return 0, 0
        counted = [each for each in measures.stages if each.stage == "total" and each.delivery != "polling"]
        timed = sum(each.count for each in counted)
        return self._late.of(timed - sum(each.below[_LATE_PLACE] for each in counted), now_ns), self._timed.of(
            timed, now_ns
        )


def _gone(seen: Seen) -> Iterator[Alert]:
    """That nobody answers, or an engine that stands still: nothing else of it is news then."""
    held = holding(seen.snapshot)
    unwatched = f"; {held} UNWATCHED" if held else ""
    if seen.snapshot.stopped:
        return
    if not seen.answers:
        yield Alert("engine", "critical", f"the engine does not answer: {seen.reason}{unwatched}")
    elif seen.age_s > _OLD_S:
        yield Alert(
            "engine", "critical", f"the engine stands still: its newest snapshot is {seen.age_s:.0f} s old{unwatched}"
        )


def _at_once(seen: Seen) -> Iterator[Alert]:
    shown = seen.snapshot
    if shown.inbox_waiting > _INBOX:
        yield Alert("inbox", "warning", f"{shown.inbox_waiting:,} ticks wait: decisions are made on old prices")
    data = next((lamp for lamp in seen.lamps if lamp.name == "DATA"), None)
    if data is not None and data.word in _STALE and not feeds.is_closed(shown):
        yield Alert(
            "data",
            "critical" if holding(shown) else "warning",
            f"prices are {data.word}: {data.text} {data.because}".rstrip(),
        )
    clock_ms = shown.feed.clock_ms if shown.feed else None
    if clock_ms is not None and abs(clock_ms) > _SKEW_MS:
        yield Alert("clock", "warning", f"our clock and the exchange's are {abs(clock_ms) / 1e3:,.1f} s apart")
