"""The engine as the screen sees it: snapshot, history and log out, commands in. Another process may stand behind it."""

from typing import TYPE_CHECKING, Protocol

from engine import Bar, DayPage, ExitPage, LogLine, Snapshot
from tui.view.model import Attachment

if TYPE_CHECKING:
    from engine import AnyCommand, Run


class EngineClient(Protocol):
    """All that the screen ever asks of an engine; every call but `leave` returns at once."""

    def send(self, command: "AnyCommand") -> None:
        """Ask for a command; `Attachment.asked` or the snapshot's outcomes tell what becomes of it."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""

    def history(self, instrument: int) -> tuple[Bar, ...]:
        """The day's chart of one instrument, the newest bar last."""

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """At most `limit` log lines after number `since`, oldest first."""

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` out of the journal, at most `EXITS_A_PAGE`, as far as they have come; ask again."""

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days of the journal, or the exits of the one at `date`, as far as they have come; ask again."""

    @property
    def attachment(self) -> Attachment:
        """Whether the engine is at the other end, who has control, what became of commands; texts are cleaned."""

    def take_control(self) -> None:
        """Take control, whoever has it."""

    def give_control(self) -> None:
        """Give control up and go on looking."""

    def leave(self, detached: bool) -> None:
        """Disconnect; `detached` = the operator left on purpose. Waits a second at most, so that the engine is told."""


_HERE, _TOLD_TO_END = Attachment(), Attachment(told_to_end=True)


class LocalEngine:
    """An engine in this process: nobody else has control of it, and it ends with the screen."""

    def __init__(self, run: "Run") -> None:
        self._engine = run.engine
        self.send, self.history, self.log_lines = run.engine.send, run.engine.history, run.logs.lines_since
        self.exit_page, self.day_page = run.exit_page, run.day_page

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._engine.snapshot

    @property
    def attachment(self) -> Attachment:
        """That of a screen in the engine's own process."""
        return _TOLD_TO_END if self._engine.status.stop_asked else _HERE

    def take_control(self) -> None:
        """Change nothing: it is ours."""

    def give_control(self) -> None:
        """Change nothing: there is nobody to leave it to."""

    def leave(self, detached: bool) -> None:
        """Change nothing: whoever started the run ends it."""
