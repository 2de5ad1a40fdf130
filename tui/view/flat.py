"""The emergency flat in facts: the states it passes, whether it runs, how many lines there are to scroll among. Pure."""

from engine import Snapshot

PATH = ("NORMAL", "ARMED", "LOCKED", "CANCELLING", "CLOSING", "VERIFYING", "FLAT")
RUNS = (*PATH[2:6], "ESCALATED", "HELD", "UNRESOLVED")  # the last three: what stands in its way meanwhile


def count(seen: Snapshot) -> int:
    """How many legs or lines there are to scroll among."""
    flat = seen.flat
    return len(flat.receipt) if flat.state == "FLAT" else len(flat.legs) if flat.state in RUNS else len(seen.positions)
