"""Who was subscribed and has had no tick at all since the start, once the market has been open for a while. Names, and tells once."""

from collections.abc import Callable, Sequence
from typing import Final

from engine.presentation.feeds import never_text
from engine.text.sanitize import CleanText
from engine.trading.instrument_state import InstrumentState

_WAIT_NS: Final = 30_000_000_000  # of an open market
_NAMED: Final = 20


class NeverTicked:
    """Asked a few times a second, beside the turn; `warn` tells a line."""

    def __init__(self, instruments: Sequence[InstrumentState], warn: Callable[[str], None]) -> None:
        self._instruments = instruments
        self._warn = warn
        self._open_ns = 0  # since when a market was seen open, 0 = it is not
        self._told = False

    def look(self, now_ns: int, now_ms: int) -> tuple[CleanText, ...]:
        """The first of their names; none while it is too soon to say."""
        never = [inst for inst in self._instruments if inst.last_tick is None]
        if not any(not inst.hours.closed(now_ms) for inst in never[:_NAMED]):
            self._open_ns = 0
            return ()
        self._open_ns = self._open_ns or now_ns
        if now_ns - self._open_ns < _WAIT_NS:
            return ()
        names = tuple(inst.instrument.symbol for inst in never[:_NAMED])
        if not self._told:
            self._told = True
            self._warn(never_text(len(self._instruments), len(self._instruments) - len(never), names))
        return names
