"""How orders are spoken of with Angel One."""

from collections.abc import Sequence
from typing import Final

from engine.execution.spoken_orders import BrokerWords, SpokenOrders
from engine.model.types import Instrument
from engine.venues.angelone.instruments.listed import scale_of
from engine.venues.angelone.orders import looks, requests
from engine.venues.angelone.orders.books import SmartApiBooks
from engine.venues.angelone.orders.meanings import Heard, written
from engine.venues.angelone.orders.updates import update_message

_WORDS: Final = BrokerWords[Heard](scale_of, SmartApiBooks, requests, written, looks, update_message)


class SmartApiOrders(SpokenOrders[Heard]):
    """An `OrderDialect`."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        super().__init__(_WORDS, instruments)
