"""A recording a day: a new file takes over where the old one ends, without a tick between them. Knows no calendar."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from msgspec.structs import replace

from engine.model.errors import UserError, reason
from engine.model.marks import DeskMark, Mark, StartMark
from engine.model.types import Instrument, Tick
from engine.recording.recorder import FileRecorder
from engine.text.sanitize import CleanText, clean


class DailyRecorder:
    """The Recorder over one file after the other; `begin` makes each, and is called by a thread of its own but the first time.

    `begin_with` makes one of other instruments, which those behind it are then of, too. `prepare` opens the next file beside the turn, for a disk may take its time; `go_on` changes over to it within the turn.
    Places of marks are counted from the beginning of their file.
    """

    def __init__(
        self,
        begin: Callable[[], FileRecorder],
        begin_with: Callable[[tuple[Instrument, ...]], FileRecorder] | None = None,
        note: Callable[[Path], None] = lambda _: None,
    ) -> None:
        """`note` is told which file it is again, where another was prepared in vain."""
        self._note = note
        self._begin = begin
        self._begin_with = begin_with
        self._instruments: tuple[Instrument, ...] = ()  # others than those of the first file
        self._file = begin()
        self.tick: Callable[[Tick], None] = self._file.tick  # the file's own: no call more on every tick
        self._base = self._kept_before = 0
        self._next: tuple[tuple[Instrument, ...], FileRecorder] | None = None  # and the instruments it is of
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
            mark
            if not self._base or isinstance(mark, StartMark | DeskMark)
            else replace(mark, ticks=mark.ticks - self._base)
        )

    def prepare(self, instruments: tuple[Instrument, ...] = ()) -> bool:
        """Have the next file made; whether it is there. Called by one thread, outside the turn.

        One that was made of other `instruments`, and is not wanted any more, is thrown away.
        """
        wanted = instruments or self._instruments
        made = self._next
        if made is not None and made[0] == wanted:
            return True
        if self._preparing is None or not self._preparing.is_alive():
            self._next, self.not_begun = None, CleanText("")
            unwanted = None if made is None else made[1]
            self._preparing = Thread(target=self._make, args=(wanted, unwanted), name="recorder-new-day", daemon=True)
            self._preparing.start()
        return False

    def _make(self, instruments: tuple[Instrument, ...], unwanted: FileRecorder | None) -> None:
        try:
            if unwanted is not None:
                self._throw_away(unwanted)
            made = self._begin_with(instruments) if instruments and self._begin_with else self._begin()
            self._next = (instruments, made)
        except (OSError, UserError) as error:
            self.not_begun = clean(reason(error))

    def forget_prepared(self) -> None:
        """Throw the next file away, where one was made; called by the thread of `prepare`, returns at once."""
        made, self._next = self._next, None
        if made is not None:
            Thread(target=self._throw_away, args=(made[1],), name="recorder-old-day", daemon=True).start()

    def _throw_away(self, unwanted: FileRecorder) -> None:
        unwanted.close()
        with suppress(OSError):
            unwanted.path.unlink(missing_ok=True)
        self._note(self.path)

    def go_on(self, position: int) -> None:
        """Record into the file that was prepared from here on, which is after `position` ticks of the run; within the turn."""
        prepared, self._next = self._next, None
        assert prepared is not None
        self._instruments, following = prepared
        before, self._file = self._file, following
        self.tick = following.tick
        self._base = position
        self._kept_before += before.kept
        # It waits for the disk.
        Thread(target=before.close, name="recorder-old-day", daemon=True).start()

    def close(self) -> None:
        """Write what is waiting and close."""
        self._file.close()
        if self._next is not None:
            self._next[1].close()
