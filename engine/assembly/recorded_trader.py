"""Who follows a source: a trader over simulated orders, or, where a recording is of a run at a real broker, one over such orders."""

from collections.abc import Callable, Sequence
from functools import partial

from engine.config import Config
from engine.model.errors import InputError
from engine.model.marks import DeskMark
from engine.model.types import Instrument
from engine.recording import MqrSource
from engine.runtime.replay.comparable import incomparable
from engine.trading.session import TradingHours
from engine.trading.trader import Trader


def trader_for(
    source: object,
    config: Config,
    instruments: tuple[Instrument, ...],
    tag_prefix: str,
    hours_of: Callable[[str], TradingHours],
) -> Trader:
    """The trader of a run over `source`.

    A recording whose orders were real is followed under its own rules only, and only where it says with what they began;
    under others its ticks are traded on paper. Raises InputError where what it says of that cannot be.
    """
    if not isinstance(source, MqrSource) or not source.real_orders or incomparable(source.header, config, instruments):
        return Trader(config, instruments, tag_prefix, hours_of)
    marks = _desk_marks(source)
    if not marks:
        return Trader(config, instruments, tag_prefix, hours_of)
    # Who follows no such recording does not carry them.
    from engine.trading.live_trader import LiveTrader  # noqa: PLC0415
    from engine.trading.orders.desk import desk_of  # noqa: PLC0415

    try:
        return LiveTrader(config, instruments, tag_prefix, hours_of, partial(desk_of, marks))
    except ValueError as error:
        raise InputError(f"{source.path}: what it says of the orders that it begins with cannot be: {error}") from error


def _desk_marks(source: MqrSource) -> Sequence[DeskMark]:
    """The marks that a recording begins with, as far as they are of a desk."""
    found: list[DeskMark] = []
    for mark in source.marks():
        if not isinstance(mark, DeskMark):
            break
        found.append(mark)
    return found
