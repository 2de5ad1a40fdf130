"""What came of the trades of a day, or of all days, as plain data; who counts it is `engine.presentation.statistics`."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

# What costs are told by, in this order: a contract note knows no commission, and the percentages only it, STT, exchange and GST.
COST_KINDS: Final = ("brokerage", "commission", "STT", "exchange", "IPFT", "SEBI", "stamp", "GST")


class DayStatistics(Struct, frozen=True, omit_defaults=True):
    """The trades of the session `date` (ISO text; of several days: the first), money exact in the currency.

    An exit belongs to the day it is made on. A position (a round trip, from its first fill to nothing held) belongs to the
    day it ends on, with all its exits: `won`, `lost` and `even` count positions; `profit`, `loss` (positive), `best`
    and `worst` are theirs. `costs` are both sides' costs of what was sold, so that `net` = `gross` - `costs`.

    `drawdown` is the largest fall of the realised result, `peak` and `lowest` how far it came above and below 0; `streak` counts the newest positions won in a row, negative
    where they were lost.
    """

    date: str = ""
    entries: int = 0
    exits: int = 0
    positions: int = 0
    won: int = 0
    lost: int = 0
    even: int = 0
    profit: Decimal = Decimal(0)
    loss: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    costs: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    best: Decimal | None = None
    worst: Decimal | None = None
    drawdown: Decimal = Decimal(0)
    streak: int = 0
    longest_won: int = 0
    longest_lost: int = 0
    reasons: dict[str, int] = {}  # exits by what caused them
    costs_by_kind: dict[str, Decimal] = {}
    peak: Decimal = Decimal(0)
    lowest: Decimal = Decimal(0)

    @property
    def profit_factor(self) -> Decimal | None:
        """What was won for each unit lost; None while nothing was lost."""
        return self.profit / self.loss if self.loss > 0 else None

    @property
    def win_rate(self) -> Decimal | None:
        """Share of the positions that were won, 0 to 1; None before the first has ended."""
        return Decimal(self.won) / self.positions if self.positions else None
