"""A recording a day: a new file takes over where the old one ends, without a tick between them. Knows no calendar."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

from msgspec.structs import replace

from engine.model.errors import UserError, reason
from engine.model.marks import Mark, StartMark
from engine.model.types import Tick
from engine.recording.recorder import FileRecorder
from engine.text.sanitize import CleanText, clean


class DailyRecorder:
    """The Recorder over one file after the other; `begin` makes each, and is called by a thread of its own but the first time.

    `prepare` opens the next file beside the turn, for a disk may take its time; `go_on` changes over to it within the turn.
    Places of marks are counted from the beginning of their file.
    """

    def __init__(self, begin: Callable[[], FileRecorder]) -> None:
        self._begin = begin
        self._file = begin()
        self.tick: Callable[[Tick], None] = self._file.tick  # the file's own: no call more on every tick
        self._base = self._kept_before = 0
        self._next: FileRecorder | None = None
        self._preparing: Thread | None = None
        self.not_begun = CleanText("")  # why no new file could be made

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._file.path

    @property
    def problem(self) -> CleanText:
        """Why not everything is kept."""
        return self._file.problem

    @property
    def waiting(self) -> int:
        """Bytes that are not on the disk yet."""
        return self._file.waiting

    @property
    def kept(self) -> int:
        """How many ticks were taken, in all files."""
        return self._kept_before + self._file.kept

    def mark(self, mark: Mark) -> None:
        """Keep a mark behind the ticks kept so far."""
        self._file.mark(
            replace(mark, ticks=mark.ticks - self._base) if self._base and not isinstance(mark, StartMark) else mark
        )

    def prepare(self) -> bool:
        """Have the next file made; whether it is there. Called by one thread, outside the turn."""
        if self._next is None and (self._preparing is None or not self._preparing.is_alive()):
            self._preparing = Thread(target=self._make, name="recorder-new-day", daemon=True)
            self._preparing.start()
        return self._next is not None

    def _make(self) -> None:
        try:
            self._next = self._begin()
            self.not_begun = CleanText("")
        except (OSError, UserError) as error:
            self.not_begun = clean(reason(error))

    def go_on(self, position: int) -> None:
        """Record into the file that was prepared from here on, which is after `position` ticks of the run; within the turn."""
        following, self._next = self._next, None
        assert following is not None
        before, self._file = self._file, following
        self.tick = following.tick
        self._base = position
        self._kept_before += before.kept
        # It waits for the disk.
        Thread(target=before.close, name="recorder-old-day", daemon=True).start()

    def close(self) -> None:
        """Write what is waiting and close."""
        self._file.close()
        following = self._next
        if following is not None:
            following.close()
