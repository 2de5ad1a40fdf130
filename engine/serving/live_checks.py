"""What must be well before orders go to a real broker, as a running engine sees it now: READY, or NOT READY and why. Pure."""

import time

from engine.model.preflight import Check, JournalFound
from engine.model.snapshot import Snapshot
from engine.serving.preflight import journal, tick_age, tick_clock, unknown_orders
from engine.text.sanitize import CleanText, clean

_UNREAD = CleanText("the broker's books are not read yet")


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


def verdict(checks: tuple[Check, ...]) -> str:
    """`READY`, or `NOT READY: truth: …` with each that failed."""
    failed = [f"{each.name}: {each.text}" for each in checks if not each.ok]
    return f"NOT READY: {'; '.join(failed)}" if failed else "READY"
