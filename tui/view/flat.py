"""The emergency flat in facts: the states it passes, whether it runs, how many lines there are to scroll among. Pure."""

from engine import Snapshot
from engine.presentation import feeds

PATH = ("NORMAL", "ARMED", "LOCKED", "CANCELLING", "CLOSING", "VERIFYING", "FLAT")
RUNS = (*PATH[2:6], "ESCALATED", "HELD", "UNRESOLVED")  # the last three: what stands in its way meanwhile


def count(seen: Snapshot) -> int:
    """How many legs or lines there are to scroll among."""
    flat = seen.flat
    return len(flat.receipt) if flat.state == "FLAT" else len(flat.legs) if flat.state in RUNS else len(seen.positions)


def held_until(seen: Snapshot) -> str:
    """`HELD until Mon 09:15`."""
    return f"HELD until {feeds.goes_on(seen)}"
