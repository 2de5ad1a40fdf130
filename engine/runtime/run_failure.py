"""How a run stands as a whole, and what goes wrong with it: kept, told, entries locked. Ends nothing itself."""

from threading import Event

from msgspec import Struct, field

from engine.model.commands import Lock
from engine.model.errors import EXIT_DISK, EXIT_FAULT, EXIT_WELL
from engine.model.events import EntriesChanged, FeedNote
from engine.model.ports import Journal
from engine.runtime.dispatch import Dispatch
from engine.runtime.event_log import LOGGERS
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import JournalLost, TurnParts
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

_FAULT = CleanText("engine fault")
_log = LOGGERS["engine"]


class RunStatus(Struct):
    """`problem` is why a run cannot go on, `disk` what the disk refuses, with which it goes on; both empty when all is well.

    `stopped`: no tick and no command is worked any more; `ended`: and all is written. `source_ended`: every tick of a
    finite source was worked. `done` is set once there is nothing more to wait for, `stop_asked` where an operator said so.
    `changed` is set, and stays so until somebody who waits for it clears it, whenever one of the two may have come about.
    """

    problem: CleanText = CleanText("")
    disk: CleanText = CleanText("")
    exit_status: int = EXIT_WELL
    stopped: bool = False
    ended: bool = False
    source_ended: bool = False
    stop_asked: bool = False
    done: Event = field(default_factory=Event)
    changed: Event = field(default_factory=Event)

    @property
    def shown(self) -> CleanText:
        """Why the run cannot go on; once it has ended also what the disk refused; empty when all is well."""
        return self.problem or (self.disk if self.ended else CleanText(""))

    def ask_to_stop(self) -> None:
        """An operator wants the run to end."""
        self.stop_asked = True
        self.finish()

    def finish(self) -> None:
        """There is nothing more to wait for."""
        self.done.set()
        self.changed.set()


class RunFailure:
    """Keeps in `status` what goes wrong, and has entries locked; `post` takes a command for the next turn."""

    def __init__(self, parts: TurnParts, turn: Turn, dispatch: Dispatch, status: RunStatus) -> None:
        self.status = status
        self._turn = turn
        self._parts = parts
        self._dispatch = dispatch
        self._gate = parts.trader.state.gate

    @property
    def outcome(self) -> str:
        """How the run ended, in the journal's words."""
        return self.status.problem or self.status.disk or "stopped"

    def source_failed(self, problem: str) -> None:
        """A recording cannot be read on: the run ends."""
        self.status.problem = _told(problem)
        self.status.finish()

    def feed_failed(self, problem: str) -> None:
        """A live feed has ended by itself. Whoever holds something must not be left alone: flats and commands go on."""
        text = _told(f"the feed has ended: {problem}")
        self._parts.post(FeedNote(text, self._parts.effects.now_ms, severe=True))
        self._parts.post(Lock(text))

    def disk_failed(self, problem: CleanText) -> None:
        """The journal cannot keep what it must: entries are locked, what is held is watched on, the end has the disk's status."""
        self.note_disk(problem)
        self._parts.post(Lock(problem))

    def journal_lost(self, problem: CleanText, *, lock: bool) -> None:
        """Others have taken the journal away: entries are locked until a person has looked, and all that is known is written anew."""
        if lock:
            self._parts.post(Lock(problem))
        self._parts.post(JournalLost(problem))

    def edge_lost(self, problem: CleanText) -> None:
        """Others have been at what proves that this engine owns its directory: entries are locked until a person has looked."""
        self._parts.post(Lock(clean(f"state directory: {problem}")))

    def note_disk(self, problem: CleanText) -> None:
        """Keep what the disk refuses; nothing where `problem` is empty."""
        status = self.status
        status.disk = status.disk or problem
        if problem and status.exit_status == EXIT_WELL:
            status.exit_status = EXIT_DISK

    def journal_ended(self, journal: Journal) -> None:
        """Keep how the journal was closed: what broke in the program has its own status, whatever the disk would say."""
        self.note_disk(journal.problem)
        if journal.broken:
            self.status.exit_status = EXIT_FAULT

    def broke(self, error: Exception) -> None:
        """Keep and tell a failure of the engine itself, the first one; called outside the turn.

        Entries are locked unless the run has stopped, when its last rows are written.
        """
        if self.status.exit_status == EXIT_FAULT:
            return
        self.status.problem = _told(f"engine failed: {type(error).__name__}: {error}")
        self.status.exit_status = EXIT_FAULT
        _log.critical("%s", self.status.problem, exc_info=error)
        try:
            if not self.status.stopped:
                self._lock()
        except Exception as another:  # noqa: BLE001 - what broke may break this as well; the first failure is told
            _log.error("the lock could not be kept: %s", redact(f"{type(another).__name__}: {another}"))
        self.status.finish()

    def _lock(self) -> None:
        """Lock entries as a command would, recorded and journalled, where the turn can be had; a wedged one is not waited for."""
        turn = self._turn
        if turn.lock.acquire(timeout=1.0):
            try:
                self._dispatch.carry_out(Lock(_FAULT))
            finally:
                turn.lock.release()
            return
        self._gate.locked = _FAULT
        if self._parts.journal is not None:
            self._parts.journal.write(EntriesChanged("locked", _FAULT, self._parts.effects.now_ms))


def _told(text: str) -> CleanText:
    return clean(redact(text))  # before it is cut: half a secret would not be found
