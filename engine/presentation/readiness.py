"""What must be well before orders go to a real broker, as a running engine sees it now: READY, or NOT READY and why. Pure."""

import time
from typing import Final

from engine.model.preflight import Check, CheckName, JournalFound
from engine.model.snapshot import Snapshot
from engine.text.sanitize import CleanText, clean

MOST_CLOCK_S: Final = 2.0
MOST_TICK_AGE_S: Final = 3.0
LEAST_FREE_MB: Final = 500
_UNREAD: Final = CleanText("the broker's books are not read yet")


def well(name: CheckName, text: str) -> Check:
    """A check that came out well."""
    return Check(name, True, clean(text, 300))


def not_well(name: CheckName, text: str) -> Check:
    """A check that refuses, and why."""
    return Check(name, False, clean(text, 300))


def running_checks(seen: Snapshot) -> tuple[Check, ...]:
    """Each check that a running engine makes itself, of a run at a real broker; none of every other."""
    lanes, standing = seen.lanes, seen.live
    if lanes is None or standing is None:
        return ()
    now_ns = time.perf_counter_ns()
    kept = JournalFound(durable=not seen.unkept_from_ms, free_mb=seen.process.disk_free_mb)
    return (
        Check("session", lanes.session_up, lanes.session_because or CleanText("logged in")),
        tick_clock(seen.ahead_ms),
        _oldest_tick(seen, now_ns),
        Check(
            "order socket", lanes.updates_state == "UP", clean(f"{lanes.updates_state} {lanes.updates_because}".strip())
        ),
        _truth(seen),
        journal(kept),
        Check("entries", not standing.barred, clean(standing.barred) or CleanText("may be unlocked")),
    )


def _oldest_tick(seen: Snapshot, now_ns: int) -> Check:
    """Of what may be traded and is shown, the price that is oldest."""
    traded = [each for each in seen.quotes if not seen.instruments[each.instrument].watch_only]
    if not traded:
        return tick_age("nothing that is traded", None)
    oldest = min(traded, key=lambda each: each.recv_ns)
    age_s = (now_ns - oldest.recv_ns) / 1e9 if oldest.recv_ns else None
    return tick_age(seen.instruments[oldest.instrument].symbol, age_s)


def _truth(seen: Snapshot) -> Check:
    """Books that are believed, and say of all that is ours what we know."""
    standing = seen.live
    assert standing is not None
    if not standing.round_ms or standing.doubt:
        return Check("truth", False, clean(standing.doubt) or _UNREAD)
    held = [f"{each.symbol} {each.quantity:+,}" for each in standing.foreign]
    held += [f"{seen.instruments[each.instrument].symbol} disagrees" for each in standing.mismatches]
    return Check("truth", False, clean(f"not ours: {', '.join(held)}")) if held else unknown_orders(standing.unknown)


def tick_clock(ahead_ms: int) -> Check:
    """Ours against the stamps of ticks, as a running engine sees it."""
    words = f"{abs(ahead_ms) / 1000:.1f} s {'ahead of' if ahead_ms > 0 else 'behind'} the ticks"
    return well("clock", words) if abs(ahead_ms) <= MOST_CLOCK_S * 1000 else not_well("clock", words)


def tick_age(symbol: str, age_s: float | None) -> Check:
    """The newest tick of what may be traded, as a running engine sees it (None: there was none)."""
    if age_s is None or age_s >= MOST_TICK_AGE_S:
        return not_well("instrument", f"{symbol}: no tick" + ("" if age_s is None else f" for {age_s:.1f} s"))
    return well("instrument", f"{symbol}: newest tick {age_s:.1f} s ago")


def unknown_orders(count: int) -> Check:
    """None of which nobody knows what became of it, as a running engine sees it."""
    return not_well("truth", f"{count} orders UNKNOWN") if count else well("truth", "nothing UNKNOWN")


def journal(found: JournalFound) -> Check:
    """It folds, its chain holds, its disk has room; where a row was tried, it was durable."""
    if found.problem:
        return not_well("journal", found.problem)
    if found.durable is False:
        return not_well("journal", "no row of it has reached the disk")
    if found.free_mb < LEAST_FREE_MB:
        return not_well("journal", f"{found.free_mb} MB are free, {LEAST_FREE_MB} are needed")
    return well("journal", f"sound, {found.free_mb} MB free" + (", a row is durable" if found.durable else ""))
