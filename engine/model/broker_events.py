"""What a broker says: what became of an order, and what is held. Plain, frozen, serialisable."""

from msgspec import Struct

from engine.model.types import Fill


class Filled(Struct, frozen=True, tag=True):
    """(Part of) an order was carried out."""

    fill: Fill


class Rejected(Struct, frozen=True, tag=True):
    """An order will not be carried out; nothing of it, or nothing more of it, was filled."""

    order: int
    reason: str


class Cancelled(Struct, frozen=True, tag=True):
    """An order was taken back; what of it was not filled before will not be any more."""

    order: int


class Holdings(Struct, frozen=True, tag=True):
    """What the broker says is held, net per instrument index, and how many orders it still works on."""

    net: tuple[int, ...]
    working: int


BrokerEvent = Filled | Rejected | Cancelled | Holdings
