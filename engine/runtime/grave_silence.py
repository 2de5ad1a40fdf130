"""Whether it is grave that no instrument ticks: something is held, or several that tick all the time fell silent together."""

from engine.trading.instrument_state import InstrumentState
from engine.trading.trading_state import TradingState

_LIQUID_MS = 1000  # what ticks that often, on the day's average, is not silent by chance
_LEAST_TICKS = 20  # of the day, from which an average means something
_SEVERAL = 2


class GraveSilence:
    """Asked by the feed's thread once its whole link is silent, beside the turn: it reads, and each read is of one value."""

    def __init__(self, state: TradingState) -> None:
        self._instruments = state.instrument_states
        self._positions = state.portfolio.positions

    def __call__(self) -> bool:
        """Judge at this moment."""
        if any(position is not None for position in self._positions):
            return True
        return sum(map(_is_liquid, self._instruments)) >= _SEVERAL


def _is_liquid(inst: InstrumentState) -> bool:
    """Whether the instrument has ticked at least once a second on the average of its day so far."""
    ticks, begun_ms = inst.strategy.ticks, inst.history.begun_ms
    return ticks >= _LEAST_TICKS and inst.last_ms - begun_ms <= ticks * _LIQUID_MS
