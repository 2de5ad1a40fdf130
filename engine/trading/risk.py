"""What stands between a signal and an order: locks, pauses, halts, the day's limits, and the size. Knows no broker."""

from bisect import bisect_left
from decimal import Decimal
from typing import ClassVar

from engine.config import RiskConfig
from engine.model.state import Plain
from engine.model.types import MAX_QUANTITY, Instrument
from engine.trading.costs import Costs, total


class EntryGate:
    """Whether new entries are allowed, over all instruments.

    `locked` and `halted` hold a reason or are empty; both wait for the operator. A pause is lifted by a resume; what is
    `held` waits for the disk, and is no account's: the next run has a journal of its own. `barred` are the instruments
    (numbers, rising) that the operator wants no new entries in.
    """

    STATE = ("paused", "locked", "halted", "day_entries")
    LATER: ClassVar[dict[str, Plain]] = {"barred": []}

    def __init__(self, max_positions_per_day: int) -> None:
        self._max_positions_per_day = max_positions_per_day
        self.paused = False
        self.locked = ""
        self.halted = ""
        self.held = ""
        self.day_entries = 0
        self.barred: list[int] = []  # another list after each change: an earlier one may be shared

    def bar(self, instrument: int, *, barred: bool) -> None:
        """Let `instrument` have no new entries, or have them again."""
        others = [each for each in self.barred if each != instrument]
        self.barred = sorted([*others, instrument]) if barred else others

    def objection(self) -> str:
        """Why no entry is allowed now; empty when one is."""
        if self.locked:
            return f"locked: {self.locked}"
        if self.halted:
            return f"halted: {self.halted}"
        if self.held:
            return f"halted: {self.held}"
        if self.paused:
            return "paused"
        if self.day_entries >= self._max_positions_per_day:
            return "day's limit of positions reached"
        return ""

    def start_day(self) -> None:
        """Begin the day's counters anew; locks, halts and the pause stay."""
        self.day_entries = 0


class Sizing:
    """How many lots an entry buys."""

    def __init__(self, risk: RiskConfig) -> None:
        self._share = risk.max_position_value_percent / Decimal(100)

    def quantity(self, cash: Decimal, price: int, instrument: Instrument, costs: Costs, at_ms: int) -> int:
        """Quantity (whole lots) that `cash` affords at `price` (minor units) at `at_ms`, `costs` included; 0 when not one lot, or no price above nought."""
        if price <= 0:
            return 0  # no cash measures what may be owed
        lot_value = instrument.money(price * instrument.lot_size)
        spendable = min(cash, cash * self._share)
        lots = int(spendable / lot_value) if spendable > 0 else 0
        lots = min(lots, MAX_QUANTITY // instrument.lot_size)

        def fits(count: int) -> bool:
            turnover = count * lot_value
            orders = -(-count * instrument.lot_size // instrument.largest_order)
            return turnover + total(costs.of(turnover, orders, at_ms, selling=False)) <= cash

        if not lots or fits(lots):
            return lots * instrument.lot_size
        return bisect_left(range(1, lots), True, key=lambda count: not fits(count)) * instrument.lot_size
