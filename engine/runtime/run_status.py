"""How a run stands as a whole: whether it goes on, why it cannot, with what it is to end. Plain data."""

from threading import Event

from msgspec import Struct, field

from engine.model.errors import EXIT_WELL
from engine.text.sanitize import CleanText


class RunStatus(Struct):
    """`problem` is why a run cannot go on, `disk` what the disk refuses, with which it goes on; both empty when all is well.

    `stopped`: no tick and no command is worked any more; `ended`: and all is written. `source_ended`: every tick of a
    finite source was worked. `done` is set once there is nothing more to wait for, `stop_asked` where an operator said so.
    """

    problem: CleanText = CleanText("")
    disk: CleanText = CleanText("")
    exit_status: int = EXIT_WELL
    stopped: bool = False
    ended: bool = False
    source_ended: bool = False
    stop_asked: bool = False
    done: Event = field(default_factory=Event)

    @property
    def shown(self) -> CleanText:
        """Why the run cannot go on; once it has ended also what the disk refused; empty when all is well."""
        return self.problem or (self.disk if self.ended else CleanText(""))

    def ask_to_stop(self) -> None:
        """An operator wants the run to end."""
        self.stop_asked = True
        self.done.set()
