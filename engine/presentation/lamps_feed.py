"""Judges the lamps of what comes in: DATA, SEQUENCE, SOCKET, CLOCK. Like `engine.presentation.lamps` it remembers nothing and reads no clock.

A lost link is named before the silence that it brings about: `DATA STALE 9.1 s ← SOCKET: no data for 8.0 s`.
"""

from msgspec import Struct

from engine.model.ports import FeedView
from engine.model.snapshot import Snapshot
from engine.model.types import MARKET_MODES
from engine.presentation import feeds
from engine.presentation import format as text
from engine.presentation.feeds import is_closed, market
from engine.presentation.lamps import SILENT, Lamp, LampInput, Word, by_limit, is_held

SOCKET = "SOCKET:"  # in the cause of a lamp that the link explains
_SILENCE_S = 3.0
_BORNE = 2.0  # times the limit, from which such a silence is as bad as any other
_LOST_AFTER = 10.0  # times the limit of an instrument's silence
_HEARD_S, _DUE_S, _GONE_S = 15.0, 30.0, 60.0  # a link without any sign of life: LATE, STALE, DEAD
_MANY = 10  # from so many instruments on, the share of the silent ones tells more than one of them
_SOME, _MOST = 0.1, 0.5


class QuietTime(Struct, frozen=True):
    """One instrument's silence and how long it may last, in seconds, and whether a position is open in it."""

    age_s: float
    limit_s: float
    instrument: int
    held: bool

    @property
    def share(self) -> float:
        """How much of what is allowed has passed."""
        return self.age_s / self.limit_s

    @property
    def word(self) -> Word:
        """The word for such a silence where nothing excuses it."""
        return by_limit(self.age_s, self.limit_s, self.limit_s, _LOST_AFTER * self.limit_s)


def data(look: LampInput) -> Lamp:
    """Every instrument's newest tick, folded into one lamp that names the worst."""
    seen = look.snapshot
    if is_held(seen):
        return Lamp("DATA", "OFF", "replay ended" if seen.replay and seen.replay.ended else "replay held")
    if over := feeds.held_over(seen):
        symbol = text.instrument_at(seen, over[0].instrument).symbol
        more = f" and {len(over) - 1:,} more" if len(over) > 1 else ""
        shown = f"{symbol}{more} still held"
        return Lamp("DATA", "STALE", shown, because="← the session is over", following=feeds.unsold(seen, over[0]))
    if seen.stopped:
        return Lamp("DATA", "OFF", "stopped")
    if is_closed(seen):
        return Lamp("DATA", "CLOSED", market(seen))
    held = {position.state.instrument for position in seen.positions if position.state.quantity}
    silences = [
        QuietTime(
            age_s=look.age_s(max(quote.recv_ns, look.flowing_ns)),
            limit_s=feeds.allowed_s(quote, seen),
            instrument=quote.instrument,
            held=quote.instrument in held,
        )
        for quote in seen.quotes
        if quote.recv_ns and not feeds.is_closed_for(seen, quote.instrument)
    ]
    if not silences:
        return _no_data(look)
    hidden = seen.watched > len(seen.quotes)
    ticking = max(seen.ticking, len(silences)) if hidden else len(silences)
    late = max(seen.silent if hidden else 0, sum(1 for each in silences if each.share >= 1))
    worst = max(silences, key=lambda each: (each.held and each.share >= 1, each.share))
    if ticking >= _MANY:
        word, shown, age_s = _many(look, silences, worst, late, ticking)
    else:
        ticking = len(silences)
        word, shown, age_s = _few(look, worst, late, ticking)
    if word == "OK" and (never := feeds.never(seen)):
        return Lamp(
            "DATA", "LATE", never, age_s, because="← nothing came of it since the start", following="see the name"
        )
    if word == "OK":
        return Lamp("DATA", word, shown, age_s)
    following = ("its stop is not watched" if worst.held else "nothing is decided on it") + " until a tick comes"
    return Lamp("DATA", word, shown, age_s, because=_missing(look, late, ticking), following=following)


def _few(look: LampInput, worst: QuietTime, late: int, ticking: int) -> tuple[Word, str, float]:
    """Few instruments: each of them counts."""
    seen = look.snapshot
    symbol = text.instrument_at(seen, worst.instrument).symbol
    waiting = sum(1 for quote in seen.quotes if not quote.recv_ns and not feeds.is_closed_for(seen, quote.instrument))
    shown = f"{symbol}, no tick yet of {waiting:,}" if waiting else symbol
    if not late:
        return "OK", shown, worst.age_s
    all_quiet = late == ticking and (ticking > 1 or seen.replay is not None)
    return _quiet_word(seen, worst) if all_quiet and _is_quiet(look, worst) else worst.word, shown, worst.age_s


