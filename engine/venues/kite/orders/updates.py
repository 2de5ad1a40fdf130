"""What the ticker's socket says of orders: text between frames of ticks. It repeats and numbers nothing: after each connect the books are read."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import UpdateMessage
from engine.execution.told_fields import MisfitError
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import OrderSeen
from engine.venues.kite.orders.meanings import one_line
from engine.venues.kite.orders.rows import OrderRow, order_report

# A frame of ticks begins with how many there are, 3,000 at most: its first byte is none that a text begins with.
_LEAST_TEXT: Final = 0x20


class _Message(Struct, frozen=True):
    type: str
    data: msgspec.Raw = msgspec.Raw(b"null")


_MESSAGES: Final = msgspec.json.Decoder(_Message)
_ORDERS: Final = msgspec.json.Decoder(OrderRow)


def update_message(message: bytes, generation: int, traded: TradedInstruments) -> UpdateMessage:
    """What `message` says, under the login `generation`."""
    if len(message) == 1 or (message and message[0] < _LEAST_TEXT):
        return UpdateMessage("beat")
    try:
        told = _MESSAGES.decode(message)
        if told.type == "error":
            return UpdateMessage("unreadable", reason=one_line(_words(msgspec.json.decode(told.data))))
        if told.type != "order":  # news to read, and whatever will be
            return UpdateMessage("beat")
        report = order_report(_ORDERS.decode(told.data), traded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MisfitError) as error:
        return UpdateMessage("unreadable", reason=one_line(f"not the broker's format: {error}"))
    return UpdateMessage("order", OrderSeen(report, generation))


def _words(data: Any) -> str:
    return data if isinstance(data, str) and data else "an error without a reason"
