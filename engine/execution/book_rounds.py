"""One round: order book, trade book and positions, read one after the other. All three are good, or the round has failed. Knows no broker."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import Reply, ReplyMeaning, WireRequest
from engine.execution.told_fields import MisfitError
from engine.execution.told_rows import NOT_READABLE
from engine.model.order_reports import FillReport, NetReport, OrderAnswer, OrderReport, RoundFailed, RoundRead
from engine.outside.http_reader import HttpAnswer
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

_NAMES: Final = ("order book", "trade book", "positions")
_REASON_LIMIT: Final = 200
_DIGEST_BYTES: Final = 16  # no two texts of a day's have the same


class HeardReply(Protocol):
    """A reply as a broker's dialect has heard it, whatever was asked."""

    @property
    def wait_s(self) -> float:
        """For how long the broker wants to be left alone."""

    def means(self, answer: OrderAnswer) -> ReplyMeaning:
        """That it comes to `answer`."""


_Heard = TypeVar("_Heard", bound=HeardReply)


class Books(Protocol[_Heard]):
    """How one broker lists the three; a reading raises MisfitError where what came is no such list."""

    @property
    def wires(self) -> tuple[WireRequest, WireRequest, WireRequest]:
        """How orders, trades and positions are asked for."""

    def hear(self, reply: Reply) -> _Heard:
        """What kind of reply it is."""

    def orders(self, heard: _Heard) -> tuple[OrderReport, ...]:
        """The order book."""

    def fills(self, heard: _Heard, orders: tuple[OrderReport, ...], now_ms: int) -> tuple[FillReport, ...]:
        """The trade book, beside the orders of its round."""

    def net(self, heard: _Heard) -> tuple[NetReport, ...]:
        """The positions."""


class _Told(Struct, frozen=True):
    """The newest good answer about a list as its status and a digest, what it was read with, and what it said."""

    status: int
    digest: bytes
    orders: tuple[OrderReport, ...]
    said: tuple[Any, ...]

    def again(self, reply: Reply, orders: tuple[OrderReport, ...]) -> bool:
        """Whether `reply` says the same, beside these orders."""
        return (
            isinstance(reply, HttpAnswer)
            and reply.status == self.status
            and orders is self.orders
            and _digest(reply.body) == self.digest
        )


class BookRounds(Generic[_Heard]):
    """Makes rounds of `books`, and remembers the newest answer about each: most come again as they were, and are not read anew.

    To be made anew with other instruments.
    """

    def __init__(self, books: Books[_Heard]) -> None:
        self.books = books
        self.told: dict[int, _Told] = {}

    def begin(self, number: int, generation: int, begun_ms: int) -> "ThreeBookRound[_Heard]":
        """Round `number`; `generation` is the login that all of it is asked under."""
        return ThreeBookRound(self, number, generation, begun_ms)


class ThreeBookRound(Generic[_Heard]):
    """Asks for the three and puts them together: a `BookRound`."""

    def __init__(self, rounds: BookRounds[_Heard], number: int, generation: int, begun_ms: int) -> None:
        self._rounds = rounds
        self._number = number
        self._generation = generation
        self._begun_ms = begun_ms
        self._said: list[tuple[Any, ...]] = []  # what was read so far: orders, fills, net

    @property
    def wire(self) -> WireRequest:
        """What is to be asked next."""
        return self._rounds.books.wires[len(self._said)]

    def take(self, reply: Reply, now_ms: int) -> ReplyMeaning | None:
        """Take the reply to that; the round's outcome once there is one."""
        index = len(self._said)
        told = self._rounds.told.get(index)
        if told is not None and told.again(reply, self._orders):
            said = told.said
        else:
            heard = self._rounds.books.hear(reply)
            try:
                said = self._read(heard, now_ms)
            except MisfitError as error:
                reason = clean(redact(f"{_NAMES[index]}: {error}").strip(), _REASON_LIMIT)
                return heard.means(RoundFailed(self._number, reason, heard.wait_s))
            if isinstance(reply, HttpAnswer):
                self._rounds.told[index] = _Told(reply.status, _digest(reply.body), self._orders, said)
        self._said.append(said)
        if len(self._said) < len(_NAMES):
            return None
        return ReplyMeaning(RoundRead(self._number, self._begun_ms, now_ms, self._generation, *self._said))

    @property
    def _orders(self) -> tuple[OrderReport, ...]:
        """The orders of this round, once they are read."""
        return self._said[0] if self._said else ()

    def _read(self, heard: _Heard, now_ms: int) -> tuple[Any, ...]:
        books = self._rounds.books
        match len(self._said):
            case 0:
                return books.orders(heard)
            case 1:
                return books.fills(heard, self._orders, now_ms)
        return books.net(heard)


def is_beside(fill: FillReport, orders: Mapping[CleanText, OrderReport]) -> bool:
    """Whether a fill that was read before is of the instrument that its order among `orders`, by their numbers, is of."""
    order = orders.get(fill.broker_id)
    return order is not None and order.instrument == fill.instrument


_Report = TypeVar("_Report")


class RowMemory(Generic[_Report]):
    """What the rows of a list's newest reading said, by a digest of each: most come again as they were.

    To read one takes longer than to find it, and its bytes and fields weigh ten times as much as what it says.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, _Report] = {}

    def read(
        self,
        rows: Sequence[msgspec.Raw],
        report: Callable[[msgspec.Raw], _Report],
        stands: Callable[[_Report], bool] = lambda _: True,
    ) -> tuple[_Report, ...]:
        """What each of `rows` says, anew where what was known no longer `stands`; raises MisfitError that names the row."""
        known: dict[bytes, _Report] = {}
        told: list[_Report] = []
        for number, row in enumerate(rows, 1):
            key = _digest(row)
            found = self._known.get(key)
            if found is None or not stands(found):
                try:
                    found = report(row)
                except (MisfitError, *NOT_READABLE) as error:
                    raise MisfitError(f"row {number}: {error}") from None
            known[key] = found
            told.append(found)
        self._known = known
        return tuple(told)


def _digest(told: bytes | msgspec.Raw) -> bytes:
    return blake2b(told, digest_size=_DIGEST_BYTES).digest()
