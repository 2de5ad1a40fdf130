"""What a lane wants done by whoever holds it, and which lane a request belongs to. Plain data."""

from typing import Literal

from msgspec import Struct

from engine.execution.order_dialect import WireRequest
from engine.model.order_reports import Request
from engine.model.order_requests import ReadRequest, WithdrawOrder, WriteRequest

LaneName = Literal["entries", "exits", "reads"]


class WriteRow(Struct, frozen=True):
    """Write into the journal that the sending of an order begins, and tell the row's number by `row_written`."""

    order: int
    request: Request


class SendRequest(Struct, frozen=True):
    """Send this now, once, and give the reply back by `answer` under its `number`."""

    number: int
    wire: WireRequest


Action = WriteRow | SendRequest


def lane_of(request: WriteRequest | ReadRequest) -> LaneName:
    """Entries have a lane of their own; whatever makes less of a position or takes an order back shares one, and reads do.

    An entry that may still be waiting is taken back where it waits.
    """
    if not isinstance(request, WriteRequest):
        return "reads"
    if isinstance(request, WithdrawOrder) and request.broker_id:
        return "exits"
    return "entries" if request.purpose == "ENTRY" else "exits"
