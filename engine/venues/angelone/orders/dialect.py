"""How orders are spoken of with Angel One: an `OrderDialect`. Pure; only the list of instruments changes."""

from collections.abc import Sequence

from engine.execution.book_rounds import BookRounds, ThreeBookRound
from engine.execution.order_dialect import Reply, ReplyMeaning, UpdateMessage, WireRequest
from engine.execution.told_fields import MisfitError
from engine.execution.told_rows import look_failed
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import OrderSeen
from engine.model.order_requests import AmendOrder, PlaceOrder, ReadOrder, ReadQuote, WithdrawOrder, WriteRequest
from engine.model.types import Instrument
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.instruments.listed import scale_of
from engine.venues.angelone.orders import requests
from engine.venues.angelone.orders.books import SmartApiBooks
from engine.venues.angelone.orders.looks import order_in, quote_in
from engine.venues.angelone.orders.meanings import Heard, hear, written
from engine.venues.angelone.orders.updates import update_message


class SmartApiOrders:
    """Requests to bytes and replies to events, for the run's instruments."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.relist(instruments)

    def relist(self, instruments: Sequence[Instrument]) -> None:
        """Go by these from now on; numbers stay what they were."""
        self._traded = TradedInstruments(instruments, scale_of)
        self._rounds = BookRounds(SmartApiBooks(self._traded))

    def write(self, request: WriteRequest) -> WireRequest:
        """How `request` is asked."""
        if isinstance(request, PlaceOrder):
            return requests.place(request, self._traded[request.instrument])
        if isinstance(request, AmendOrder):
            return requests.modify(request, self._traded[request.instrument])
        return requests.cancel(request)

    def written(self, request: WriteRequest, reply: Reply) -> ReplyMeaning:
        """What the reply to it means."""
        scale = 1 if isinstance(request, WithdrawOrder) else self._traded[request.instrument].price_scale
        return written(request, reply, scale)

    def begin_round(self, number: int, generation: int, now_ms: int) -> ThreeBookRound[Heard]:
        """Round `number`, under the login `generation`."""
        return self._rounds.begin(number, generation, now_ms)

    def look(self, request: ReadOrder | ReadQuote) -> WireRequest:
        """How a single order or a quote is asked for."""
        if isinstance(request, ReadOrder):
            return requests.details(request.unique_id)
        return requests.full_quote(self._traded[request.instrument])

    def seen(self, request: ReadOrder | ReadQuote, reply: Reply, generation: int, now_ms: int) -> ReplyMeaning:
        """What the reply to that means."""
        heard = hear(reply)
        try:
            if isinstance(request, ReadOrder):
                return ReplyMeaning(OrderSeen(order_in(request, heard, self._traded), generation))
            instrument = self._traded[request.instrument]
            return ReplyMeaning(quote_in(request.instrument, instrument, heard, now_ms))
        except MisfitError as error:
            return heard.means(look_failed(request, one_line(str(error)), heard.wait_s))

    def update(self, message: bytes, generation: int) -> UpdateMessage:
        """What a message of the socket for updates says."""
        return update_message(message, generation, self._traded)
