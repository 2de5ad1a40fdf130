"""What the journal keeps of orders at a real broker, beside requests and answers: enough to know after a crash what may be out there."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from engine.model.order_requests import Purpose
from engine.model.types import Fill, PositionState, Side
from engine.text.sanitize import CleanText

ClosedBy = Literal["External", "Broker square-off"]


class SendBegun(Struct, frozen=True, tag=True):
    """The next thing that is done is to send this order."""

    order: int


class Adopted(Struct, frozen=True, tag=True):
    """An order with a tag of ours was found at the broker that no row tells of, or that was taken for gone: it counts as ours from then on."""

    order: int
    tag: str
    instrument: int
    side: Side
    quantity: int
    limit: int
    purpose: Purpose
    reason: str = "adopted"


class Booked(Struct, frozen=True):
    """So much more of an order is filled, at this price as far as is known (minor units); `late`: it was told to be over before."""

    order: int
    quantity: int
    price: int
    late: bool = False


class PartFilled(Struct, frozen=True, tag=True):
    """So much more of an order is booked, at this price as far as is known; once it is over a `FillBooked` tells all of it.

    `position` is what is held behind it (None: nothing), `cash` exact in the currency, `costs` what it cost by kind.
    """

    fill: Fill
    position: PositionState | None
    cash: str
    costs: dict[str, Decimal]


class OrderWarned(Struct, frozen=True, tag=True):
    """What a person must know at once of an order (0: of none in particular)."""

    order: int
    text: str
    at_ms: int


class Ended(Struct, frozen=True, tag=True):
    """An order is over, in `state`: `filled` of it for exactly `turnover` (price × quantity in minor units)."""

    order: int
    state: str
    filled: int
    turnover: int


class ClosedOthers(Struct, frozen=True, tag=True):
    """So much more of an order is filled, at this price, and has closed what is not ours: nothing of it is booked."""

    order: int
    quantity: int
    price: int


class External(Struct, frozen=True, tag=True):
    """Somebody else traded, and who, as far as is known: `booked` of it closed what we held; only a flat closes the rest."""

    broker_id: str
    fill_id: str
    instrument: int
    symbol: CleanText
    side: Side
    quantity: int
    price: int
    booked: int
    by: ClosedBy = "External"
