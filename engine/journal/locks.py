"""What the rows of a journal say of the locks of entries and of a flat. Pure."""

from engine.model.events import EntriesChanged, FlatChanged
from engine.trading.data_quality import BAD_TICKS
from engine.trading.flatten_state import FLAT_LOCK, FlattenState
from engine.trading.risk import EntryGate


def follow_entries(gate: EntryGate, flat: FlattenState, changed: EntriesChanged) -> None:
    """Take that entries are allowed, or not, from now on."""
    match changed.state:
        case "paused" | "resumed":
            gate.paused = changed.state == "paused"
        case "locked":
            gate.locked = changed.reason
            _flat_asked(flat, changed.reason)
        case "unlocked":
            gate.locked = gate.halted = ""
            flat.reset()
        case "halted" if changed.reason != BAD_TICKS:  # those are the tick filter's; it begins fresh
            gate.halted = changed.reason
        case _:
            return


def _flat_asked(flat: FlattenState, lock: str) -> None:
    """A flat's lock is its first row: whoever reads it goes on with the flat, also where the next row is missing."""
    reason = lock.removeprefix(FLAT_LOCK)
    over = flat.state == "FLAT" and flat.reason == reason
    if reason != lock and not over:
        flat.begin(reason, "")


def follow_flat(gate: EntryGate, flat: FlattenState, changed: FlatChanged) -> None:
    """Take that a flat is at another state."""
    if changed.state == "LOCKED":
        flat.begin(changed.reason, "")
        gate.locked = f"{FLAT_LOCK}{changed.reason}"
    flat.follow(changed.state, changed.until_ms)
