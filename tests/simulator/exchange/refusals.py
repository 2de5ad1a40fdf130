"""Why an order is refused, in the broker's words: families, texts, codes. Judges nothing."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tests.simulator.exchange.orders import BrokerOrder

# The code of a family where the gateway refuses at once; where an order was taken before, there is a text alone.
AT_ONCE: Final = {
    "price": "AB1007",
    "circuit": "AB1007",
    "freeze": "AB1007",
    "lot": "AB1007",
    "funds": "AB1007",
    "product": "AB1012",
    "self_trade": "AB1007",
    "closed": "AB1007",
    "ip": "AG7002",
    "session": "AG8002",
    "blocked": "AB1006",
    "other": "AB1007",
}
FAMILIES: Final = tuple(AT_ONCE)

UNREGISTERED: Final = "Access denied: Unregistered IP address. Please register your static IP to place orders"
BLOCKED: Final = "Client is blocked for trading"


class OrderRefusal(Struct, frozen=True):
    """A no: of which family, and what the broker says."""

    family: str
    text: str


def rupees(price: int) -> str:
    """A price in rupees with two decimals."""
    return f"{price / 100:.2f}"


def beyond_protection(side: str, bound: int) -> OrderRefusal:
    """The limit is outside the exchange's range, which ends at `bound`."""
    where = "reduce the limit price below" if side == "BUY" else "increase the limit price above"
    text = "Order price is beyond the Limit Price Protection range defined by the exchange. "
    return OrderRefusal("price", f"{text}Please {where} <{rupees(bound)}>")


def beyond_stop_range(side: str, most: int, bound: int) -> OrderRefusal:
    """Limit and trigger of a stop are further apart than `most`; the limit may go to `bound`."""
    where = "reducing the limit price below" if side == "BUY" else "increasing the limit price above"
    text = (
        "Difference between limit price and trigger price for SL Limit Order is beyond the exchange's Permissible range"
    )
    return OrderRefusal("price", f"{text} of < {rupees(most)} >. Consider {where} < {rupees(bound)} >")


def outside_circuit(lower: int, upper: int) -> OrderRefusal:
    """The price is outside the operating range."""
    return OrderRefusal(
        "circuit", f"Order price is out of the circuit limit: the price band is {rupees(lower)} to {rupees(upper)}"
    )


def too_large(freeze: int) -> OrderRefusal:
    """More than the exchange takes in one order."""
    return OrderRefusal("freeze", f"RMS:Rule: Order quantity is above the freeze quantity {freeze}")


def odd_lot(lot: int) -> OrderRefusal:
    """No whole lots."""
    return OrderRefusal("lot", f"Order quantity should be in multiple of lot size {lot}")


def no_funds(available: int, required: int) -> OrderRefusal:
    """Money is missing (paise)."""
    text = f"Insufficient Funds. Available funds - Rs. {rupees(available)} . You require Rs. {rupees(required)}"
    return OrderRefusal("funds", f"{text} funds to execute this order")


def intraday_over() -> OrderRefusal:
    """The broker has squared off, and takes no more of it."""
    return OrderRefusal("product", "RMS:Auto Square Off Block: product MIS is not allowed at this time")


def self_trade() -> OrderRefusal:
    """It would meet the client's own order."""
    return OrderRefusal("self_trade", "Order rejected by the exchange to prevent a self trade")


def closed() -> OrderRefusal:
    """It is not the time."""
    return OrderRefusal("closed", "Order cannot be placed as the market is closed")


def market_order() -> OrderRefusal:
    """A kind of order that programs may not send."""
    return OrderRefusal("other", "Market and IOC orders are not allowed for orders by API")


def off_tick(tick: int) -> OrderRefusal:
    """No whole ticks."""
    return OrderRefusal("other", f"The rate is not a multiple of the tick {rupees(tick)}")


def triggered_already() -> OrderRefusal:
    """A stop on the wrong side of the last price."""
    return OrderRefusal("other", "Trigger price is beyond the last traded price")


def filled_already() -> OrderRefusal:
    """A change to no more than what has filled."""
    return OrderRefusal("other", "Order quantity cannot be less than the traded quantity")


def forced(family: str, order: BrokerOrder, price: int) -> OrderRefusal:
    """A refusal of `family` that nothing but the fault is the reason for; its numbers fit the order and the price asked for."""
    security, away = order.security, (2 if order.side == "SELL" else -2) * order.security.tick
    made: dict[str, Callable[[], OrderRefusal]] = {
        "price": lambda: beyond_protection(order.side, price + away),
        "circuit": lambda: outside_circuit(price - abs(away), price + abs(away)),
        "freeze": lambda: too_large(max(security.lot, order.quantity // 2)),
        "lot": lambda: odd_lot(security.lot),
        "funds": lambda: no_funds(0, price * order.quantity),
        "product": lambda: OrderRefusal("product", "RMS:Blocked for this scrip: product MIS is not allowed"),
        "self_trade": self_trade,
        "closed": closed,
        "ip": lambda: OrderRefusal("ip", UNREGISTERED),
        "session": lambda: OrderRefusal("session", "Your session has expired"),
        "blocked": lambda: OrderRefusal("blocked", BLOCKED),
        "other": lambda: OrderRefusal("other", "17070 : The order is refused by the exchange"),
    }
    return made[family]()
