"""How the broker that takes orders over sockets is set, and what can be traded there. Holds no state."""

from collections.abc import Sequence

from msgspec import Struct

from tests.simulator.exchange.positions import Carried
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays, Quirks, TradingDay
from tests.simulator.market import EXCHANGES, Line

_PAISE = 100
_NO_CIRCUIT = 10**9


class Orders(Struct, frozen=True):
    """A broker that takes orders for the instruments of the feed, its books where the feed's ticks say that prices are.

    `cash` and `short_margin` (of a lot) are in paise. `deep`: at the last price others buy and sell any quantity, so that who
    is quick gets the price of the tick; else there are five levels on each side, as the feed's packets have them.
    """

    cash: int = 50_000_000
    short_margin: int = 15_000_000
    deep: bool = False
    delays: Delays = Delays()
    quirks: Quirks = Quirks()
    day: TradingDay = TradingDay()
    carried: tuple[Carried, ...] = ()


def securities_of(lines: Sequence[Line]) -> dict[str, Security]:
    """What can be traded of these lines, by symbol: all that is priced in paise but indices."""
    return {
        line.symbol: Security(
            line.symbol,
            line.token,
            EXCHANGES[line.exchange_type],
            line.lot,
            line.tick,
            line.freeze,
            line.lower or line.tick,
            line.upper or _NO_CIRCUIT,
            line.price or line.tick,
        )
        for line in lines
        if line.price_scale == _PAISE and not line.is_index
    }
