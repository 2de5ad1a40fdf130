"""What is asked of a real broker, in plain data: each is carried out by an edge, once, and answered by events. Frozen, serialisable."""

from typing import ClassVar, Final, Literal

from msgspec import Struct

from engine.model.order_reports import Request
from engine.model.types import Side

# Why an order is there; NET is one that rests at the broker for the case that nobody is there.
Purpose = Literal["ENTRY", "EXIT", "FLAT", "NET"]
FREEING: Final[frozenset[Purpose]] = frozenset({"ENTRY", "EXIT"})  # give back what they took where nothing comes true


class PlaceOrder(Struct, frozen=True, tag=True):
    """Send this order: a day's limit order. `limit` is in minor units, `decided` the tick price that it was decided at.

    `overnight`: in the product that is carried over night, where what it sells is held in that one. `wish` is the number of
    what it serves in its run, of which `served` has come true before it. A NET waits until `decided` is traded, its trigger;
    only then its limit counts.
    """

    request: ClassVar[Request] = "place"
    order: int
    tag: str
    instrument: int
    side: Side
    quantity: int
    limit: int
    purpose: Purpose
    decided: int
    reason: str
    overnight: bool = False
    wish: int = 0
    served: int = 0


class AmendOrder(Struct, frozen=True, tag=True):
    """Move an order, of which nothing is filled, to another limit.

    `quantity` is that of the whole order as it was sent, for a broker that wants to hear it again: what it takes the number
    for where a part is filled meanwhile is the broker's. One that is told the limit alone cannot mistake it.
    """

    request: ClassVar[Request] = "modify"
    order: int
    broker_id: str
    instrument: int
    quantity: int
    limit: int
    purpose: Purpose
    overnight: bool = False


class WithdrawOrder(Struct, frozen=True, tag=True):
    """Take an order back; `broker_id` "" where it may still be waiting here, unsent.

    `variety` is the broker's own word for what kind of order it is (`OrderReport.variety`), "" for those that we send.
    """

    request: ClassVar[Request] = "cancel"
    order: int
    broker_id: str
    purpose: Purpose
    variety: str = ""


class ReadRound(Struct, frozen=True, tag=True):
    """Read order book, trade book and positions, one after the other."""

    number: int


class ReadOrder(Struct, frozen=True, tag=True):
    """Read the details of one order, by the number that stays its own (`OrderReport.unique_id`)."""

    order: int
    unique_id: str


class ReadQuote(Struct, frozen=True, tag=True):
    """Read bid, ask, last and the circuit of an instrument whose ticks are old."""

    instrument: int


class LogIn(Struct, frozen=True, tag=True):
    """Log in anew: the broker does not know the session any more."""


WriteRequest = PlaceOrder | AmendOrder | WithdrawOrder
ReadRequest = ReadRound | ReadOrder | ReadQuote
OrderRequest = WriteRequest | ReadRequest | LogIn
