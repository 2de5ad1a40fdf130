"""What the client bought and sold, by security and product, and so the truth about its position. Knows no order."""

from collections.abc import Iterable

from msgspec import Struct

from tests.simulator.exchange.orders import ExchangeFill
from tests.simulator.exchange.securities import Security

CARRYFORWARD = "CARRYFORWARD"


class Carried(Struct, frozen=True):
    """What the client brought from the day before; `quantity` below 0 is a short, `price` in paise."""

    symbol: str
    quantity: int
    price: int
    product: str = CARRYFORWARD


class Holding(Struct):
    """A security in one product: today's units and amounts (paise × units), and what was carried over."""

    security: Security
    product: str
    bought: int = 0
    sold: int = 0
    buy_amount: int = 0
    sell_amount: int = 0
    carried: int = 0
    carried_price: int = 0
    last: int = 0  # the security's price when this was told

    @property
    def realised(self) -> float:
        """What is won by now, carried over included (paise)."""
        bought, paid = self.bought + max(0, self.carried), self.buy_amount + max(0, self.carried) * self.carried_price
        sold, got = self.sold + max(0, -self.carried), self.sell_amount + max(0, -self.carried) * self.carried_price
        return min(bought, sold) * (got / sold - paid / bought) if bought and sold else 0.0

    @property
    def net(self) -> int:
        """Units held; below 0 is a short."""
        return self.carried + self.bought - self.sold


class Positions:
    """All holdings of the day; none disappears when it is closed, as with the broker."""

    def __init__(self, securities: dict[str, Security], carried: Iterable[Carried]) -> None:
        self.holdings: dict[tuple[str, str], Holding] = {}
        self.net_by_symbol = dict.fromkeys(securities, 0)
        for each in carried:
            holding = self.holding(securities[each.symbol], each.product)
            holding.carried, holding.carried_price = each.quantity, each.price
            self.net_by_symbol[each.symbol] += each.quantity

    def net(self, symbol: str) -> int:
        """Units of a symbol over all products."""
        return self.net_by_symbol[symbol]

    def of(self, symbol: str, product: str) -> int:
        """Units of a symbol in one product."""
        holding = self.holdings.get((symbol, product))
        return holding.net if holding else 0

    def holding(self, security: Security, product: str) -> Holding:
        """The row of a security and product, made where there was none."""
        key = security.symbol, product
        if key not in self.holdings:
            self.holdings[key] = Holding(security, product)
        return self.holdings[key]

    def book(self, fill: ExchangeFill) -> Holding:
        """Count a fill, and give the row that it changed."""
        holding = self.holding(fill.security, fill.product)
        amount = fill.price * fill.quantity
        if fill.side == "BUY":
            holding.bought += fill.quantity
            holding.buy_amount += amount
        else:
            holding.sold += fill.quantity
            holding.sell_amount += amount
        signed = fill.quantity if fill.side == "BUY" else -fill.quantity
        self.net_by_symbol[fill.security.symbol] += signed
        return holding

    @property
    def spent(self) -> int:
        """Premium paid less premium received today (paise × units)."""
        return sum(each.buy_amount - each.sell_amount for each in self.holdings.values())
