"""Finds what was before this run in earlier recordings, on a thread of its own: what instruments closed at, and their day so far."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Thread

from engine.model.past_prices import PastPrices
from engine.recording.day_bars import day_bars
from engine.recording.last_prices import last_prices
from engine.runtime import LOGGERS
from engine.trading.instrument_state import InstrumentState
from engine.trading.session import SessionDay

_STEP_MS, _COARSE_STEP_MS, _FEW = (
    30_000,
    60_000,
    10,
)  # of a bar, and from more than how many instruments on a coarse one


def look_back(
    folder: Path, instruments: Sequence[InstrumentState], begin_ms: Callable[[], int], past: PastPrices, *, today: bool
) -> Thread:
    """Have `past` take the last prices in the recordings in `folder`, of days before the one at `begin_ms` (UTC, asked on the thread).

    With `today` also the bars of that day. A disk that hangs holds this thread and nothing else; where it finds nothing,
    nothing is known. Who has charts wait for it calls `past.begin` before.
    """

    def run() -> None:
        try:
            found = _Past(folder, instruments, begin_ms())
            if today:
                found.give_bars(past)
            past.end()
            past.take(found.closes())
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: changes are counted from the day's first price then
            LOGGERS["engine"].info("earlier recordings tell nothing: %s", f"{type(error).__name__}: {error}")
        finally:
            past.end()

    thread = Thread(target=run, name="look-back", daemon=True)
    thread.start()
    return thread


class _Past:
    """Reads on behalf of instruments whose day is the one at `now_ms`."""

    def __init__(self, folder: Path, instruments: Sequence[InstrumentState], now_ms: int) -> None:
        self._folder = folder
        self._of: dict[str, InstrumentState] = {inst.instrument.symbol: inst for inst in instruments}
        self._today = {symbol: inst.hours.day_of(now_ms).date for symbol, inst in self._of.items()}

    def closes(self) -> dict[int, tuple[int, date]]:
        """The last price of an earlier day and that day, by the number of the instrument."""
        closes = {}
        for symbol, (price, scale, at_ms) in last_prices(self._folder, frozenset(self._of), self._was_before).items():
            inst = self._of[symbol]
            close, rest = divmod(price * inst.instrument.price_scale, scale)
            if not rest:
                closes[inst.index] = (close, inst.hours.day_of(at_ms).date)
        return closes

    def give_bars(self, past: PastPrices) -> None:
        """The day's bars so far; an instrument whose prices are counted otherwise now has none."""
        step_ms = _STEP_MS if len(self._of) <= _FEW else _COARSE_STEP_MS
        for symbol, found in day_bars(self._folder, frozenset(self._of), self._is_of_today, step_ms).items():
            inst = self._of[symbol]
            if found.price_scale == inst.instrument.price_scale:
                past.take_bars(inst.index, self._today[symbol], found.bars)

    def _was_before(self, symbol: str, at_ms: int) -> bool:
        day = self._session_of(symbol, at_ms)
        return day is not None and day.date < self._today[symbol]

    def _is_of_today(self, symbol: str, at_ms: int) -> bool:
        day = self._session_of(symbol, at_ms)
        return day is not None and day.date == self._today[symbol]

    def _session_of(self, symbol: str, at_ms: int) -> SessionDay | None:
        """The session in which `at_ms` is trading time."""
        day = self._of[symbol].hours.day_of(at_ms)
        return day if day.start_ms <= at_ms <= day.end_ms else None
