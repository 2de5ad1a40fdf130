"""Judges one look at the engine, lamp by lamp: the age of a stamp that its own producer wrote. Remembers nothing, reads no clock."""

from collections.abc import Callable

from msgspec import Struct

from engine import EdgeView, Quote, Snapshot
from tui import format as text
from tui.model import Lamp, Word

SILENT = "engine silent"  # in the cause of a lamp that ENGINE explains
ALARMS: tuple[Word, ...] = ("LATE", "STALE", "DEAD")
_SIMULATED = ("replay", "mock", "paper")
_SILENCE_S = 3.0  # no instrument is late before this
_SHORTEST_S = 1.0  # however fast a replay runs: the screen itself looks four times a second
_NEWS_S = 2.0
_LOST_AFTER = 10.0  # times the limit of an instrument's silence
_SMALL_QUEUE = 500
_RECORDER_QUEUE = 4 << 20  # bytes: half of what a recorder lets wait
_DISK_MB = 500
_RSS_MB, _DESCRIPTORS, _GC_MS, _CPU = 80.0, 256, 100.0, 1.0  # caps; LATE from 80 % of each


class Link(Struct, frozen=True):
    """How long the terminal took to accept the last output, and for how long it has accepted none."""

    accept_ms: float
    stalled_s: float


class Look(Struct, frozen=True):
    """What the lamps are judged by; the last four are what a single snapshot cannot tell.

    `begun_ns`: the first look; `flowing_ns`: when ticks became due again (a replay was held, a market was closed), 0 =
    they always were; `lost`: numbers lost, repeated or out of order in the last minute; `gc_rose`: the longest pause
    grew in the last minute.
    """

    snapshot: Snapshot
    now_ns: int
    link: Link
    begun_ns: int
    flowing_ns: int
    lost: int
    gc_rose: bool

    def age_s(self, stamp_ns: int) -> float:
        """How old a producer's stamp is."""
        return max(0.0, (self.now_ns - stamp_ns) / 1e9)

    @property
    def silent_s(self) -> float:
        """For how long the engine has not beaten, where that is long enough to explain other lamps; else 0."""
        beat_ns = self.snapshot.pulse.beat_ns
        age_s = self.age_s(beat_ns) if beat_ns else 0.0
        return age_s if age_s >= 0.5 else 0.0


def is_closed(seen: Snapshot) -> bool:
    """Whether the market is closed; a replay's never is, and before the first tick nobody knows."""
    return seen.replay is None and seen.at_ms > 0 and not seen.session.start_ms <= seen.at_ms <= seen.session.end_ms


def is_held(seen: Snapshot) -> bool:
    """Whether a replay stands still."""
    return seen.replay is not None and (seen.replay.ended or not seen.replay.playing)


def by_limit(value: float, late: float, stale: float, dead: float = float("inf")) -> Word:
    """The word for a value that is fine below `late`."""
    if value < late:
        return "OK"
    return "LATE" if value < stale else "STALE" if value < dead else "DEAD"


def engine(look: Look) -> Lamp:
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


def strategy(look: Look) -> Lamp:
    """The newest decision against the newest tick, and how long ticks have been waiting for one."""
    seen = look.snapshot
    pulse, waiting = seen.pulse, seen.inbox_waiting
    if is_closed(seen):
        return Lamp("STRATEGY", "CLOSED", "market closed")
    if not pulse.came_ns:
        return Lamp("STRATEGY", "QUIET", "no tick yet", because="← no tick came", following="waits for the first tick")
    age_s = look.age_s(pulse.decided_ns)
    lag_s = max(0.0, (pulse.decided_ns - pulse.came_ns) / 1e9)
    shown = f"lag {lag_s * 1000:,.2f} ms" if lag_s < 0.01 else f"lag {lag_s * 1000:,.0f} ms"
    if waiting:
        age_s = max(lag_s, age_s)
        word = by_limit(age_s, 0.25, 1.0)
    elif look.silent_s >= 2.0:
        word = "UNKNOWN"
    elif age_s < _NEWS_S and lag_s >= 0.25:  # nothing waits: a late decision counts while it is news
        age_s, word = lag_s, "LATE"
    else:
        word = "OK"
    following = f"{waiting:,} ticks to go; commands overtake them" if waiting else "waits for the next tick"
    return Lamp("STRATEGY", word, shown, age_s, because=_slow(look), following=following)


