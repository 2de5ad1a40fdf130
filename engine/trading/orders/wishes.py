"""What is to be bought or sold, whichever orders it takes: one wish is served by one order after another, or several slices. Plain state."""

from typing import Final

from msgspec import Struct, field

from engine.model.order_requests import Purpose
from engine.model.types import Side
from engine.trading.orders.price_ladder import ENTRY, EXIT, FLAT, Ladder
from engine.trading.orders.refusals import RefusalCount

LADDERS: Final[dict[Purpose, Ladder]] = {"ENTRY": ENTRY, "EXIT": EXIT, "FLAT": FLAT, "NET": EXIT}


class WishOver(Struct, frozen=True):
    """Nothing more is sent for a wish, and nothing of it works: `filled` of its `quantity` came true."""

    instrument: int
    side: Side
    purpose: Purpose
    quantity: int
    filled: int
    target: int


class Wish(Struct):
    """`quantity` of an instrument, decided at the tick price `decided`; `filled` and `turnover` of all its orders so far.

    `begun_ms` is when its first order was sent (0: none was): from then on its ladder counts. `keenest` is the furthest limit
    so far. `slice` is the most that is known to be taken in one order, where that is less than the freeze quantity. It waits
    until `wait_ms`; `hold` says what a person has to do before a try can help, `dropped` that no more of it is sent. `unpriced_ms` is
    since when a quote is lacking (0: none is).
    """

    number: int
    instrument: int
    side: Side
    purpose: Purpose
    quantity: int
    decided: int
    reason: str
    at_ms: int
    target: int = -1
    filled: int = 0
    turnover: int = 0
    begun_ms: int = 0
    keenest: int = 0
    slice: int = 0
    wait_ms: int = 0
    unpriced_ms: int = 0
    cleared_ms: int = 0
    hold: str = ""
    dropped: bool = False
    refusals: RefusalCount = field(default_factory=RefusalCount)

    @property
    def is_entry(self) -> bool:
        """Whether it opens something."""
        return self.purpose == "ENTRY"

    @property
    def ladder(self) -> Ladder:
        """By what its limits go."""
        return LADDERS[self.purpose]
