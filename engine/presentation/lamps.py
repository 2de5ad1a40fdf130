"""Judges one look at the engine, lamp by lamp: the age of a stamp that its own producer wrote. Remembers nothing, reads no clock."""

from typing import Literal

from msgspec import Struct

from engine.model.snapshot import Snapshot
from engine.presentation import format as text
from engine.presentation.feeds import is_closed, market

Word = Literal["OK", "QUIET", "LATE", "STALE", "DEAD", "CLOSED", "OFF", "UNKNOWN"]


class Lamp(Struct, frozen=True):
    """One lamp of the heartbeat: a word, how old its counter is, and for anything but OK since when, why, what next."""

    name: str
    word: Word
    text: str = ""  # the counter in a few words: `loop 4.1k/s`, `queue 3`
    age_s: float | None = None
    since_s: float | None = None  # how long it has not been OK
    because: str = ""  # the cause, not the symptom: `← inbox 812 deep ← handler 22 ms`
    following: str = ""  # what happens next


SILENT = "engine silent"  # in the cause of a lamp that ENGINE explains
ALARMS: tuple[Word, ...] = ("LATE", "STALE", "DEAD")
_NEWS_S = 2.0
_FIRST_BEATS, _START_S = 2, 3.0  # a strategy is judged from then on, whatever comes first
_SETTLED_BEATS = 40  # two seconds of a loop that goes round: before, a late decision is that of the start
_SMALL_QUEUE = 500
_RECORDER_QUEUE = 4 << 20  # bytes: half of what a recorder lets wait
_DISK_MB = 500
_PROBLEM = {  # what comes of an edge that cannot write
    "journal": "entries are locked, exits go on",
    "recorder": "not recorded any more; trading goes on",
    "log": "lines wait in memory; trading goes on",
    "state": "entries are locked, exits go on",
    "socket": "it is opened again; screens come back by themselves",
}
_NAMED = ("log", "state", "socket")  # lamps of which there is none where there is nothing to say
_RSS_MB, _DESCRIPTORS, _GC_MS, _CPU = 80.0, 256, 100.0, 1.0  # caps; LATE from 80 % of each


class TerminalLink(Struct, frozen=True):
    """How long the terminal took to accept the last output, and for how long it has accepted none."""

    accept_ms: float
    stalled_s: float


class LampInput(Struct, frozen=True):
    """What the lamps are judged by; the last five are what a single snapshot cannot tell.

    `begun_ns`: the first look; `flowing_ns`: when ticks became due again (a replay was held, a market was closed), 0 =
    they always were; `lost`: numbers lost, repeated or out of order in the last minute, `bad`: packets that the feed
    refused; `gc_rose`: the longest pause grew in the last minute.
    """

    snapshot: Snapshot
    now_ns: int
    link: TerminalLink
    begun_ns: int
    flowing_ns: int
    lost: int
    bad: int
    gc_rose: bool

    def age_s(self, stamp_ns: int) -> float:
        """How old a producer's stamp is."""
        return max(0.0, (self.now_ns - stamp_ns) / 1e9)

    @property
    def silent_s(self) -> float:
        """For how long an engine that should beat has not, where that is long enough to explain other lamps; else 0."""
        if self.snapshot.stopped:
            return 0.0
        beat_ns = self.snapshot.pulse.beat_ns
        age_s = self.age_s(beat_ns) if beat_ns else 0.0
        return age_s if age_s >= 0.5 else 0.0


def is_held(seen: Snapshot) -> bool:
    """Whether a replay stands still."""
    return seen.replay is not None and (seen.replay.ended or not seen.replay.playing)


def by_limit(value: float, late: float, stale: float, dead: float = float("inf")) -> Word:
    """The word for a value that is fine below `late`."""
    if value < late:
        return "OK"
    return "LATE" if value < stale else "STALE" if value < dead else "DEAD"


def engine(look: LampInput) -> Lamp:
    """The engine's loop."""
    seen = look.snapshot
    beats = f"{text.scaled(seen.beats)} beats"
    age_s = look.age_s(seen.pulse.beat_ns) if seen.pulse.beat_ns else None
    if seen.fault:
        return Lamp("ENGINE", "DEAD", "cannot go on", age_s, because=f"← {seen.fault}", following="look into the log")
    if seen.stopped:
        return Lamp("ENGINE", "OFF", "stopped", age_s)
    if age_s is None:
        return Lamp("ENGINE", "UNKNOWN", "no beat yet", because="← not started", following="waits for its first beat")
    word = by_limit(age_s, 0.5, 2.0, 5.0)
    because = "← the turn is held" + _busy(seen)
    return Lamp("ENGINE", word, beats, age_s, because=because, following="nothing is decided or closed until it beats")


def _busy(seen: Snapshot) -> str:
    """The processor as a cause, where it is one."""
    return f" ← processor {seen.process.cpu_share:.0%}" if seen.process.cpu_share > 0.9 else ""