def _many(
    look: LampInput, silences: list[QuietTime], worst: QuietTime, late: int, ticking: int
) -> tuple[Word, str, float]:
    """Many instruments, of which some are always quiet: one that is held counts by itself, the others by their share."""
    seen = look.snapshot
    watched = max(seen.watched, len(seen.quotes))
    shown = f"{ticking:,} of {watched:,} ticking" if ticking < watched else f"{watched:,} instruments"
    shown += f", {late:,} silent" if late else ""
    newest_s = min(each.age_s for each in silences)
    if worst.held and worst.share >= 1:
        return worst.word, f"{text.instrument_at(seen, worst.instrument).symbol}, {shown}", worst.age_s
    if late >= ticking and _is_quiet(look, worst):
        return "QUIET", shown, worst.age_s
    if late >= _MOST * ticking:
        return worst.word if worst.share >= 1 else "STALE", shown, max(newest_s, worst.age_s)
    return "LATE" if late >= _SOME * ticking else "OK", shown, newest_s


def _quiet_word(seen: Snapshot, worst: QuietTime) -> Word:
    """The word for a silence of the market itself: with a position open on live prices nobody may call it quiet."""
    if seen.trade_mode not in MARKET_MODES or not worst.held:
        return "QUIET"
    return "LATE" if worst.share < _BORNE else "STALE"


def _is_quiet(look: LampInput, worst: QuietTime) -> bool:
    """Whether a silence of all instruments is the market's own: nothing else explains it, and it is not too long."""
    if look.silent_s or feeds.lost(look.snapshot) is not None:
        return False
    return look.snapshot.replay is not None or worst.share < _LOST_AFTER


def _missing(look: LampInput, late: int, ticking: int) -> str:
    """Why there are no ticks: the cause, where one is known."""
    if look.silent_s:
        return f"← {SILENT} {text.seconds(look.silent_s)}"
    down, feed = feeds.lost(look.snapshot), look.snapshot.feed
    if down is not None:
        return f"← {SOCKET} {feeds.cause(down)}"
    if feed is not None and feed.up_ns and look.age_s(feed.up_ns) < _SILENCE_S:
        return f"← the link came up {text.seconds(look.age_s(feed.up_ns))} ago"
    if late < ticking:
        return f"← {late:,} of {ticking:,} silent, the others tick"
    if look.snapshot.trade_mode == "replay":
        return "← silence in the recording"
    answers = feed is not None and feed.state == "UP" and look.age_s(feeds.heard_ns(feed)) < _HEARD_S
    return "← no tick of any instrument" + (", the link answers" if answers else "")


def _no_data(look: LampInput) -> Lamp:
    """Not one tick so far."""
    age_s = look.age_s(look.flowing_ns or look.begun_ns)
    word: Word = "QUIET" if look.snapshot.replay is not None else by_limit(age_s, _SILENCE_S, _SILENCE_S, 30.0)
    word = "QUIET" if word == "OK" else word
    down = feeds.lost(look.snapshot)
    because = f"← {SOCKET} {feeds.cause(down)}" if down is not None else "← no tick came"
    return Lamp("DATA", word, "no tick yet", age_s, because=because, following="waits for the first tick")


def sequence(look: LampInput) -> Lamp:
    """Numbers of the exchange that were lost, repeated or late within the last minute, and packets that were no ticks."""
    seen = look.snapshot
    if is_closed(seen):
        return Lamp("SEQUENCE", "CLOSED", market(seen))
    gaps = feeds.sequence_gaps(seen)
    repeated, late = seen.refused.get("duplicate", 0), seen.refused.get("out_of_order", 0)
    counted = ((repeated, "repeated"), (late, "late"), (feeds.bad_packets(seen), "bad packets"))
    shown = ", ".join([f"{gaps:,} gaps", *(f"{count:,} {what}" for count, what in counted if count)])
    if "exchange's sequence" in seen.entries.halted:
        because, following = f"← {seen.entries.halted}", "no entries until unlocked (k); exits go on"
        return Lamp("SEQUENCE", "STALE", shown, because=because, following=following)
    if look.lost:
        because = f"← {look.lost:,} in the last minute" + (f", {look.bad:,} bad packets" if look.bad else "")
        return Lamp("SEQUENCE", "LATE", shown, because=because, following="too many halt entries")
    if look.bad:
        because = f"← {look.bad:,} bad packets in the last minute: {_reasons(seen)}"
        return Lamp("SEQUENCE", "LATE", shown, because=because, following="too many make the feed reconnect")
    return Lamp("SEQUENCE", "OK", shown)


