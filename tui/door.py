"""The engine as the screen sees it: snapshot, history and log out, commands in. Another process may stand behind it."""

from typing import Protocol

from engine import Command, LogLine, Run, Snapshot


class Door(Protocol):
    """All that the screen ever asks of an engine; every call returns at once."""

    def start(self) -> None:
        """Begin."""
        ...

    def send(self, command: Command) -> None:
        """Ask for a command."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        ...

    def history(self, instrument: int) -> tuple[tuple[int, int], ...]:
        """The day's chart of one instrument: (ms, price in minor units)."""
        ...

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """At most `limit` log lines after number `since`, oldest first."""
        ...


class LocalDoor:
    """An engine in this process."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def start(self) -> None:
        """Start the engine's threads."""
        self._run.engine.start()

    def send(self, command: Command) -> None:
        """Hand the command to the next turn."""
        self._run.engine.send(command)

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        return self._run.engine.snapshot

    def history(self, instrument: int) -> tuple[tuple[int, int], ...]:
        """The day's chart of one instrument."""
        return self._run.engine.history(instrument)

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """Log lines after number `since`."""
        return self._run.logs.lines_since(since, limit)
