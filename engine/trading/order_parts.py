"""What of one order is booked so far, when it is filled in parts: enough to tell its trade once it is over. Plain state."""

from decimal import Decimal
from typing import Protocol

from msgspec import Struct, field

from engine.model.types import Fill
from engine.trading.costs import Kinds, add_up


class Entered(Protocol):
    """What is known of how a position was entered."""

    @property
    def entry_ms(self) -> int:
        """When (UTC ms)."""

    @property
    def entry_price(self) -> int:
        """At which average price, in minor units."""


class OrderParts(Struct):
    """`filled` of it for `turnover` (minor units) and `costs` by kind; of that `closed` was held before.

    What was closed had been entered at `entry_price` at `entry_ms`, for `entry_turnover` and `entry_costs`. `operator_stop`:
    it was decided at a stop that the operator had moved.
    """

    filled: int = 0
    turnover: int = 0
    costs: Kinds = field(default_factory=dict)
    closed: int = 0
    entry_turnover: int = 0
    entry_costs: Decimal = Decimal(0)
    entry_ms: int = 0
    entry_price: int = 0
    operator_stop: bool = False

    def add(self, fill: Fill, costs: Kinds) -> None:
        """Count a part, and what it cost by kind."""
        self.filled += fill.quantity
        self.turnover += fill.quantity * fill.price
        add_up(self.costs, costs)

    def close(self, entered: Entered, quantity: int, turnover: int, costs: Decimal) -> None:
        """Count what a part has closed of the position `entered`: its shares of that entry's turnover and costs."""
        if not self.closed:
            self.entry_ms = entered.entry_ms
        self.closed += quantity
        self.entry_turnover += turnover
        self.entry_costs += costs
        self.entry_price = entered.entry_price

    @property
    def closed_turnover(self) -> int:
        """What was closed came to, in minor units."""
        return self.turnover if self.closed == self.filled else self.turnover * self.closed // self.filled
