"""An order and a fill as the broker has them, and the broker's words for what an order is doing. Decides nothing."""

from typing import Literal

from msgspec import Struct

from tests.simulator.exchange.securities import Security

Side = Literal["BUY", "SELL"]

VALIDATION, PENDING, OPEN, WAITING = "validation pending", "open pending", "open", "trigger pending"
COMPLETE, CANCELLED, REJECTED = "complete", "cancelled", "rejected"
MODIFYING, NOT_MODIFIED, MODIFIED = "modify validation pending", "not modified", "modified"
CANCELLING, NOT_CANCELLED = "cancel pending", "not cancelled"
AFTER_MARKET = "after market order req received"
TERMINAL = frozenset({COMPLETE, CANCELLED, REJECTED})

# The codes of order updates; of words that are not here nothing is sent.
CODES = {
    PENDING: "AB09",
    OPEN: "AB01",
    WAITING: "AB10",
    MODIFIED: "AB04",
    NOT_MODIFIED: "AB11",
    COMPLETE: "AB05",
    CANCELLED: "AB02",
    REJECTED: "AB03",
    AFTER_MARKET: "AB06",
}
AFTER_MARKET_CANCELLED = "AB07"


class ExchangeFill(Struct, frozen=True):
    """One trade of one of the client's orders; `price` in paise, `tag` "" where the order had none."""

    id: str
    number: int
    orderid: str
    tag: str
    security: Security
    product: str
    side: Side
    price: int
    quantity: int
    at_ms: int


class BrokerOrder(Struct):
    """One order of the client; prices in paise.

    `state` is what `orderstatus` says, `second` what `status` says. `allowed` is how much of it others trade with, where
    a fault limits that. Steps at broker and exchange happen in order: the next one not before `busy_ms`.
    """

    number: int
    orderid: str
    unique: str
    tag: str
    security: Security
    side: Side
    product: str
    variety: str
    order_type: str
    price: int
    trigger: int
    quantity: int
    placed_ms: int
    state: str = VALIDATION
    second: str = VALIDATION
    text: str = ""
    exchange_id: str = ""
    filled: int = 0
    value: int = 0
    cancelled: int = 0
    fill_id: str = ""
    fill_ms: int = 0
    updated_ms: int = 0
    exchange_ms: int = 0
    external: bool = False  # of the app or the broker, not of a call
    approved: bool = False  # by the broker's risk management
    resting: bool = False  # with the matcher
    priority: int = 0
    triggered: bool = False
    after_market: bool = False
    forbidden: bool = False  # of a kind that programs may not send
    forced: str = ""  # the family by which it is to be refused
    allowed: int | None = None
    rest_ended: str = ""  # what becomes of what does not trade at once
    busy_ms: int = 0

    @property
    def over(self) -> bool:
        """Whether it has reached its end."""
        return self.state in TERMINAL

    @property
    def rest(self) -> int:
        """What may still fill, in units."""
        return 0 if self.over else self.quantity - self.filled

    @property
    def matchable(self) -> int:
        """What others trade with now, in units."""
        if self.allowed is None:
            return self.quantity - self.filled
        return max(0, min(self.quantity, self.allowed) - self.filled)

    @property
    def is_stop(self) -> bool:
        """Whether it waits for its trigger first."""
        return self.order_type == "STOPLOSS_LIMIT" and not self.triggered
