"""What became of what was asked for, as a screen is shown it. Plain data; its writers stand elsewhere."""

from engine.model.snapshot import CommandView

_KEPT = 16


class Outcomes:
    """`lines` tell of the newest commands, the newest last; `commands` of those with a ticket.

    `found` tells how the last run ended, until the operator has acknowledged it.
    """

    __slots__ = ("commands", "found", "lines")

    def __init__(self, found: tuple[str, ...] = ()) -> None:
        self.lines: tuple[str, ...] = ()
        self.commands: tuple[CommandView, ...] = ()
        self.found = found

    def add(self, line: str) -> None:
        """Keep what became of a command."""
        self.lines = (*self.lines, line)[-_KEPT:]
