"""The product's own way of speaking about orders, tried on the simulated broker: bytes out, bytes in, and what they mean."""

from engine.execution.order_dialect import NoAnswer, Reply, ReplyMeaning, WireRequest
from engine.model.order_reports import RoundFailed, RoundRead
from engine.model.order_requests import PlaceOrder, ReadOrder, ReadQuote, WriteRequest
from engine.model.types import Instrument, Side
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulator.account import API_KEY
from tests.simulator.exchange import CallOutcome, Security, SimulatedExchange

HEADERS = {"x-sourceid": "WEB", "x-macaddress": "00:00", "x-privatekey": API_KEY}
_ROUND_MS = 1_000  # between two reads of one kind


def instrument_of(security: Security) -> Instrument:
    """A security as the product lists it."""
    return Instrument(
        CleanText(security.symbol),
        CleanText(security.token),
        CleanText(security.exchange),
        tick_size=security.tick,
        lot_size=security.lot,
        freeze_quantity=security.freeze,
    )


def reply_of(outcome: CallOutcome) -> Reply:
    """What the client is left with, once it has waited long enough."""
    answer = outcome.answer
    if outcome.end == "answered" and answer is not None:
        return HttpAnswer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body)
    return NoAnswer(CleanText(outcome.end), sent=outcome.end != "unreachable")


class SpokenOrders:
    """A client that asks by the product's dialect; instruments are numbered as `securities` are."""

    def __init__(self, exchange: SimulatedExchange, securities: tuple[Security, ...]) -> None:
        self.exchange = exchange
        self.dialect = SmartApiOrders([instrument_of(each) for each in securities])
        self.jwt = exchange.account.given.jwt
        self.now_ms = exchange.now_ms
        self._number = 0

    def after(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms
        self.exchange.step(self.now_ms)

    def place(self, side: Side = "BUY", limit: int = 10_010, quantity: int = 65, instrument: int = 0) -> ReplyMeaning:
        """What the answer to a new order means; its tag is its number."""
        self._number += 1
        number = self._number
        return self.write(
            PlaceOrder(number, f"L{number}E", instrument, side, quantity, limit, "ENTRY", limit, "a reason")
        )

    def write(self, request: WriteRequest) -> ReplyMeaning:
        """What the answer to a request that changes something means."""
        return self.dialect.written(request, self._ask(self.dialect.write(request)))

    def look(self, request: ReadOrder | ReadQuote) -> ReplyMeaning:
        """What the answer about one order or quote means."""
        return self.dialect.seen(request, self._ask(self.dialect.look(request)), 1, self.now_ms)

    def round(self) -> RoundRead | RoundFailed:
        """A round's outcome, a second after the one before."""
        self.after(_ROUND_MS)
        books = self.dialect.begin_round(1, 1, self.now_ms)
        while (meaning := books.take(self._ask(books.wire), self.now_ms)) is None:
            pass
        assert isinstance(meaning.answer, RoundRead | RoundFailed)
        return meaning.answer

    def _ask(self, wire: WireRequest) -> Reply:
        headers = HEADERS | {"authorization": f"Bearer {self.jwt}"}
        outcome = self.exchange.request(self.now_ms, wire.method, wire.path, headers, wire.body)
        return reply_of(outcome)
