"""What came of a session day, position by position: for reports. Plain data, prices and quantities in minor units, money exact.

A position is an entry with all its exits. What needs ticks (excursions, stops that moved) is None where there were none.
"""

from array import array
from decimal import Decimal

from msgspec import Struct

from engine.model.types import Instrument
from engine.text.sanitize import CleanText


class PositionExit(Struct, frozen=True, kw_only=True):
    """One exit: `decided` at that tick price (0: not known), `waited_ms` from the decision to the fill (None: not known).

    `costs` are both sides' of what was sold, `costs_by_kind` what selling it cost.
    """

    at_ms: int
    price: int
    quantity: int
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    decided: int = 0
    waited_ms: int | None = None
    costs_by_kind: dict[str, Decimal] = {}


class PositionResult(Struct, frozen=True, kw_only=True):
    """An entry and all its exits, `left` of it being still held; it was the `number`th of its day.

    `first_stop` is where it was to be stopped out at first (None: not known). `low` and `high` are of all ticks from the
    entry's to the last exit's, both included, `high_after` of the five minutes behind, `stops` where the stop moved and when.
    """

    instrument: Instrument
    mode: str
    date: str
    entry_ms: int
    entry_price: int
    quantity: int
    number: int = 0
    decided: int = 0
    waited_ms: int | None = None
    first_stop: int | None = None
    costs_by_kind: dict[str, Decimal] = {}
    exits: tuple[PositionExit, ...] = ()
    left: int = 0
    low: int | None = None
    high: int | None = None
    high_after: int | None = None
    stops: tuple[tuple[int, int], ...] = ()

    @property
    def gross(self) -> Decimal:
        """Of what was sold."""
        return sum((each.gross for each in self.exits), Decimal(0))

    @property
    def costs(self) -> Decimal:
        """Both sides' costs of what was sold."""
        return sum((each.costs for each in self.exits), Decimal(0))

    @property
    def net(self) -> Decimal:
        """Of what was sold."""
        return sum((each.net for each in self.exits), Decimal(0))

    @property
    def last_ms(self) -> int:
        """When it was last sold from; its entry where that never was."""
        return self.exits[-1].at_ms if self.exits else self.entry_ms


class PricePath(Struct, frozen=True):
    """Prices of one instrument as ticks brought them: moments (UTC ms) and prices (minor units), side by side."""

    instrument: Instrument
    at_ms: "array[int]"
    prices: "array[int]"


class Fall(Struct, frozen=True):
    """A fall of `amount` from a `peak`: when that was reached, when the lowest came, and when it was back (None: never)."""

    amount: float
    peak: float
    from_ms: int
    to_ms: int
    recovered_ms: int | None = None

    @property
    def share(self) -> float | None:
        """The fall as a share of its peak; None where that was nought or less."""
        return self.amount / self.peak if self.peak > 0 else None

    def scaled(self, times: float, plus: float) -> "Fall":
        """The same fall of a value that is so many times as much, and so much more."""
        return Fall(self.amount * times, self.peak * times + plus, self.from_ms, self.to_ms, self.recovered_ms)


class ReportedDay(Struct, frozen=True, kw_only=True):
    """A session day of one run: positions that ended on it, or are still held where its source ends.

    `cash` is at its first tick (None: not known), `net` that of its exits, `costs_by_kind` what all fills of the day cost.
    `equity_ms` and `equity` are the account marked at every tick, as far as that was highest or lowest within
    five seconds, `fall` its largest of all ticks.
    `refused` says how often each filter kept a signal from an entry, as far as the run has counted. `fingerprint` tells
    this day from every other: what was traded, by which ticks.
    """

    mode: str
    date: str
    zone: str
    source: CleanText
    began_ms: int
    cash: Decimal | None
    net: Decimal
    costs_by_kind: dict[str, Decimal]
    positions: tuple[PositionResult, ...]
    exits: tuple[tuple[int, Decimal], ...]  # when, and its net: as they came
    ticks: int = 0
    paths: tuple[PricePath, ...] = ()
    equity_ms: "array[int]" = array("q")
    equity: "array[float]" = array("d")
    fall: Fall | None = None
    refused: dict[str, int] = {}
    cash_after: Decimal | None = None
    fingerprint: str = ""
