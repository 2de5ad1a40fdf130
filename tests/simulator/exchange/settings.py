"""How the simulated broker is set: its delays, and what is not settled of the real one. Holds no state."""

from typing import Literal

from msgspec import Struct

Span = tuple[int, int]  # shortest and longest, ms


class Delays(Struct, frozen=True):
    """How long things take, drawn evenly, in ms: an answer, a step at the broker, one at the exchange, what shows where.

    `move` is how often the books move by themselves; 0: they stay as they are set.
    """

    answer: Span = (15, 60)
    broker: Span = (5, 40)
    exchange: Span = (5, 40)
    order_book: Span = (0, 300)
    trade_book: Span = (0, 800)
    positions: Span = (0, 1_500)
    update: Span = (5, 150)
    move: int = 1_000


NO_DELAYS = Delays((0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), 0)


class Quirks(Struct, frozen=True):
    """What nobody has tried with a real account, or what reports contradict each other about.

    `at_once`: families of refusals that the gateway tells in its answer, where others come after an order was taken.
    """

    modify_quantity: Literal["total", "rest"] = "total"  # what the quantity of a modify means once some has filled
    new_orderid: bool = False  # a modified order gets another one
    number_orderid: bool = False  # in the order book it is a number
    null_token: bool = False  # the order book says no token
    average_decimals: int = 2
    at_once: frozenset[str] = frozenset({"price"})
    app_updates: bool = True  # orders of the app are told by the socket
    after_hours: Literal["reject", "amo"] = "reject"


class TradingDay(Struct, frozen=True):
    """When orders are taken, when the broker squares off, when day orders end (ms UTC); None for never."""

    open_ms: int | None = None
    square_off_ms: int | None = None
    close_ms: int | None = None

    def is_open(self, now_ms: int) -> bool:
        """Whether the exchange takes orders."""
        return (self.open_ms is None or now_ms >= self.open_ms) and (self.close_ms is None or now_ms < self.close_ms)
