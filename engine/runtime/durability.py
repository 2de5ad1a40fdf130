"""How far the journal is behind what has happened, and what comes of it. Decides by a command, which is recorded like any other."""

from collections import deque
from typing import Final

from engine.model.commands import HoldEntries
from engine.model.ports import Journal, Watch
from engine.runtime.turn_parts import PostAny
from engine.text.sanitize import CleanText

HOLDS_NS: Final = 400_000_000  # seen within a beat (0.1 s) that it is so late: half a second in all
SHOWN_NS: Final = 1_000_000_000
SILENT_NS: Final = 3_000_000_000  # of the thread that asks after files, which has something to do each second
BEHIND: Final = CleanText("the journal waits for its disk")
SILENT: Final = CleanText("the disk of the state directory does not answer")
_MOST_SAMPLES: Final = 256


class JournalLag:
    """The age of the oldest row that is not known to be on the disk, to within a beat."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._samples: deque[tuple[int, int, int]] = deque()  # (newest row then, when, the engine's time a beat before)
        self._handed = journal.durable
        self._before_ms = 0
        self.since_ms = 0  # rows of events from this moment on (the engine's time) may be missing; 0 = none

    def look(self, now_ns: int, now_ms: int) -> int:
        """Look at `now_ns` (monotonic); the age in ns, 0 when everything is on the disk."""
        journal, samples = self._journal, self._samples
        waiting, durable = journal.waiting, journal.durable
        handed = durable + waiting
        if handed != self._handed and waiting and len(samples) < _MOST_SAMPLES:
            samples.append((handed, now_ns, self._before_ms or now_ms))
        self._handed, self._before_ms = handed, now_ms
        while samples and durable >= samples[0][0]:
            samples.popleft()
        if not samples:
            self.since_ms = 0
            return 0
        self.since_ms = samples[0][2]
        return now_ns - samples[0][1]


class Durability:
    """Looks on each beat; `late_ns` is how far the journal is behind, `since_ms` from when on what is shown may not be kept.

    Entries wait while the journal is late or the disk does not answer, and go on by themselves once all is written.
    `holds`: not in a replay, which must decide as the recorded run did, and in none that goes as fast as it can.
    """

    def __init__(self, journal: Journal | None, watch: Watch, post: PostAny, *, holds: bool) -> None:
        self.late_ns = 0
        self.since_ms = 0
        self._lag = JournalLag(journal) if journal is not None else None
        self._watch = watch
        self._post = post
        self._holds = holds
        self._held = False

    def look(self, now_ns: int, now_ms: int) -> None:
        """Look at `now_ns` (monotonic), `now_ms` being the engine's own time; outside the turn."""
        lag = self._lag
        if lag is None:
            return
        self.late_ns = late_ns = lag.look(now_ns, now_ms)
        self.since_ms = lag.since_ms if late_ns > SHOWN_NS else 0
        if not self._holds:
            return
        beat_ns = self._watch.beat_ns
        silent = beat_ns > 0 and now_ns - beat_ns > SILENT_NS
        if self._held:
            if not late_ns and not silent:
                self._held = False
                self._post(HoldEntries())
        elif late_ns > HOLDS_NS or silent:
            self._held = True
            self._post(HoldEntries(BEHIND if late_ns > HOLDS_NS else SILENT))
