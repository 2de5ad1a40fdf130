"""What goes wrong with a run: kept, told, entries locked. Says with what status it ends; ends nothing itself."""

from collections.abc import Callable

from engine.model.commands import Lock
from engine.model.errors import EXIT_DISK, EXIT_FAULT, EXIT_WELL
from engine.model.events import EntriesChanged, FeedNote
from engine.model.ports import Journal
from engine.runtime.dispatch import Dispatch
from engine.runtime.event_log import LOGGERS
from engine.runtime.tickets import Posted
from engine.runtime.turn import Turn
from engine.text.redaction import redact

_FAULT = "engine fault"
_log = LOGGERS["engine"]


class RunFailure:
    """`problem` is why a run cannot go on; `disk` is what the disk refuses, with which it goes on; both empty when all is well.

    `fatal` is called once there is a problem; `post` takes a command for the next turn.
    """

    def __init__(
        self,
        turn: Turn,
        dispatch: Dispatch,
        journal: Journal | None,
        *,
        post: Callable[[Posted], None],
        fatal: Callable[[], None],
    ) -> None:
        self.problem = ""
        self.disk = ""
        self.exit_status = EXIT_WELL
        self._turn = turn
        self._dispatch = dispatch
        self._journal = journal
        self._post = post
        self._fatal = fatal

    @property
    def outcome(self) -> str:
        """How the run ended, in the journal's words."""
        return self.problem or self.disk or "stopped"

    def source_failed(self, problem: str) -> None:
        """A recording cannot be read on: the run ends."""
        self.problem = problem
        self._fatal()

    def feed_failed(self, problem: str) -> None:
        """A live feed has ended by itself. Whoever holds something must not be left alone: flats and commands go on."""
        text = f"the feed has ended: {problem}"
        self._post(FeedNote(text, self._turn.now_ms, severe=True))
        self._post(Lock(text))

    def disk_failed(self, problem: str) -> None:
        """The journal cannot keep what it must: entries are locked, what is held is watched on, the end has the disk's status."""
        self.note_disk(problem)
        self._post(Lock(problem))

    def note_disk(self, problem: str) -> None:
        """Keep what the disk refuses; nothing where `problem` is empty."""
        self.disk = self.disk or problem
        if problem and self.exit_status == EXIT_WELL:
            self.exit_status = EXIT_DISK

    def journal_ended(self, journal: Journal) -> None:
        """Keep how the journal was closed: what broke in the program has its own status, whatever the disk would say."""
        self.note_disk(journal.problem)
        if journal.broken:
            self.exit_status = EXIT_FAULT

    def broke(self, error: Exception, *, ended: bool) -> None:
        """Keep and tell a failure of the engine itself, the first one; called outside the turn.

        Entries are locked unless the run has `ended`, when its last rows are written.
        """
        if self.exit_status == EXIT_FAULT:
            return
        self.problem = redact(f"engine failed: {type(error).__name__}: {error}")
        self.exit_status = EXIT_FAULT
        _log.critical("%s", self.problem, exc_info=error)
        try:
            if not ended:
                self._lock()
        except Exception as another:  # noqa: BLE001 - what broke may break this as well; the first failure is told
            _log.error("the lock could not be kept: %s", redact(f"{type(another).__name__}: {another}"))
        self._fatal()

    def _lock(self) -> None:
        """Lock entries as a command would, recorded and journalled, where the turn can be had; a wedged one is not waited for."""
        turn = self._turn
        if turn.lock.acquire(timeout=1.0):
            try:
                self._dispatch.command(Lock(_FAULT))
            finally:
                turn.lock.release()
            return
        turn.trader.state.gate.locked = _FAULT
        if self._journal is not None:
            self._journal.write(EntriesChanged("locked", _FAULT, turn.now_ms))
