"""Whether it is grave that no instrument ticks: something is held, or several that tick all the time fell silent together.

An instrument whose market is closed is silent by right, however much it ticked while that was open.
"""

from engine.model.clock import Clock
from engine.trading.instrument_state import InstrumentState
from engine.trading.trading_state import TradingState

_LIQUID_MS = 1000  # what ticks that often, on the day's average, is not silent by chance
_LEAST_TICKS = 20  # of the day, from which an average means something
_SEVERAL = 2


class GraveSilence:
    """Asked by the feed's thread once its whole link is silent, beside the turn: it reads, and each read is of one value."""

    def __init__(self, state: TradingState, clock: Clock) -> None:
        self._clock = clock
        self._hours = state.all_hours
        self._instruments = state.instrument_states
        self._positions = state.portfolio.positions

    def __call__(self) -> bool:
        """Judge at this moment."""
        now_ms = self._clock.wall_ns() // 1_000_000
        closed = {hours for hours in self._hours if hours.closed(now_ms)}
        trading = [inst for inst in self._instruments if inst.hours not in closed] if closed else self._instruments
        if any(self._positions[inst.index] is not None for inst in trading):
            return True
        return sum(map(_is_liquid, trading)) >= _SEVERAL


def _is_liquid(inst: InstrumentState) -> bool:
    """Whether the instrument has ticked at least once a second on the average of its day so far."""
    ticks, begun_ms = inst.strategy.ticks, inst.history.begun_ms
    return ticks >= _LEAST_TICKS and inst.last_ms - begun_ms <= ticks * _LIQUID_MS
