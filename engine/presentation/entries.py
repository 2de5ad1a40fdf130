"""Whether a position may be opened now, in words: the one place for the top line, dialogs, help and `status`. Pure."""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from engine.model.run_views import SessionView
from engine.model.snapshot import Snapshot
from engine.presentation import feeds
from engine.presentation import format as text

State = Literal[
    "on",
    "from",
    "warming up",
    "position",
    "waits",
    "off",
    "paused",
    "barred",
    "LOCKED",
    "HALTED",
    "done",
    "CLOSED",
    "ended",
    "unknown",
]
UNLOCK: Final = "k unlocks"

# What each state is called on the screen, and what it means; help is made from it.
MEANINGS: Final[tuple[tuple[State, str, str], ...]] = (
    ("on", "entries on", "in short: ready; the strategy may open a position at the next signal"),
    ("from", "entries from", "before the entry window: none in the first minutes of the session (start buffers)"),
    ("warming up", "warming up", "the strategy has to see so many more ticks before it may enter"),
    ("position", "in position", "every instrument has its position; the next entry comes after its exit"),
    (
        "waits",
        "entries wait",
        "no price comes, the disk is behind, or something is not known of orders at the broker; goes on by itself",
    ),
    (
        "off",
        "entries off",
        "the link to the exchange is down, nothing is traded (watch only), or the engine has stopped",
    ),
    ("paused", "paused", "the operator's: no entries until p; exits go on"),
    (
        "barred",
        "no entries in",
        "the operator's, of one instrument: none in it until n in its dialog (enter); exits go on",
    ),
    ("LOCKED", "LOCKED", "no entries until unlocked (k, typed); exits go on; the reason stands beside it"),
    ("HALTED", "HALTED", "the engine refuses entries until unlocked (k, typed); the reason stands beside it"),
    ("done", "done", "for today: the entry window is over, or the day's limit of entries is reached; exits go on"),
    ("CLOSED", "CLOSED", "the market is, until the time beside it"),
    ("ended", "replay ended", "no tick is left; r begins anew"),
    ("unknown", "entries ?", "the engine does not answer, and nobody knows"),
)


class EntriesWords(Struct, frozen=True):
    """A state, its words from the longest form to the shortest, and how a person changes it (empty: nobody has to)."""

    state: State
    forms: tuple[str, ...]
    remedy: str = ""

    @property
    def whole(self) -> str:
        """The longest form, with the remedy behind it."""
        return f"{self.forms[0]} · {self.remedy}" if self.remedy else self.forms[0]


def entries(seen: Snapshot, now_ns: int, *, known: bool = True, at: int | None = None) -> EntriesWords:
    """How entries stand at `now_ns` (monotonic), and in instrument number `at`; not `known`: of an engine that does not answer.

    Of several reasons the one that a person must lift comes first, then the one that lasts longest.
    """
    return (
        _run(seen, known=known)
        or _gate(seen)
        or _hours(seen)
        or _feed(seen, now_ns)
        or _barred(seen, at)
        or _strategy(seen)
        or EntriesWords("on", ("entries on", "ready"))
    )


def _run(seen: Snapshot, *, known: bool) -> EntriesWords | None:
    if seen.stopped:
        return EntriesWords("off", ("entries off: stopped", "off"))
    return None if known else EntriesWords("unknown", ("entries ?",))


def _gate(seen: Snapshot) -> EntriesWords | None:
    gate = seen.entries
    if gate.locked:
        return EntriesWords("LOCKED", (f"LOCKED {gate.locked}", "LOCKED"), UNLOCK)
    if gate.halted and not gate.held:
        return EntriesWords("HALTED", (f"HALTED {gate.halted}", "HALTED"), UNLOCK)
    if gate.paused:
        return EntriesWords("paused", ("entries paused", "paused"), "p resumes")
    if seen.live is not None and (why := seen.live.objection):
        return EntriesWords("waits", (f"entries wait: {why}", "entries wait", "wait"))
    return None


