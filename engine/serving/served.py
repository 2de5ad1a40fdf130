"""The engine as the link serves it: no snapshot is shown that the journal could still lose. Knows no connection."""

from typing import Final

from msgspec.structs import replace

from engine.assembly import Run
from engine.model.bars import Bar
from engine.model.commands import Command
from engine.model.day_page import DayPage
from engine.model.exit_page import ExitPage
from engine.model.measures import Measures
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot

_LONGEST_NS: Final = 1_000_000_000  # that a picture is held back: a disk that stands still must not blind the screens


class DurableView:
    """A running engine as the link serves it: no snapshot before its rows are on the disk. Called by the link's one thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._shown: Snapshot | None = None
        self._kept_ms = 0  # the engine's time in the newest snapshot that was wholly kept

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot of which every row is on the disk: a fill that a screen has shown survives a power cut.

        Rows take a few milliseconds; meanwhile it is the snapshot before. One that is a second newer than that is shown
        in any case, and so is every one once the disk has failed: they tell from when on what they show is not kept.
        """
        seen, shown = self._run.engine.snapshot, self._shown
        if self._is_kept(seen):
            self._kept_ms = seen.at_ms
        elif self._is_failing() or shown is None or seen.taken_ns - shown.taken_ns > _LONGEST_NS:
            if not seen.unkept_from_ms:
                seen = replace(seen, unkept_from_ms=max(1, self._kept_ms))
        else:
            return shown
        self._shown = seen
        return seen

    def _is_failing(self) -> bool:
        journal = self._run.journal
        return journal is not None and bool(journal.problem)

    def _is_kept(self, seen: Snapshot) -> bool:
        journal = self._run.journal
        if journal is None or not journal.waiting:
            return True
        edge = next(each for each in seen.edges if each.name == "journal")
        return journal.durable >= edge.done + edge.waiting

    def send(self, command: Command, ticket: int) -> None:
        """Hand in a command."""
        self._run.engine.send(command, ticket)

    def history(self, instrument: int) -> tuple[Bar, ...]:
        """The day's chart of one instrument."""
        return self._run.engine.history(instrument)

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """Log lines after number `since`."""
        return self._run.logs.lines_since(since, limit)

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` out of the journal, as far as they have been read."""
        return self._run.exit_page(first, last, rewinds)

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days of the journal, or the exits of the one at `date`, as far as they have been read."""
        return self._run.day_page(date, today, rewinds)

    def measures(self) -> Measures:
        """What it has counted since it was started."""
        return Measures(stages=self._run.engine.epochs.counts(), log=self._run.logs.counts())

    def say(self, text: str) -> None:
        """Put a line into the log."""
        self._run.say(text)
