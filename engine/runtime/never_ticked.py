"""Who was subscribed and has had no tick at all since the start, once its market has been open for a while. Names, and tells once."""

from collections.abc import Callable, Sequence
from typing import Final

from engine.presentation.feeds import never_text
from engine.text.sanitize import CleanText
from engine.trading.instrument_state import InstrumentState
from engine.trading.session import TradingHours

_WAIT_MS: Final = 30_000  # of an open market
_NAMED: Final = 20


class NeverTicked:
    """Asked a few times a second, beside the turn; `warn` tells a line."""

    def __init__(self, instruments: Sequence[InstrumentState], warn: Callable[[str], None]) -> None:
        self._instruments = instruments
        self._warn = warn
        self._begun_ns = 0  # when it was first asked
        self._told: set[int] = set()

    def look(self, now_ns: int, now_ms: int) -> tuple[CleanText, ...]:
        """The first of their names; none while it is too soon to say."""
        self._begun_ns = self._begun_ns or now_ns
        if now_ns - self._begun_ns < _WAIT_MS * 1_000_000:
            return ()
        listed = [inst for inst in self._instruments if not inst.instrument.removed]
        open_ = {hours: _open_for(hours, now_ms) for hours in {inst.hours for inst in listed}}
        never = [inst for inst in listed if inst.last_tick is None and open_[inst.hours]]
        names = tuple(inst.instrument.symbol for inst in never[:_NAMED])
        if any(inst.index not in self._told for inst in never):
            self._told.update(inst.index for inst in never)
            ticking = sum(inst.last_tick is not None for inst in listed)
            self._warn(never_text(len(listed), ticking, names))
        return names


def _open_for(hours: TradingHours, now_ms: int) -> bool:
    """Whether that market has been open for long enough for a tick."""
    day = hours.day_of(now_ms)
    return day.start_ms + _WAIT_MS <= now_ms <= day.end_ms
