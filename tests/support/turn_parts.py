"""The parts of a replay's turn, as assembly makes them, without the engine around them."""

from collections.abc import Callable

from engine.model.clock import VirtualClock
from engine.model.types import Instrument
from engine.runtime.cursor import Cursor
from engine.runtime.turn_parts import TurnParts
from engine.trading.session import TradingHours
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from tests.support.builders import config


def turn_parts(
    instruments: tuple[Instrument, ...], *overrides: str, hours_of: Callable[[str], TradingHours] | None = None
) -> TurnParts:
    """The parts of a replay's turn, without journal and recorder."""
    chosen = config(*overrides)
    trader = Trader(chosen, instruments, "T-", hours_of)
    cursor = Cursor(lossless=True)
    return TurnParts(
        chosen, trader, VirtualClock(0), cursor, simulated, journal=None, recorder=None, keeps_account=False,
        inbox_size=1,
    )  # fmt: skip
