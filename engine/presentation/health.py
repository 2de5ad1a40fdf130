"""Lamps over time: worse at once, better after three good samples, and since when; knows no pane."""

from collections import deque
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from engine.model.snapshot import Snapshot
from engine.presentation import feeds, lamps, lamps_broker, lamps_feed
from engine.presentation.lamps import ALARMS, Lamp, LampInput, TerminalLink, Word

# How bad a word is; lamps of rank 0 need nobody.
RANKS: dict[Word, int] = {"OK": 0, "OFF": 0, "CLOSED": 0, "QUIET": 1, "UNKNOWN": 2, "LATE": 3, "STALE": 4, "DEAD": 5}
_AT_ONCE: tuple[Word, ...] = ("OFF", "CLOSED")  # no improvement, but an end: it waits for no samples
_GOOD_SAMPLES = 3
_MINUTE_NS = 60_000_000_000

# In the order of cause and effect: what comes first is likely to be why the others are not well.
_JUDGES: tuple[Callable[[LampInput], Lamp | None], ...] = (
    lamps.engine,
    lamps.strategy,
    lamps_feed.data,
    lamps_feed.sequence,
    lamps_broker.orders,
    lamps_broker.broker,
    lamps_broker.updates,
    lambda look: lamps.edge(look, "journal"),
    lambda look: lamps.edge(look, "recorder"),
    lambda look: lamps.edge(look, "log"),
    lambda look: lamps.edge(look, "state"),
    lambda look: lamps.edge(look, "socket"),
    lamps_feed.clock,
    lamps_feed.socket,
    lamps.process,
    lamps.link,
)


def by_gravity(seen: Iterable[Lamp]) -> list[Lamp]:
    """The worst first, what is off last; SOCKET or ENGINE before everything when they are why others are not well."""
    ordered = sorted(seen, key=lambda lamp: (-RANKS[lamp.word], lamp.word != "OK"))
    for name, sign in (("SOCKET", lamps_feed.SOCKET), ("ENGINE", lamps.SILENT)):
        if any(RANKS[lamp.word] and sign in lamp.because for lamp in ordered):
            ordered.sort(key=lambda lamp: lamp.name != name)
    return ordered


def worst(seen: Iterable[Lamp]) -> Lamp:
    """The lamp to name first: the worst, or the cause of it; an UNKNOWN one where there is none."""
    return next(iter(by_gravity(seen)), Lamp("HEARTBEAT", "UNKNOWN", "no lamps yet"))


class _Memory:
    """What is remembered of one lamp: the words of its last three samples, and since when it is not OK (None = it is)."""

    def __init__(self) -> None:
        self.samples: deque[Word] = deque(maxlen=_GOOD_SAMPLES)
        self.since_ns: int | None = None

    def take(self, word: Word, *, fresh: bool) -> Word:
        """Take a sample; the word to show: an alarm stays until three better samples in a row came."""
        if word in _AT_ONCE:
            self.samples.clear()
        if fresh or not self.samples:
            self.samples.append(word)
        else:
            self.samples[-1] = max(self.samples[-1], word, key=RANKS.__getitem__)
        held = max(self.samples, key=RANKS.__getitem__)
        return held if held in ALARMS else word

    def good(self, shown: Word) -> int:
        """How many samples in a row were better than `shown`."""
        return next(place for place, word in enumerate(reversed(self.samples)) if RANKS[word] >= RANKS[shown])


class _LastMinute:
    """How much a counter rose within the last minute."""

    def __init__(self) -> None:
        self._last = 0
        self._rises: deque[tuple[int, int]] = deque()

    def rise(self, value: int, now_ns: int) -> int:
        """Take the counter's value; a fall (a replay went back, a day began) forgets what was."""
        if value < self._last:
            self._rises.clear()
        elif value > self._last:
            self._rises.append((now_ns, value - self._last))
        self._last = value
        while self._rises and now_ns - self._rises[0][0] > _MINUTE_NS:
            self._rises.popleft()
        return sum(count for _, count in self._rises)


class Health:
    """Judges the lamps, one call a look; a new sample is a new snapshot (for LINK: a new call)."""

    def __init__(self) -> None:
        self._memories: dict[str, _Memory] = {}
        self._number: int | None = None
        self._begun_ns = 0
        self._flowing_ns = 0
        self._held = False
        self._lost = _LastMinute()
        self._bad = _LastMinute()
        self._pauses = _LastMinute()

    def judge(self, snapshot: Snapshot, now_ns: int, link: TerminalLink) -> tuple[Lamp, ...]:
        """Every lamp that has a producer, at `now_ns` (monotonic); causes before effects."""
        look = self._look(snapshot, now_ns, link)
        fresh = snapshot.number != self._number
        self._number = snapshot.number
        judged = [lamp for judge in _JUDGES if (lamp := judge(look)) is not None]
        return tuple(self._settle(lamp, now_ns, fresh=fresh or lamp.name == "LINK") for lamp in judged)

    def _look(self, seen: Snapshot, now_ns: int, link: TerminalLink) -> LampInput:
        """Add what a single snapshot cannot tell."""
        self._begun_ns = self._begun_ns or now_ns
        held = feeds.is_closed(seen) or lamps.is_held(seen)
        if self._held and not held:
            self._flowing_ns = now_ns
        self._held = held
        lost = feeds.sequence_gaps(seen) + seen.refused.get("duplicate", 0) + seen.refused.get("out_of_order", 0)
        return LampInput(
            snapshot=seen,
            now_ns=now_ns,
            link=link,
            begun_ns=self._begun_ns,
            flowing_ns=self._flowing_ns,
            lost=self._lost.rise(lost, now_ns),
            bad=self._bad.rise(feeds.bad_packets(seen), now_ns),
            gc_rose=self._pauses.rise(int(seen.process.gc_longest_ms * 1000), now_ns) > 0,
        )

    def _settle(self, lamp: Lamp, now_ns: int, *, fresh: bool) -> Lamp:
        """Hold an alarm until three better samples came, and say since when."""
        memory = self._memories.setdefault(lamp.name, _Memory())
        word = memory.take(lamp.word, fresh=fresh)
        if not RANKS[word]:
            memory.since_ns = None
            return replace(lamp, because="", following="")
        if memory.since_ns is None:
            memory.since_ns = now_ns
        since_s = max(0.0, (now_ns - memory.since_ns) / 1e9)
        if not RANKS[lamp.word]:
            following = f"{memory.good(word)} of {_GOOD_SAMPLES} good samples"
            return replace(lamp, word=word, since_s=since_s, because="← recovering", following=following)
        return replace(lamp, word=word, since_s=since_s)