def strategy(look: LampInput) -> Lamp:
    """The newest decision against the newest tick, and how long ticks have been waiting for one."""
    seen = look.snapshot
    pulse, waiting = seen.pulse, seen.inbox_waiting
    if seen.stopped:
        return Lamp("STRATEGY", "OFF", "stopped")
    if is_closed(seen):
        return Lamp("STRATEGY", "CLOSED", market(seen))
    if not pulse.came_ns:
        return Lamp("STRATEGY", "QUIET", "no tick yet", because="← no tick came", following="waits for the first tick")
    if _is_starting(look):
        following = "judged from its first decision on"
        return Lamp("STRATEGY", "QUIET", "starting", because="← it has just begun", following=following)
    age_s = look.age_s(pulse.decided_ns)
    lag_s = max(0.0, (pulse.decided_ns - pulse.came_ns) / 1e9)
    shown = f"lag {lag_s * 1000:,.2f} ms" if lag_s < 0.01 else f"lag {lag_s * 1000:,.0f} ms"
    if waiting:
        age_s = max(lag_s, age_s)
        word = by_limit(age_s, 0.25, 1.0)
    elif look.silent_s >= 2.0:
        word = "UNKNOWN"
    elif age_s < _NEWS_S and lag_s >= 0.25 and seen.beats >= _SETTLED_BEATS:
        # Nothing waits: a late decision counts while it is news.
        age_s, word = lag_s, "LATE"
    else:
        word = "OK"
    following = f"{waiting:,} ticks to go; commands overtake them" if waiting else "waits for the next tick"
    return Lamp("STRATEGY", word, shown, age_s, because=_slow(look), following=following)


def _is_starting(look: LampInput) -> bool:
    """Whether nothing was decided yet, or the loop has hardly begun, and that is no wonder."""
    seen = look.snapshot
    begun = seen.beats >= _FIRST_BEATS and seen.pulse.decided_ns > 0
    return not begun and look.age_s(look.begun_ns) < _START_S


def _slow(look: LampInput) -> str:
    """Why decisions are late: what waits, and what it waits for."""
    seen = look.snapshot
    chain = f"← inbox {seen.inbox_waiting:,} deep" if seen.inbox_waiting else ""
    if look.silent_s:
        return f"{chain} ← {SILENT} {text.seconds(look.silent_s)}".lstrip()
    stages = seen.epochs[-1].stages if seen.epochs else {}
    handler_ns = max((stages[name].p99_ns for name in ("decide", "act") if name in stages), default=0)
    if handler_ns >= 1_000_000:
        chain += f" ← handler {handler_ns / 1e6:,.0f} ms"
    return (chain + _busy(seen)).lstrip() or "← the tick waited for its turn"


def edge(look: LampInput, name: str) -> Lamp | None:
    """An edge that writes to the disk; None where a run need not have it and has not."""
    seen = look.snapshot
    title = name.upper()
    found = next((each for each in seen.edges if each.name == name), None)
    if found is None:
        return None if name in _NAMED else Lamp(title, "OFF", "off")
    waiting = f"{found.waiting / 1024:,.0f} KiB" if name == "recorder" else f"{found.waiting:,}"
    shown = f"{text.scaled(found.done)} kept" + (f", {waiting} waiting" if found.waiting else "")
    free_mb = seen.process.disk_free_mb
    measured = seen.process.rss_mb > 0 or free_mb > 0
    if measured and name == "recorder":
        shown += f", {free_mb:,} MB free" if free_mb < 10_000 else f", {free_mb // 1024:,} GB free"
    if found.problem:
        return Lamp(title, "STALE", shown, because=f"← {found.problem}", following=_PROBLEM.get(name, ""))
    if measured and free_mb < _DISK_MB:
        because = f"← {free_mb:,} MB free on the disk"
        return Lamp(title, "STALE", shown, because=because, following="make room: a full disk locks entries")
    many = _RECORDER_QUEUE if name == "recorder" else _SMALL_QUEUE
    word: Word = "LATE" if found.waiting > many else "OK"
    return Lamp(title, word, shown, because="← the disk is slow", following="waits in memory; trading goes on")


def process(look: LampInput) -> Lamp:
    """Memory, descriptors, processor and pauses, each against its cap."""
    figures = look.snapshot.process
    if figures.rss_mb <= 0 and not figures.descriptors:
        return Lamp("PROCESS", "UNKNOWN", "not measured", because="← no figures yet", following="looks once a second")
    shown = f"{figures.rss_mb:.0f} MB, CPU {figures.cpu_share:.0%}"
    shares = [
        (figures.rss_mb / _RSS_MB, f"memory {figures.rss_mb:.1f} of {_RSS_MB:.0f} MB"),
        (figures.descriptors / _DESCRIPTORS, f"{figures.descriptors} of {_DESCRIPTORS} descriptors"),
    ]
    if look.gc_rose:
        shares.append((figures.gc_longest_ms / _GC_MS, f"a GC pause of {figures.gc_longest_ms:.0f} ms"))
    if look.snapshot.replay is None:  # a replay may take all there is
        shares.append((figures.cpu_share / _CPU, f"processor {figures.cpu_share:.0%}"))
    share, cause = max(shares)
    word = by_limit(share, 0.8, 1.0)
    return Lamp("PROCESS", word, shown, because=f"← {cause}", following="goes on; leave when flat if it grows")


def link(look: LampInput) -> Lamp:
    """How long the terminal takes to accept output."""
    line = look.link
    waited_ms = max(line.accept_ms, line.stalled_s * 1000)
    word = by_limit(waited_ms, 50, 500)
    shown = f"accepts in {line.accept_ms:,.0f} ms" if line.stalled_s <= 0 else "accepts nothing"
    following = "the screen redraws less often; the engine does not notice"
    return Lamp("LINK", word, shown, waited_ms / 1000, because="← the terminal reads slowly", following=following)
