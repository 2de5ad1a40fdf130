"""Messages of SmartAPI's socket for order updates. It repeats nothing and numbers nothing: after each connect the books are read."""

from typing import Final

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import UpdateMessage
from engine.execution.told_fields import MisfitError
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import BrokerState, OrderSeen
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.orders.rows import OrderRow, order_report

PING: Final = b"ping"  # as a text frame, each 10 s

_BEATS: Final = (b"\x00", b"pong")
_GREETING: Final = "AB00"
_NAMES: Final = {"status": "status-code", "code": "order-status", "error": "error-message", "order": "orderData"}
# What a message's code says where its order has no word for its state.
_STATES: Final[dict[str, BrokerState]] = {
    "AB02": "cancelled",
    "AB03": "rejected",
    "AB05": "complete",
    "AB07": "cancelled",
}


class _Message(Struct, frozen=True, rename=_NAMES):
    status: str | int | None = None
    code: str | None = None
    error: str | None = None
    order: msgspec.Raw = msgspec.Raw(b"null")


_MESSAGES: Final = msgspec.json.Decoder(_Message)
_ORDERS: Final = msgspec.json.Decoder(OrderRow)


def update_message(message: bytes, generation: int, traded: TradedInstruments) -> UpdateMessage:
    """What `message` says, under the login `generation`."""
    if message in _BEATS:
        return UpdateMessage("beat")
    try:
        told = _MESSAGES.decode(message)
        if told.status not in {None, "200", 200}:
            return UpdateMessage("unreadable", reason=one_line(f"{told.status} {told.error or 'no reason given'}"))
        if told.code == _GREETING:
            return UpdateMessage("greeting")
        row = _ORDERS.decode(told.order)
        report = order_report(row, traded, _STATES.get(told.code or "", "working"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MisfitError) as error:
        return UpdateMessage("unreadable", reason=one_line(f"not the broker's format: {error}"))
    return UpdateMessage("order", OrderSeen(report, generation))
