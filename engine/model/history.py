"""What a journal tells of its days and their exits, as plain data; who reads it is `engine.journal.days`."""

from decimal import Decimal

from msgspec import Struct

from engine.model.statistics import DayStatistics
from engine.model.types import Instrument


class DayResult(Struct, frozen=True):
    """A session day in `mode`, its times being those of `zone` ("" = not known).

    `cumulative` is the net result of the days listed up to this one, `fallen` the largest fall of it so far, exit by exit.
    All accounts that had the date are in `statistics`; of them `earlier` is what those before the newest made, None where there was one.
    """

    mode: str
    statistics: DayStatistics
    zone: str
    cumulative: Decimal
    fallen: Decimal
    earlier: DayStatistics | None = None


class DayTrade(Struct, frozen=True):
    """An exit of a day, or, where `exit_ms` is None, what was open at its end (its money is 0 then).

    `left` of the position was held behind it: 0 = this exit ended it. Prices and quantities are in the instrument's minor units.
    """

    mode: str
    instrument: Instrument
    number: int
    entry_ms: int
    exit_ms: int | None
    quantity: int
    entry_price: int
    exit_price: int
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    left: int
