"""Orders, trades and positions as Kite Connect lists them, and what is read out of each. Knows no call."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from engine.execution.told_fields import (
    MisfitError,
    Told,
    india_ms,
    price_or_nought,
    quantity_or_nought,
    to_identity,
    to_price,
    to_quantity,
)
from engine.execution.told_rows import add_products, clean_name, trade_index
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import BrokerState, FillReport, NetReport, OrderReport
from engine.model.types import Side
from engine.text.sanitize import CleanText
from engine.trading.orders.refusals import RefusalWords, read_refusal
from engine.venues.kite.orders.meanings import one_line
from engine.venues.kite.orders.requests import INTRADAY, ORDINARY

# Words after which nothing more comes of an order; every other one, known or not, is of an order that works.
_OVER: Final[dict[str, BrokerState]] = {"COMPLETE": "complete", "CANCELLED": "cancelled", "REJECTED": "rejected"}
_INTRADAY: Final = (INTRADAY, "CO", "BO")  # squared off at the session's end
_PAISE: Final = 100
_SCALES: Final = {"CDS": 10**7, "BCD": 10**4}  # minor units per rupee, as the broker's own stream counts
_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9:]{8})", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()


class OrderRow(Struct, frozen=True):
    """An order in the order book, at a point of its history, or in an update."""

    order_id: Told
    exchange: str
    tradingsymbol: str
    transaction_type: Side
    quantity: Told
    status: str | None = None
    instrument_token: Told = None
    variety: str | None = None
    price: Told = None
    average_price: Told = None
    filled_quantity: Told = None
    tag: str | None = None
    status_message: str | None = None
    status_message_raw: str | None = None
    order_timestamp: str | None = None
    exchange_timestamp: str | None = None
    exchange_update_timestamp: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return (self.status or "").strip().upper() in _OVER


class TradeRow(Struct, frozen=True):
    """A fill in the trade book."""

    trade_id: Told
    order_id: Told
    exchange: str
    tradingsymbol: str
    transaction_type: Side
    quantity: Told
    average_price: Told
    instrument_token: Told = None
    fill_timestamp: str | None = None
    exchange_timestamp: str | None = None


class PositionRow(Struct, frozen=True):
    """What is held of a symbol in one product; closed ones stay, with nought."""

    exchange: str
    tradingsymbol: str
    product: str
    quantity: Told
    instrument_token: Told = None
    overnight_quantity: Told = None


def scale_of(exchange: str) -> int:
    """Minor units per rupee of an exchange segment."""
    return _SCALES.get(exchange, _PAISE)


def order_report(row: OrderRow, traded: TradedInstruments) -> OrderReport:
    """What an order's row says; raises MisfitError."""
    index = traded.find(row.exchange, row.tradingsymbol, to_identity(row.instrument_token))
    scale = traded.price_scale(index, row.exchange)
    order_id = to_identity(row.order_id)
    if not order_id:
        raise MisfitError("an order without a number")
    said = clean_name(row.status)
    state = _OVER.get(said.upper(), "working")
    reason = one_line(row.status_message or row.status_message_raw or "") if state != "working" else CleanText("")
    refused = _refusal(row, scale) if state == "rejected" else RefusalWords("other")
    filled = quantity_or_nought(row.filled_quantity)
    variety = clean_name(row.variety)
    return OrderReport(
        broker_id=order_id,
        unique_id=order_id,
        tag=clean_name(row.tag),
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        side=row.transaction_type,
        quantity=to_quantity(row.quantity),
        filled=filled,
        limit=price_or_nought(row.price, scale),
        average=price_or_nought(row.average_price, scale) if filled else 0,
        state=state,
        said=said,
        at_ms=stamp_ms(row.exchange_update_timestamp, row.exchange_timestamp, row.order_timestamp),
        reason=reason,
        family=refused.family,
        bound=refused.bound,
        above=refused.above,
        variety=CleanText("") if variety.lower() == ORDINARY else variety,
    )


def fill_report(row: TradeRow, order: OrderReport | None, traded: TradedInstruments) -> FillReport:
    """What a trade's row says; its instrument is that of its `order` where that is known. Raises MisfitError."""
    order_id, fill_id = to_identity(row.order_id), to_identity(row.trade_id)
    if not order_id or not fill_id:
        raise MisfitError("a trade without a number")
    named = traded.find(row.exchange, row.tradingsymbol, to_identity(row.instrument_token))
    index = trade_index(fill_id, named, order)
    return FillReport(
        fill_id=fill_id,
        broker_id=order_id,
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        side=row.transaction_type,
        quantity=to_quantity(row.quantity),
        price=to_price(row.average_price, traded.price_scale(index, row.exchange)),
        at_ms=stamp_ms(row.fill_timestamp, row.exchange_timestamp),
    )


def net_reports(rows: Iterable[PositionRow], traded: TradedInstruments) -> tuple[NetReport, ...]:
    """What is held of each symbol over all its products; raises MisfitError."""
    return add_products(_net_report(row, traded) for row in rows)


def stamp_ms(*told: str | None) -> int:
    """UTC of the first of them that is a stamp (`2021-05-31 09:18:57`, India's); 0 where none is."""
    for each in told:
        found = _STAMP.fullmatch((each or "").strip())
        try:
            at_ms = india_ms(date.fromisoformat(found[1]).toordinal() - _EPOCH, found[2]) if found else 0
        except ValueError:
            at_ms = 0
        if at_ms:
            return at_ms
    return 0


def _net_report(row: PositionRow, traded: TradedInstruments) -> NetReport:
    token = to_identity(row.instrument_token)
    index = traded.find(row.exchange, row.tradingsymbol, token)
    net = to_quantity(row.quantity)
    return NetReport(
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        net=net,
        carried=quantity_or_nought(row.overnight_quantity),
        overnight=0 if row.product.upper() in _INTRADAY else net,
        exchange=clean_name(row.exchange),
        token=token,
    )


def _refusal(row: OrderRow, scale: int) -> RefusalWords:
    """Why it was rejected: the broker's own words, else those of what is behind it."""
    refused = RefusalWords("other")
    for words in (row.status_message, row.status_message_raw):
        if refused.family == "other":
            refused = read_refusal(one_line(words or ""), scale)
    return refused
