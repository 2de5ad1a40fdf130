"""What the journal keeps of orders at a real broker, beside requests and answers: enough to know after a crash what may be out there."""

from msgspec import Struct

from engine.model.types import Side


class SendBegun(Struct, frozen=True, tag=True):
    """The next thing that is done is to send this order."""

    order: int


class Booked(Struct, frozen=True, tag=True):
    """So much more of an order is filled, at this price as far as is known (minor units)."""

    order: int
    quantity: int
    price: int


class Ended(Struct, frozen=True, tag=True):
    """An order is over, in `state`: `filled` of it for exactly `turnover` (price × quantity in minor units)."""

    order: int
    state: str
    filled: int
    turnover: int


class External(Struct, frozen=True, tag=True):
    """Somebody else traded: `booked` of it closed what we held; the rest is not the strategy's, only a flat closes it."""

    broker_id: str
    fill_id: str
    instrument: int
    symbol: str
    side: Side
    quantity: int
    price: int
    booked: int


class FlatAsked(Struct, frozen=True, tag=True):
    """A flat was begun."""

    reason: str


class FlatProven(Struct, frozen=True, tag=True):
    """It is over: nothing is held, nothing works, nothing is unknown."""


class EntriesUnlocked(Struct, frozen=True, tag=True):
    """A person has lifted what locked entries."""


class EntriesLocked(Struct, frozen=True, tag=True):
    """Entries are locked, and why."""

    reason: str


OrderRow = SendBegun | Booked | Ended | External | FlatAsked | FlatProven | EntriesLocked | EntriesUnlocked
