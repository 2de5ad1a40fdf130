"""What is alike in the rows of brokers' lists, however they name their fields. Knows no broker."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.execution.told_fields import MisfitError, Told, price_or_nought, quantity_or_nought
from engine.execution.traded_instruments import NONE
from engine.model.order_reports import NetReport, OrderReport, ReadFailed
from engine.model.order_requests import ReadOrder, ReadQuote
from engine.outside.http_reader import HttpAnswer
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

NAME_LIMIT: Final = 80
NOTHING: Final = msgspec.Raw(b"null")  # the data of an answer that has none
NOT_READABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BUSY_WAIT_S: Final = 1.0  # where the broker does not say for how long
_LONGEST_WAIT_S: Final = 60
_REASON_LIMIT: Final = 200


_Kind = TypeVar("_Kind")


def told_in(data: msgspec.Raw, kind: type[_Kind]) -> _Kind | None:
    """What the data of an answer says, None where there is none; raises MisfitError."""
    try:
        return None if data == NOTHING else msgspec.json.decode(data, type=kind)
    except NOT_READABLE as error:
        raise MisfitError(str(error)) from None


def clean_name(told: str | None) -> CleanText:
    """A word, a name or a tag of the broker's."""
    return clean((told or "").strip(), NAME_LIMIT)


def trade_index(fill_id: str, index: int, order: OrderReport | None) -> int:
    """The instrument of a trade, `index` by its own names: that of its `order` where that is known. Raises MisfitError."""
    if order is None:
        return index
    if index not in {NONE, order.instrument}:
        raise MisfitError(f"trade {fill_id} is not of the instrument of its order")
    return order.instrument


def add_products(rows: Iterable[NetReport]) -> tuple[NetReport, ...]:
    """What is held of each symbol over all its products, which come as rows of their own."""
    found: dict[tuple[str, str], NetReport] = {}
    for row in rows:
        name = (row.exchange, row.symbol)
        before = found.get(name)
        found[name] = row if before is None else _together(before, row)
    return tuple(found.values())


def _together(one: NetReport, other: NetReport) -> NetReport:
    return replace(
        other,
        net=one.net + other.net,
        carried=one.carried + other.carried,
        overnight=one.overnight + other.overnight,
    )


class DepthLevel(Struct, frozen=True):
    """What is wanted at one price."""

    price: Told = None
    quantity: Told = None


class Depth(Struct, frozen=True):
    """The best levels on both sides; those that are missing come as nought."""

    buy: Sequence[DepthLevel] = ()
    sell: Sequence[DepthLevel] = ()


def best_prices(depth: Depth | None, scale: int) -> tuple[int, int]:
    """The best prices at which somebody buys and sells, 0 where nobody does; raises MisfitError."""
    bids, asks = (_wanted(levels, scale) for levels in ((depth.buy, depth.sell) if depth else ((), ())))
    return max(bids, default=0), min(asks, default=0)


def _wanted(levels: Sequence[DepthLevel], scale: int) -> list[int]:
    return [price_or_nought(each.price, scale) for each in levels if quantity_or_nought(each.quantity) > 0]


def look_failed(request: ReadOrder | ReadQuote, why: str, wait_s: float) -> ReadFailed:
    """That a single order or a quote could not be read."""
    reason = clean(redact(why).strip(), _REASON_LIMIT)
    if isinstance(request, ReadOrder):
        return ReadFailed(reason, request.order, wait_s=wait_s)
    return ReadFailed(reason, instrument=request.instrument, wait_s=wait_s)


def busy_wait_s(reply: HttpAnswer) -> float:
    """For how long a broker that says that it is busy wants to be left alone."""
    told = reply.headers.get("retry-after", "").strip()
    return float(min(int(told), _LONGEST_WAIT_S)) if told.isdecimal() and len(told) < 6 else _BUSY_WAIT_S
