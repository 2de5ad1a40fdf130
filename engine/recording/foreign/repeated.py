"""Notices rows that stand in a file twice, far apart: a part that was fetched twice, or joined with itself. They count all the same."""

from engine.model.types import Tick
from engine.recording.foreign.neighbours import REACH


class Repeated:
    """Rows, in order of time, that say what one of another place says: how many, and the first."""

    def __init__(self) -> None:
        self.count = self.first_row = 0
        self._at_ns = -1
        self._seen: dict[tuple[int, int, int], int] = {}  # what a row of this moment says → the first that says it

    def add(self, tick: Tick) -> None:
        """The next tick, its `seq` still the row."""
        if tick.recv_wall_ns != self._at_ns:
            self._at_ns = tick.recv_wall_ns
            self._seen.clear()
        key = (tick.instrument, tick.price, tick.day_volume or tick.quantity)
        if abs(tick.seq - self._seen.setdefault(key, tick.seq)) > REACH:
            self.first_row = min(self.first_row or tick.seq, tick.seq)
            self.count += 1

    def told(self) -> tuple[str, ...]:
        """A line where there are some."""
        if not self.count:
            return ()
        rows = "1 row repeats" if self.count == 1 else f"{self.count:,} rows repeat"
        where = f"the time, price and quantity of one far from it, first row {self.first_row}"
        return (f"{rows} {where}: does a part of the file stand in it twice? All of them count",)