def _slow(look: Look) -> str:
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


def limit_s(quote: Quote, seen: Snapshot) -> float:
    """How long this instrument may be silent, in real seconds: its own pace, and that of a replay, are allowed for."""
    allowed_s = max(_SILENCE_S, 5 * quote.median_gap_ms / 1000)
    if seen.replay is None:
        return allowed_s
    pace = seen.replay.real_speed if seen.replay.real_speed > 0 else seen.replay.speed
    return max(_SHORTEST_S, allowed_s / pace) if pace > 0 else allowed_s


def data(look: Look) -> Lamp:
    """Every instrument's newest tick, folded into one lamp that names the worst."""
    seen = look.snapshot
    if seen.replay is not None and is_held(seen):
        return Lamp("DATA", "OFF", "replay ended" if seen.replay.ended else "replay held")
    if is_closed(seen):
        return Lamp("DATA", "CLOSED", "market closed")
    ages = [
        (look.age_s(max(quote.recv_ns, look.flowing_ns)), limit_s(quote, seen), quote)
        for quote in seen.quotes
        if quote.recv_ns
    ]
    if not ages:
        return _no_data(look)
    age_s, most_s, worst = max(ages, key=lambda each: each[0] / each[1])
    late = sum(1 for each in ages if each[0] >= each[1])
    symbol = text.instrument_at(seen, worst.instrument).symbol
    waiting = len(seen.quotes) - len(ages)
    shown = f"{symbol}, no tick yet of {waiting:,}" if waiting else symbol
    if not late:
        return Lamp("DATA", "OK", shown, age_s)
    all_quiet = late == len(ages) and (len(ages) > 1 or seen.replay is not None)
    if all_quiet and not look.silent_s and (seen.replay is not None or age_s < _LOST_AFTER * most_s):
        word: Word = "QUIET"
    else:
        word = by_limit(age_s, most_s, most_s, _LOST_AFTER * most_s)
    return Lamp("DATA", word, shown, age_s, because=_missing(look, late, len(ages)), following=_unwatched(seen, worst))


def _missing(look: Look, late: int, ticking: int) -> str:
    """Why there are no ticks."""
    if look.silent_s:
        return f"← {SILENT} {text.seconds(look.silent_s)}"
    if late < ticking:
        return f"← {late} of {ticking} silent, the others tick"
    return "← silence in the recording" if look.snapshot.trade_mode == "replay" else "← no tick of any instrument"


def _unwatched(seen: Snapshot, quote: Quote) -> str:
    """What a silence means for the operator."""
    if any(position.state.instrument == quote.instrument for position in seen.positions):
        return "its stop is not watched until a tick comes"
    return "nothing is decided on it until a tick comes"


def _no_data(look: Look) -> Lamp:
    age_s = look.age_s(look.flowing_ns or look.begun_ns)
    word: Word = "QUIET" if look.snapshot.replay is not None else by_limit(age_s, _SILENCE_S, _SILENCE_S, 30.0)
    word = "QUIET" if word == "OK" else word
    return Lamp("DATA", word, "no tick yet", age_s, because="← no tick came", following="waits for the first tick")


