"""What the engine's loop counts of itself and sees of the instruments. Plain data: one thread writes, any may read."""

from collections.abc import Iterable

from engine.model.snapshot import ProcessView
from engine.trading.instrument_state import InstrumentState


class LoopStats:
    """`beats` counts the engine's loop and `beat_ns` (monotonic) stamps it: the heartbeat is the age of that stamp.

    `ticking` instruments have had a tick, `silent` of them none for longer than they may; `refused` counts refused
    ticks of all instruments by reason, `sequence_gaps` jumps of the exchange's numbering. These are up to a quarter of a
    second old, with many instruments a second. `process` is up to a second old.
    """

    __slots__ = ("beat_ns", "beats", "process", "refused", "sequence_gaps", "silent", "ticking")

    def __init__(self) -> None:
        self.beats = self.beat_ns = 0
        self.ticking = self.silent = self.sequence_gaps = 0
        self.refused: dict[str, int] = {}
        self.process = ProcessView(0.0, 0.0, 0, 0.0, 0)


def refusals(instruments: Iterable[InstrumentState]) -> dict[str, int]:
    """Count the refused ticks of all `instruments` by reason."""
    total: dict[str, int] = {}
    for inst in instruments:
        # A copy is made in one go: beside the turn a feed's thread may add a reason at any moment.
        for reason, count in inst.tick_filter.refused.copy().items():
            total[reason] = total.get(reason, 0) + count
    return total
