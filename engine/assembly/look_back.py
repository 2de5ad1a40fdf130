"""Finds what instruments closed at before this run's day in earlier recordings, on a thread of its own: nobody waits for it."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Thread

from engine.model.past_prices import PastPrices
from engine.recording.last_prices import last_prices
from engine.runtime import LOGGERS
from engine.trading.instrument_state import InstrumentState


def look_back(
    folder: Path, instruments: Sequence[InstrumentState], begin_ms: Callable[[], int], past: PastPrices
) -> Thread:
    """Have `past` take the last prices in the recordings in `folder`, of days before the one at `begin_ms` (UTC, asked on the thread).

    A disk that hangs holds this thread and nothing else; where it finds nothing, nothing is known.
    """

    def run() -> None:
        try:
            past.take(_found(folder, instruments, begin_ms()))
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: changes are counted from the day's first price then
            LOGGERS["engine"].info("no close of an earlier day: %s", f"{type(error).__name__}: {error}")

    thread = Thread(target=run, name="look-back", daemon=True)
    thread.start()
    return thread


def _found(folder: Path, instruments: Sequence[InstrumentState], now_ms: int) -> dict[int, tuple[int, date]]:
    by_symbol: dict[str, InstrumentState] = {inst.instrument.symbol: inst for inst in instruments}
    today = {symbol: inst.hours.day_of(now_ms).date for symbol, inst in by_symbol.items()}

    def counts(symbol: str, at_ms: int) -> bool:
        day = by_symbol[symbol].hours.day_of(at_ms)
        return day.start_ms <= at_ms <= day.end_ms and day.date < today[symbol]

    closes = {}
    for symbol, (price, scale, at_ms) in last_prices(folder, frozenset(by_symbol), counts).items():
        inst = by_symbol[symbol]
        close, rest = divmod(price * inst.instrument.price_scale, scale)
        if not rest:
            closes[inst.index] = (close, inst.hours.day_of(at_ms).date)
    return closes