def sequence(look: Look) -> Lamp:
    """Numbers that the exchange gave out and that were lost, repeated or late within the last minute."""
    seen = look.snapshot
    if is_closed(seen):
        return Lamp("SEQUENCE", "CLOSED", "market closed")
    gaps = sum(quote.sequence_gaps for quote in seen.quotes)
    repeated, late = seen.refused.get("duplicate", 0), seen.refused.get("out_of_order", 0)
    parts = (f"{gaps:,} gaps", f"{repeated:,} repeated" if repeated else "", f"{late:,} late" if late else "")
    shown = ", ".join(filter(None, parts))
    if "exchange's sequence" in seen.entries.halted:
        because, following = f"← {seen.entries.halted}", "no entries until unlocked (k); exits go on"
        return Lamp("SEQUENCE", "STALE", shown, because=because, following=following)
    word: Word = "LATE" if look.lost else "OK"
    because = f"← {look.lost:,} in the last minute"
    return Lamp("SEQUENCE", word, shown, because=because, following="too many halt entries")


def orders(look: Look) -> Lamp:
    """The oldest order that nobody has answered."""
    order_ns = look.snapshot.pulse.order_ns
    if not order_ns:
        return Lamp("ORDERS", "OK", "all answered")
    age_s = look.age_s(order_ns)
    because = f"← {SILENT} {text.seconds(look.silent_s)}" if look.silent_s else "← the broker has not answered"
    following = "waits for the answer; never sent twice"
    return Lamp("ORDERS", by_limit(age_s, 1.0, 3.0), "oldest unanswered", age_s, because=because, following=following)


def broker(look: Look) -> Lamp:
    """The broker's last answer; a simulated one is always there."""
    if look.snapshot.trade_mode in _SIMULATED:
        return Lamp("BROKER", "OK", "simulated")
    return Lamp("BROKER", "UNKNOWN", "not measured", because="← no figures", following="trust ORDERS")


def edge(look: Look, name: str) -> Lamp | None:
    """An edge that writes to the disk; None where a run need not have it and has not."""
    seen = look.snapshot
    title = name.upper()
    found = next((each for each in seen.edges if each.name == name), None)
    if found is None:
        return None if name == "log" else Lamp(title, "OFF", "off")
    shown = f"{text.scaled(found.done)} kept" + (f", {_amount(found)} waiting" if found.waiting else "")
    if found.problem:
        return Lamp(title, "STALE", shown, because=f"← {found.problem}", following=_PROBLEM.get(name, ""))
    measured = seen.process.rss_mb > 0 or seen.process.disk_free_mb > 0
    if measured and seen.process.disk_free_mb < _DISK_MB:
        because = f"← {seen.process.disk_free_mb:,} MB free on the disk"
        return Lamp(title, "STALE", shown, because=because, following="make room: a full disk locks entries")
    many = _RECORDER_QUEUE if name == "recorder" else _SMALL_QUEUE
    word: Word = "LATE" if found.waiting > many else "OK"
    return Lamp(title, word, shown, because="← the disk is slow", following="waits in memory; trading goes on")


_PROBLEM = {
    "journal": "entries are locked, exits go on",
    "recorder": "not recorded any more; trading goes on",
    "log": "lines wait in memory; trading goes on",
}


def _amount(edge: EdgeView) -> str:
    return f"{edge.waiting / 1024:,.0f} KiB" if edge.name == "recorder" else f"{edge.waiting:,}"


def outside(name: str) -> Callable[[Look], Lamp]:
    """Make the judge of a lamp that only a live feed can light."""

    def judge(look: Look) -> Lamp:
        mode = look.snapshot.trade_mode
        if mode in {"replay", "mock"}:
            return Lamp(name, "OFF", f"none in {mode}")
        if is_closed(look.snapshot):
            return Lamp(name, "CLOSED", "market closed")
        return Lamp(name, "UNKNOWN", "not measured", because="← no figures", following="trust DATA")

    return judge


def process(look: Look) -> Lamp:
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


def link(look: Look) -> Lamp:
    """How long the terminal takes to accept output."""
    line = look.link
    waited_ms = max(line.accept_ms, line.stalled_s * 1000)
    word = by_limit(waited_ms, 50, 500)
    shown = f"accepts in {line.accept_ms:,.0f} ms" if line.stalled_s <= 0 else "accepts nothing"
    following = "the screen redraws less often; the engine does not notice"
    return Lamp("LINK", word, shown, waited_ms / 1000, because="← the terminal reads slowly", following=following)
