"""What became of what was asked for, as a screen is shown it. Plain data; its writers stand elsewhere."""

from msgspec import Struct

from engine.model.run_views import CommandView

_KEPT = 16


class Outcomes(Struct):
    """`lines` tell of the newest commands, the newest last; `commands` of those with a ticket.

    `found` tells how the last run ended, until the operator has acknowledged it.
    """

    found: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    commands: tuple[CommandView, ...] = ()

    def add(self, line: str) -> None:
        """Keep what became of a command."""
        self.lines = (*self.lines, line)[-_KEPT:]