def _hours(seen: Snapshot) -> EntriesWords | None:
    """What the clock and the day's limit say."""
    if seen.replay is not None and seen.replay.ended:
        return EntriesWords("ended", ("replay ended",))
    sessions, now_ms, gate = _sessions(seen), seen.market_ms, seen.entries
    told = seen.at_ms and all(session.entry_until_ms for session in sessions)
    if any(session.entry_from_ms <= now_ms < session.entry_until_ms for session in sessions) or not told:
        return _closed(seen.session) if feeds.is_closed(seen) else _limit(gate.today, gate.limit)
    coming = [session for session in sessions if session.start_ms <= session.end_ms and now_ms < session.entry_from_ms]
    if coming:
        first = min(coming, key=lambda session: session.entry_from_ms)
        at = text.minute(first.entry_from_ms, first.zone)
        return EntriesWords("from", (f"entries from {at}", f"from {at}"))
    if feeds.is_closed(seen):
        return _closed(seen.session)
    last = max(sessions, key=lambda session: session.entry_until_ms)
    until = "exits only" if seen.positions else f"no entry after {text.minute(last.entry_until_ms, last.zone)}"
    return EntriesWords("done", (f"done for today: {until}", "done for today", "done"))


def _sessions(seen: Snapshot) -> Sequence[SessionView]:
    """The sessions of the markets that are traded."""
    traded = {instrument.market for instrument in seen.instruments if not (instrument.watch_only or instrument.removed)}
    return [session for name, session in seen.markets.items() if name in traded] or [seen.session]


def _closed(session: SessionView) -> EntriesWords:
    until = f"CLOSED until {session.opens}" if session.opens else "CLOSED"
    holiday = session.holiday if session.holiday != "weekend" else ""
    forms = (f"{holiday}: {until}" if holiday else until, until, "CLOSED")
    return EntriesWords("CLOSED", tuple(dict.fromkeys(forms)))


def _limit(today: int, limit: int) -> EntriesWords | None:
    if not limit or today < limit:
        return None
    return EntriesWords("done", (f"done for today: {today} of {limit} entries", f"done: {today} of {limit}", "done"))


def _feed(seen: Snapshot, now_ns: int) -> EntriesWords | None:
    """What keeps an entry back for the moment, and goes by itself."""
    if seen.entries.held:
        return EntriesWords("waits", (f"entries wait: {seen.entries.halted}", "entries wait", "wait"))
    if feeds.lost(seen) is not None and not feeds.is_closed(seen):
        return EntriesWords("off", ("entries off: no link", "off"))
    came_ns = seen.pulse.came_ns
    if feeds.is_silent(seen, now_ns) or not came_ns:
        if not came_ns:
            return EntriesWords("waits", ("entries wait: no price yet", "entries wait", "wait"))
        since = text.duration((now_ns - came_ns) // 1_000_000_000)
        return EntriesWords("waits", (f"entries wait: no price for {since}", f"no price for {since}", "no price"))
    return None


def _barred(seen: Snapshot, at: int | None) -> EntriesWords | None:
    """What the operator has barred: all that is traded, or the instrument `at` that is looked at."""
    barred = seen.entries.barred
    traded = [number for number, instrument in enumerate(seen.instruments) if not instrument.watch_only]
    every = len(traded) > 1 and all(number in barred for number in traded)
    named = traded[0] if len(traded) == 1 else at
    if not every and (named is None or named not in barred):
        return None
    symbol = "any instrument" if every or named is None else text.instrument_at(seen, named).symbol
    return EntriesWords("barred", (f"no entries in {symbol}", "barred"), "enter n lifts it")


def _strategy(seen: Snapshot) -> EntriesWords | None:
    """Whether any instrument can be entered, as far as its strategy and its position say."""
    traded = [quote for quote in seen.quotes if not text.instrument_at(seen, quote.instrument).watch_only]
    if not traded and seen.watched <= len(seen.quotes):
        return EntriesWords("off", ("entries off: watch only", "off")) if seen.quotes else None
    if seen.watched > len(seen.quotes):
        return None
    held = {position.state.instrument for position in seen.positions}
    free = [quote for quote in traded if quote.instrument not in held and quote.instrument not in seen.entries.barred]
    if not free:
        return EntriesWords("position", ("in position: no second entry", "in position"))
    left = min(quote.warmup for quote in free)
    if left:
        return EntriesWords("warming up", (f"warming up: {left:,} ticks to go", "warming up"))
    return None
