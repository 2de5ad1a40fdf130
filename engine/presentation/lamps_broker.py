"""Judges one look at the broker: orders without an answer, its books and calls, its updates. Remembers nothing, reads no clock."""

from engine.presentation import format as text
from engine.presentation import live
from engine.presentation.feeds import is_closed, market
from engine.presentation.lamps import SILENT, Lamp, LampInput, Word, by_limit

_BUSY_S = (10.0, 30.0)  # while something is held or works the books are read every four seconds
_IDLE_S = (45.0, 90.0)  # else every thirty
_MOST_ERRORS = 3
_UPDATES_S = (3.0, 30.0)


def orders(look: LampInput) -> Lamp:
    """The oldest order that nobody has answered; before all, one of which nobody knows whether the broker has it."""
    seen, order_ns = look.snapshot, look.snapshot.pulse.order_ns
    unknown = seen.live.unknown if seen.live is not None else 0
    age_s = look.age_s(order_ns) if order_ns else None
    if unknown:
        said = f"{unknown} UNKNOWN"
        because = f"← nobody knows whether the broker has {'it' if unknown == 1 else 'them'}"
        return Lamp(
            "ORDERS", "STALE", said, age_s, because=because, following="looked for in its books; never sent again"
        )
    if age_s is None:
        working = seen.live.working if seen.live is not None else 0
        return Lamp("ORDERS", "OK", f"{working} working" if working else "all answered")
    because = f"← {SILENT} {text.seconds(look.silent_s)}" if look.silent_s else "← the broker has not answered"
    following = "waits for the answer; never sent twice"
    return Lamp("ORDERS", by_limit(age_s, 1.0, 3.0), "oldest unanswered", age_s, because=because, following=following)


def broker(look: LampInput) -> Lamp:
    """Login, calls, and the age of the newest round of its books that was believed; a simulated broker is always there."""
    seen = look.snapshot
    if not live.is_live(seen):
        return Lamp("BROKER", "OK", "simulated")
    if seen.live is None:
        return Lamp("BROKER", "UNKNOWN", "not measured", because="← no figures", following="trust ORDERS")
    if seen.stopped:
        return Lamp("BROKER", "OFF", "stopped")
    age_s = (seen.at_ms - seen.live.round_ms) / 1000 + look.age_s(seen.taken_ns) if seen.live.round_ms else None
    shown = f"round trip {seen.lanes.round_trip_ms:,.0f} ms" if seen.lanes and seen.lanes.good_ns else ""
    word, because = _trouble(look)
    if word is not None:
        following = "exits wait for it; entries are off"
        return Lamp("BROKER", word, shown, age_s, because=f"← {because}", following=following)
    if age_s is None:
        waits = "no entry and no exit before two rounds of its books"
        return Lamp("BROKER", "UNKNOWN", "no round yet", because="← its books are not read so far", following=waits)
    idle = not (seen.positions or seen.live.working)
    if idle and is_closed(seen):
        return Lamp("BROKER", "CLOSED", market(seen), age_s)
    because = f"← {seen.live.doubt or 'no round of its books has ended'}"
    return Lamp(
        "BROKER",
        by_limit(age_s, *(_IDLE_S if idle else _BUSY_S)),
        shown,
        age_s,
        because=because,
        following="it is read again",
    )


def _trouble(look: LampInput) -> tuple[Word | None, str]:
    """What is wrong whatever its books said last; None where nothing is."""
    seen, lanes = look.snapshot, look.snapshot.lanes
    assert seen.live is not None  # whoever asks has looked
    if (lanes is not None and not lanes.session_up) or not seen.live.logged_in:
        why = lanes.session_because if lanes is not None else ""
        return "DEAD", f"not logged in{': ' if why else ''}{why}"
    if lanes is not None and lanes.errors >= _MOST_ERRORS:
        return "STALE", f"{lanes.errors} calls failed: {lanes.because}"
    return None, ""


def updates(look: LampInput) -> Lamp | None:
    """The socket for updates of orders; None in a run that has none."""
    lanes = look.snapshot.lanes
    if lanes is None or not live.is_live(look.snapshot):
        return None
    if look.snapshot.stopped or lanes.updates_state == "STOPPED":
        return Lamp("UPDATES", "OFF", "stopped")
    if lanes.updates_state == "UP":
        age_s = look.age_s(lanes.updates_frame_ns) if lanes.updates_frame_ns else None
        return Lamp("UPDATES", "OK", f"{lanes.updates_frames:,} frames", age_s)
    age_s = look.age_s(lanes.updates_since_ns) if lanes.updates_since_ns else 0.0
    because = f"← {lanes.updates_because or 'no link so far'}"
    following = "its books tell instead, seconds later"
    return Lamp(
        "UPDATES",
        by_limit(age_s, *_UPDATES_S),
        lanes.updates_state.lower(),
        age_s,
        because=because,
        following=following,
    )
