"""Prices from before this run, as somebody has found them: last ones of earlier days, and the bars of its day so far. Written by one thread, read by any."""

import time
from array import array
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from engine.model.bars import AT, LINES, NOTHING, STOP, Bar

_LOOKS_NS: Final = 2_000_000_000  # so long charts wait for a disk, at most


class PastPrices:
    """By the number of the instrument its last price (minor units) of the newest day before, and the bars of the day before this run began."""

    def __init__(self) -> None:
        self._closes: Mapping[int, tuple[int, date]] = {}
        self._bars: dict[int, tuple[date, array[int]]] = {}
        self._until_ns = 0

    def begin(self) -> None:
        """Somebody begins to look: for a moment nobody is told of a chart that may still have a beginning."""
        self._until_ns = time.monotonic_ns() + _LOOKS_NS

    def take(self, closes: Mapping[int, tuple[int, date]]) -> None:
        """What there is to be known of earlier days, beside what is known; one attribute store."""
        self._closes = {**self._closes, **closes}

    def take_bars(self, instrument: int, day: date, bars: Iterable[Bar]) -> None:
        """The bars of `day`, oldest first, of which neither stop nor lines are known."""
        self._bars[instrument] = (day, array("q", (value for bar in bars for value in bar[:STOP])))

    def end(self) -> None:
        """What was not found by now is not known."""
        self._until_ns = 0

    def close(self, instrument: int, day: date) -> tuple[int, str]:
        """The last price before `day`, and of which date (ISO text) it is; 0 and "" where none is known."""
        price, of = self._closes.get(instrument, (0, day))
        return (price, of.isoformat()) if of < day else (0, "")

    def with_past(self, instrument: int, bars: tuple[Bar, ...], day: date) -> tuple[Bar, ...]:
        """This run's `bars` of `day` behind those from before it; none while it is still looked for them."""
        if self._until_ns and time.monotonic_ns() < self._until_ns:
            return ()
        of, flat = self._bars.get(instrument, (day, None))
        if flat is None or (bars and of != day):
            return bars
        unknown = (NOTHING,) * ((len(bars[0]) if bars else LINES) - STOP)
        past = zip(*[iter(flat)] * STOP, strict=True)
        return (*((*bar, *unknown) for bar in past if not bars or bar[AT] < bars[0][AT]), *bars)
