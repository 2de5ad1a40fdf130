"""Stands where the journal of a run with orders would."""

from collections.abc import Callable

from engine.model.events import AnyEvent


class RowsInMemory:
    """A journal whose rows are on the disk at once, or, with `late`, when `sync` is called."""

    def __init__(self) -> None:
        self.rows: list[AnyEvent] = []
        self.late = False
        self.durable = 0
        self._tell: Callable[[int], None] = lambda _: None

    def write(self, event: AnyEvent) -> int:
        self.rows.append(event)
        number = len(self.rows)
        if not self.late:
            self.sync()
        return number

    def sync(self, rows: int | None = None) -> None:
        """All rows, or the first so many, are on the disk."""
        self.durable = len(self.rows) if rows is None else rows
        self._tell(self.durable)

    def on_durable(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
