"""How orders are spoken of with Kite Connect."""

from collections.abc import Sequence
from typing import Final

from engine.execution.spoken_orders import BrokerWords, SpokenOrders
from engine.model.types import Instrument
from engine.venues.kite.orders import looks, requests
from engine.venues.kite.orders.books import KiteBooks
from engine.venues.kite.orders.meanings import Heard, written
from engine.venues.kite.orders.rows import scale_of
from engine.venues.kite.orders.updates import update_message

_WORDS: Final = BrokerWords[Heard](scale_of, KiteBooks, requests, written, looks, update_message)


class KiteOrders(SpokenOrders[Heard]):
    """An `OrderDialect`, for instruments that are named as Kite Connect lists them."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        super().__init__(_WORDS, instruments)
