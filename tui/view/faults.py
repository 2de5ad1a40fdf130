"""What generated data can be told to do wrong, from the palette: for developers, to see which lamp changes. Sends nothing itself."""

from engine import Fault, Stall

# Name in the palette, what it does, the action behind it, and the command.
FAULTS: tuple[tuple[str, str, str, Fault], ...] = (
    ("dev: silence", "generated data says nothing for 30 s of the session", "fault_stall", Fault("stall", 30)),
    ("dev: drop", "generated data loses 5 ticks", "fault_drop", Fault("drop", 5)),
    ("dev: duplicate", "generated data repeats 5 ticks", "fault_duplicate", Fault("duplicate", 5)),
    ("dev: reorder", "generated data swaps 5 pairs of ticks", "fault_reorder", Fault("reorder", 5)),
    ("dev: skew", "generated data is stamped 5 s ahead from now on", "fault_skew", Fault("skew", 5000)),
    ("dev: skew off", "generated data is stamped as it was", "fault_skew_off", Fault("skew", 0)),
    ("dev: jump", "generated data jumps by 30 % for one tick", "fault_jump", Fault("jump", 1)),
    ("dev: bad prices", "generated data has no price for 10 ticks", "fault_bad_price", Fault("bad_price", 10)),
)
ENTRIES = tuple(entry[:3] for entry in FAULTS)
BY_ACTION: dict[str, Fault | Stall] = {action: fault for _, _, action, fault in FAULTS} | {"stall": Stall(3.0)}
