"""Orders at a real broker that are not over, as an account is kept with them, and what of each is booked so far. Plain state."""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from engine.model.state import Fields, Plain
from engine.model.types import Side
from engine.trading.order_parts import OrderParts

_Found = TypeVar("_Found")
_OPEN: Final = "orders.live"
_PARTS: Final = "orders.parts"


class KeptOrder(Struct, omit_defaults=True):
    """`filled` of an order so far, which serves wish number `wish` of its run (0: of an earlier run, or none).

    `frees`: nothing of that wish has come true, so that its end gives back what it took: a place in the day, or `target`.
    """

    tag: str
    instrument: int
    side: Side
    quantity: int
    reason: str
    target: int = -1
    filled: int = 0
    wish: int = 0
    frees: bool = False


def put_orders(into: Fields, orders: Mapping[int, KeptOrder], parts: Mapping[int, OrderParts]) -> None:
    """Add open orders to `into`, and the parts of each that are booked."""
    for name, found in ((_OPEN, orders), (_PARTS, parts)):
        if found:
            into[name] = msgspec.json.encode(dict(sorted(found.items()))).decode()


def orders_in(fields: Mapping[str, Plain]) -> dict[int, KeptOrder]:
    """The open orders that were put into `fields`; raises ValueError."""
    return _read(fields, _OPEN, dict[int, KeptOrder])


def parts_in(fields: Mapping[str, Plain]) -> dict[int, OrderParts]:
    """The parts of orders that were put into `fields`; raises ValueError."""
    return _read(fields, _PARTS, dict[int, OrderParts])


def _read(fields: Mapping[str, Plain], name: str, kind: type[_Found]) -> _Found:
    try:
        return msgspec.json.decode(str(fields.get(name, "{}")), type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
