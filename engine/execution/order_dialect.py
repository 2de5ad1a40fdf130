"""What a lane of orders asks of a broker's way of speaking, so that the one need not know the other. Plain data and protocols."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from engine.model.order_reports import OrderAnswer, OrderSeen
from engine.model.order_requests import ReadOrder, ReadQuote, WriteRequest
from engine.model.types import Instrument
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText


class WireRequest(Struct, frozen=True):
    """A request as the broker wants it, without what a login adds."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"


class NoAnswer(Struct, frozen=True):
    """No whole answer came; `sent`: at least one byte of the request may have left."""

    reason: CleanText
    sent: bool


Reply = HttpAnswer | NoAnswer


class ReplyMeaning(Struct, frozen=True):
    """What a reply tells, and for how long the broker wants to be left alone.

    `session_over` says why the login that it was asked under is worth nothing any more; "" where it is.
    """

    answer: OrderAnswer
    wait_s: float = 0.0
    session_over: CleanText = CleanText("")


class UpdateMessage(Struct, frozen=True):
    """A message of the socket for updates: of an order it is `seen`, of what cannot be read or is a refusal the `reason` is told.

    A `greeting` says that from here on nothing is missed, where a broker sends one; a `beat` is whatever is about no order,
    the ticks of a socket that carries both among it.
    """

    kind: Literal["greeting", "beat", "order", "unreadable"]
    seen: OrderSeen | None = None
    reason: CleanText = CleanText("")


class BookRound(Protocol):
    """Order book, trade book and positions, asked for one after the other."""

    @property
    def wire(self) -> WireRequest:
        """What is to be asked next."""

    def take(self, reply: Reply, now_ms: int) -> ReplyMeaning | None:
        """Take the reply to that; the round's outcome once there is one."""


class OrderDialect(Protocol):
    """How orders are spoken of with one broker; pure. No reply makes it raise: what does not fit is an answer, too."""

    def relist(self, instruments: Sequence[Instrument]) -> None:
        """Go by these from now on; numbers stay what they were. From any thread."""

    def write(self, request: WriteRequest) -> WireRequest:
        """How `request` is asked."""

    def written(self, request: WriteRequest, reply: Reply) -> ReplyMeaning:
        """What the reply to it means."""

    def begin_round(self, number: int, generation: int, now_ms: int) -> BookRound:
        """Round `number`, under the login `generation`."""

    def look(self, request: ReadOrder | ReadQuote) -> WireRequest:
        """How a single order or a quote is asked for."""

    def seen(self, request: ReadOrder | ReadQuote, reply: Reply, generation: int, now_ms: int) -> ReplyMeaning:
        """What the reply to that means."""

    def update(self, message: bytes, generation: int) -> UpdateMessage:
        """What a message of the socket for updates says."""
