"""Orders as one broker speaks of them: an `OrderDialect` put together of what is the broker's own. Pure; only the list of instruments changes."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from engine.execution.book_rounds import BookRounds, Books, HeardReply, ThreeBookRound
from engine.execution.order_dialect import Reply, ReplyMeaning, UpdateMessage, WireRequest
from engine.execution.told_fields import MisfitError
from engine.execution.told_rows import look_failed
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import OrderReport, OrderSeen, Quoted
from engine.model.order_requests import AmendOrder, PlaceOrder, ReadOrder, ReadQuote, WithdrawOrder, WriteRequest
from engine.model.types import Instrument

_Heard = TypeVar("_Heard", bound=HeardReply)
_Heard_contra = TypeVar("_Heard_contra", bound=HeardReply, contravariant=True)


class Requests(Protocol):
    """How a broker wants each request; a module may be one."""

    def place(self, request: PlaceOrder, instrument: Instrument) -> WireRequest:
        """A new order."""

    def modify(self, request: AmendOrder, instrument: Instrument) -> WireRequest:
        """Another price for one."""

    def cancel(self, request: WithdrawOrder) -> WireRequest:
        """One taken back."""

    def details(self, unique_id: str) -> WireRequest:
        """A look at one."""

    def full_quote(self, instrument: Instrument) -> WireRequest:
        """A quote with its depth."""


class Looks(Protocol[_Heard_contra]):
    """What a look comes to; a module may be one. Raises MisfitError where what came is none."""

    def order_in(self, request: ReadOrder, heard: _Heard_contra, traded: TradedInstruments) -> OrderReport:
        """The order that was looked at."""

    def quote_in(self, index: int, instrument: Instrument, heard: _Heard_contra, now_ms: int) -> Quoted:
        """The quote."""


class BrokerWords(NamedTuple, Generic[_Heard]):
    """What is a broker's own: minor units per rupee of an exchange, its lists, requests, what replies, looks and messages mean."""

    scale_of: Callable[[str], int]
    books: Callable[[TradedInstruments], Books[_Heard]]
    requests: Requests
    written: Callable[[WriteRequest, Reply, int], ReplyMeaning]
    looks: Looks[_Heard]
    update: Callable[[bytes, int, TradedInstruments], UpdateMessage]


class SpokenOrders(Generic[_Heard]):
    """Requests to bytes and replies to events, for the run's instruments."""

    def __init__(self, words: BrokerWords[_Heard], instruments: Sequence[Instrument]) -> None:
        self._words: Final = words
        self.relist(instruments)

    def relist(self, instruments: Sequence[Instrument]) -> None:
        """Go by these from now on; numbers stay what they were."""
        self._traded = TradedInstruments(instruments, self._words.scale_of)
        self._rounds = BookRounds(self._words.books(self._traded))

    def write(self, request: WriteRequest) -> WireRequest:
        """How `request` is asked."""
        if isinstance(request, PlaceOrder):
            return self._words.requests.place(request, self._traded[request.instrument])
        if isinstance(request, AmendOrder):
            return self._words.requests.modify(request, self._traded[request.instrument])
        return self._words.requests.cancel(request)

    def written(self, request: WriteRequest, reply: Reply) -> ReplyMeaning:
        """What the reply to it means."""
        scale = 1 if isinstance(request, WithdrawOrder) else self._traded[request.instrument].price_scale
        return self._words.written(request, reply, scale)

    def begin_round(self, number: int, generation: int, now_ms: int) -> ThreeBookRound[_Heard]:
        """Round `number`, under the login `generation`."""
        return self._rounds.begin(number, generation, now_ms)

    def look(self, request: ReadOrder | ReadQuote) -> WireRequest:
        """How a single order or a quote is asked for."""
        if isinstance(request, ReadOrder):
            return self._words.requests.details(request.unique_id)
        return self._words.requests.full_quote(self._traded[request.instrument])

    def seen(self, request: ReadOrder | ReadQuote, reply: Reply, generation: int, now_ms: int) -> ReplyMeaning:
        """What the reply to that means."""
        heard, looks = self._rounds.books.hear(reply), self._words.looks
        try:
            if isinstance(request, ReadOrder):
                return ReplyMeaning(OrderSeen(looks.order_in(request, heard, self._traded), generation))
            instrument = self._traded[request.instrument]
            return ReplyMeaning(looks.quote_in(request.instrument, instrument, heard, now_ms))
        except MisfitError as error:
            return heard.means(look_failed(request, str(error), heard.wait_s))

    def update(self, message: bytes, generation: int) -> UpdateMessage:
        """What a message of the socket for updates says."""
        return self._words.update(message, generation, self._traded)
