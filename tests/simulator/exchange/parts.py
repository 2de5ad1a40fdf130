"""What an order meets on its way through the broker, and what may be made of it there. Does nothing."""

from collections.abc import Mapping

from msgspec import Struct

from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.due import DueActions
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.positions import Positions
from tests.simulator.exchange.risk import RiskManagement
from tests.simulator.exchange.settings import Delays, Quirks, TradingDay
from tests.simulator.exchange.teller import Teller


class Deviation(Struct, frozen=True):
    """What a fault makes of an order or of a change of it.

    `family`: refused by it, `at_once` (with `code`) or after it was taken. `percent`: so much of an order trades, then the
    rest rests, or is `ended`: "rejected" or "cancelled" (before anything else, where nothing is said of how much trades); with
    a modify or cancel, so much fills while that is on its way.
    """

    family: str = ""
    at_once: bool = False
    code: str = ""
    percent: int | None = None
    ended: str = ""
    untagged: bool = False


class OrderChange(Struct, frozen=True):
    """What a modify asks for: prices in paise, the quantity in all."""

    price: int
    trigger: int
    quantity: int


class BrokerParts(Struct, frozen=True):
    """All that an order meets on its way."""

    matchers: Mapping[str, Matcher]
    positions: Positions
    risk: RiskManagement
    teller: Teller
    due: DueActions
    counters: OrderCounters
    delays: Delays
    quirks: Quirks
    day: TradingDay
