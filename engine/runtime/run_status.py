"""How a run stands as a whole: whether it goes on, why it cannot, with what it is to end. Plain data."""

from threading import Event

from engine.model.errors import EXIT_WELL


class RunStatus:
    """`problem` is why a run cannot go on, `disk` what the disk refuses, with which it goes on; both empty when all is well.

    `stopped`: no tick and no command is worked any more; `ended`: and all is written. `source_ended`: every tick of a
    finite source was worked. `done` is set once there is nothing more to wait for, `stop_asked` where an operator said so.
    """

    __slots__ = ("disk", "done", "ended", "exit_status", "problem", "source_ended", "stop_asked", "stopped")

    def __init__(self) -> None:
        self.problem = self.disk = ""
        self.exit_status = EXIT_WELL
        self.stopped = self.ended = self.source_ended = self.stop_asked = False
        self.done = Event()

    @property
    def shown(self) -> str:
        """Why the run cannot go on; once it has ended also what the disk refused; empty when all is well."""
        return self.problem or (self.disk if self.ended else "")

    def ask_to_stop(self) -> None:
        """An operator wants the run to end."""
        self.stop_asked = True
        self.done.set()
