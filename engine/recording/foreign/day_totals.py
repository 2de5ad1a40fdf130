"""Quantities out of a total of the day: what it has grown by since the row before, in the order of time. Knows no file."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

from engine.model.types import Tick
from engine.recording.stamps import zone_named

_QUARTER_S: Final = 900  # at whose ends alone a date begins, in any zone


class DayTotals:
    """Turns ticks whose quantity is the total of their day so far, 0 for none, into ticks with both.

    What was traded before the first row of a day is not known of any one row, so that row counts nothing. A day is a date
    in `zone`. Within it no total falls: a row that says less counts nothing and is told, and those behind it count from
    where they go on, from there or from the total before.
    """

    def __init__(self, instruments: int, zone: str) -> None:
        self._instruments = instruments
        self._zone = zone_named(zone)
        self._falls = self._first = (
            0  # rows that say less than one before them, and the first; of the reading that met most
        )

    def grown(self, ticks: Iterator[Tick]) -> Iterator[Tick]:
        """The ticks, each with the quantity of its own."""
        day_of = lru_cache(64)(self._day_of)
        days = [-1] * self._instruments
        highest, latest = [0] * self._instruments, [0] * self._instruments
        falls = 0
        for tick in ticks:
            if total := tick.quantity:
                place, day = tick.instrument, day_of(tick.recv_wall_ns // 1_000_000_000 // _QUARTER_S)
                before = highest[place] if total >= highest[place] else latest[place]
                if day != days[place]:
                    days[place], highest[place], before = day, 0, total
                elif total < before:
                    falls, before = falls + 1, total
                    if falls > self._falls:
                        self._falls, self._first = falls, self._first or tick.seq
                tick.day_volume, tick.quantity = total, total - before
                highest[place], latest[place] = max(total, highest[place]), total
            yield tick

    def told(self) -> tuple[str, ...]:
        """A line where a total fell."""
        if not self._falls:
            return ()
        return (
            f"{self._falls:,} rows say less than the day's total before them and count nothing, first row {self._first}",
        )

    def _day_of(self, quarter: int) -> int:
        return datetime.fromtimestamp(quarter * _QUARTER_S, self._zone).toordinal()
