"""What the engine's thread counts of itself and of the instruments, for snapshots and for the judge of the log."""

from engine.model.run_views import ProcessView
from engine.text.sanitize import CleanText


class LoopStats:
    """`beats` counts the engine's loop and `beat_ns` (monotonic) stamps it: the heartbeat is the age of that stamp.

    `ticking` instruments have had a tick, `never` names those that have had none for too long, `silent` of them none for longer than they may; `refused` counts refused
    ticks of all instruments by reason, `sequence_gaps` jumps of the exchange's numbering. These are up to a quarter of a
    second old, with many instruments a second. `process` is up to a second old. `late_ns` is how far the journal is
    behind; exits and fills from `unkept_from_ms` on (the engine's time, 0 = none) may not be kept yet.
    """

    __slots__ = (
        "beat_ns", "beats", "late_ns", "never", "process", "refused", "sequence_gaps", "silent", "ticking", "unkept_from_ms",
    )  # fmt: skip

    def __init__(self) -> None:
        self.beats = self.beat_ns = 0
        self.ticking = self.silent = self.sequence_gaps = 0
        self.late_ns = self.unkept_from_ms = 0
        self.refused: dict[str, int] = {}
        self.never: tuple[CleanText, ...] = ()
        self.process = ProcessView(0.0, 0.0, 0, 0.0, 0)