def _reasons(seen: Snapshot) -> str:
    """Why packets were refused so far, the most frequent reason first."""
    bad = seen.feed.bad if seen.feed is not None else {}
    most = sorted(bad.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in most)


def socket(look: LampInput) -> Lamp:
    """The live feed's link: the age of its newest frame or pong, and while it is down why, and when the next attempt is due."""
    seen = look.snapshot
    feed = seen.feed
    if feed is None:
        return _without_feed("SOCKET", seen)
    if is_closed(seen):
        return Lamp("SOCKET", "CLOSED", market(seen))
    if seen.stopped or feed.state == "STOPPED":
        return Lamp("SOCKET", "OFF", "stopped")
    never = not max(feed.frame_ns, feed.pong_ns)  # a state's own age begins anew with each attempt
    age_s = look.age_s(min(feeds.heard_ns(feed), look.begun_ns) if never else feeds.heard_ns(feed))
    shown = f"{feed.source} link {feed.link:,}" if feed.link else f"{feed.source}, no link yet"
    if look.silent_s >= 2.0:
        because = f"← {SILENT} {text.seconds(look.silent_s)}"
        return Lamp("SOCKET", "UNKNOWN", shown, age_s, because=because, following="trust DATA")
    if feed.state == "UP":
        word = by_limit(age_s, _HEARD_S, _DUE_S, _GONE_S)
        shown += f", {feed.ticking:,} of {feed.wanted:,} ticking" if feed.ticking < feed.wanted else _trip(feed)
        because = f"← no frame and no pong for {text.seconds(age_s)}"
        return Lamp("SOCKET", word, shown, age_s, because=because, following="reconnects by itself")
    following = feeds.coming(feed, look.now_ns)
    if feed.state == "REFUSED":
        return Lamp("SOCKET", "DEAD", shown, age_s, because=f"← {feeds.cause(feed)}", following=following)
    starting = never and not feed.attempt and feed.state != "WAITING"
    word = "UNKNOWN" if starting and age_s < _HEARD_S else by_limit(age_s, 0.0, _HEARD_S, _DUE_S)
    return Lamp("SOCKET", word, shown, age_s, because=f"← {feeds.cause(feed)}", following=following)


def _trip(feed: FeedView) -> str:
    """Its round trip, where it was measured."""
    return f", rtt {feed.rtt_ms:,.0f} ms" if feed.rtt_ms > 0 else f", {text.scaled(feed.frames)} frames"


def _without_feed(name: str, seen: Snapshot) -> Lamp:
    """A lamp that only a live feed can light, where there is none."""
    if seen.trade_mode in {"replay", "mock"}:
        return Lamp(name, "OFF", f"none in {seen.trade_mode}")
    if is_closed(seen):
        return Lamp(name, "CLOSED", market(seen))
    return Lamp(name, "UNKNOWN", "not measured", because="← no figures", following="trust DATA")


def clock(look: LampInput) -> Lamp:
    """This machine's clock against the exchange's, and which of them is ahead."""
    seen = look.snapshot
    feed = seen.feed
    if feed is None:
        return _without_feed("CLOCK", seen)
    if is_closed(seen):
        return Lamp("CLOCK", "CLOSED", market(seen))
    if feed.clock_ms is None:
        following = "waits for a tick with the exchange's time"
        return Lamp("CLOCK", "UNKNOWN", "not measured", because="← no figures", following=following)
    off_ms = abs(feed.clock_ms)
    word: Word = "OK" if off_ms < 200 else "STALE" if off_ms > 2000 else "LATE"
    off = f"{off_ms:,.0f} ms" if off_ms < 9_999.5 else text.seconds(off_ms / 1000)
    shown = f"exchange {off} {'ahead' if feed.clock_ms > 0 else 'behind'}" if off_ms >= 0.5 else "as the exchange's"
    because = f"← this machine is {off} {'behind' if feed.clock_ms > 0 else 'ahead'}"
    return Lamp("CLOCK", word, shown, because=because, following="no decision rests on it; set the clock (chrony)")
