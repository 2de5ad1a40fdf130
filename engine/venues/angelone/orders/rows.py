"""Orders, trades and positions as SmartAPI lists them, and what is read out of each. Knows no call."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from engine.execution.told_fields import (
    MisfitError,
    Told,
    price_or_nought,
    quantity_or_nought,
    to_identity,
    to_price,
    to_quantity,
)
from engine.execution.told_rows import add_products, clean_name, trade_index
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import BrokerState, FillReport, NetReport, OrderReport, RefusalFamily
from engine.model.types import Side
from engine.text.sanitize import CleanText
from engine.trading.orders.refusals import read_refusal
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.orders.requests import INTRADAY, ORDINARY
from engine.venues.angelone.orders.stamps import stamp_ms, time_ms

# Words after which nothing more comes of an order; every other one, known or not, is of an order that works.
_OVER: Final[dict[str, BrokerState]] = {
    "complete": "complete",
    "executed": "complete",
    "cancelled": "cancelled",
    "amo cancelled": "cancelled",
    "rejected": "rejected",
}


class OrderRow(Struct, frozen=True):
    """An order in the order book, in its details, or in an update."""

    tradingsymbol: str
    exchange: str
    transactiontype: Side
    quantity: Told
    symboltoken: Told = None
    ordertag: str | None = None
    variety: str | None = None
    price: Told = None
    averageprice: Told = None
    filledshares: Told = None
    orderid: Told = None
    uniqueorderid: Told = None
    text: str | None = None
    status: str | None = None
    orderstatus: str | None = None
    updatetime: str | None = None
    exchorderupdatetime: str | None = None


class TradeRow(Struct, frozen=True):
    """A fill in the trade book: without token, tag and date."""

    tradingsymbol: str
    exchange: str
    transactiontype: Side
    fillprice: Told
    fillsize: Told
    orderid: Told
    fillid: Told
    filltime: str | None = None


class PositionRow(Struct, frozen=True):
    """What is held of a symbol in one product; closed ones stay, with nought."""

    tradingsymbol: str
    exchange: str
    producttype: str
    netqty: Told
    symboltoken: Told = None
    cfbuyqty: Told = None
    cfsellqty: Told = None


def order_report(row: OrderRow, traded: TradedInstruments, code_state: BrokerState = "working") -> OrderReport:
    """What an order's row says, of `code_state` where it has no word for its state; raises MisfitError."""
    index = traded.find(row.exchange, row.tradingsymbol, to_identity(row.symboltoken))
    scale = traded.price_scale(index, row.exchange)
    said = clean_name(row.orderstatus or row.status)
    state = _OVER.get(said.lower(), "working") if said else code_state
    filled = quantity_or_nought(row.filledshares)
    broker_id = to_identity(row.orderid)
    if not broker_id:
        raise MisfitError("an order without a number")
    reason = one_line(row.text or "") if state != "working" else CleanText("")
    family, bound, above = read_refusal(reason, scale) if state == "rejected" else _NO_REFUSAL
    variety = (row.variety or ORDINARY).upper()
    return OrderReport(
        broker_id=broker_id,
        unique_id=to_identity(row.uniqueorderid),
        tag=clean_name(row.ordertag),
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        side=row.transactiontype,
        quantity=to_quantity(row.quantity),
        filled=filled,
        limit=price_or_nought(row.price, scale),
        average=price_or_nought(row.averageprice, scale) if filled else 0,
        state=state,
        said=said,
        at_ms=stamp_ms(row.exchorderupdatetime) or stamp_ms(row.updatetime),
        reason=reason,
        family=family,
        bound=bound,
        above=above,
        variety=CleanText("") if variety == ORDINARY else clean_name(variety),
    )


def fill_report(row: TradeRow, order: OrderReport | None, traded: TradedInstruments, now_ms: int) -> FillReport:
    """What a trade's row says; its instrument is that of its `order` where that is known. Raises MisfitError."""
    broker_id, fill_id = to_identity(row.orderid), to_identity(row.fillid)
    if not broker_id or not fill_id:
        raise MisfitError("a trade without a number")
    index = trade_index(fill_id, traded.find(row.exchange, row.tradingsymbol), order)
    return FillReport(
        fill_id=fill_id,
        broker_id=broker_id,
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        side=row.transactiontype,
        quantity=to_quantity(row.fillsize),
        price=to_price(row.fillprice, traded.price_scale(index, row.exchange)),
        at_ms=time_ms(row.filltime, now_ms),
    )


def net_reports(rows: Iterable[PositionRow], traded: TradedInstruments) -> tuple[NetReport, ...]:
    """What is held of each symbol over all its products; raises MisfitError."""
    return add_products(_net_report(row, traded) for row in rows)


def _net_report(row: PositionRow, traded: TradedInstruments) -> NetReport:
    token = to_identity(row.symboltoken)
    index = traded.find(row.exchange, row.tradingsymbol, token)
    net = to_quantity(row.netqty)
    return NetReport(
        instrument=index,
        symbol=traded.symbol(index, clean_name(row.tradingsymbol)),
        net=net,
        carried=quantity_or_nought(row.cfbuyqty) - quantity_or_nought(row.cfsellqty),
        overnight=0 if row.producttype.upper() == INTRADAY else net,
        exchange=clean_name(row.exchange),
        token=token,
    )


_NO_REFUSAL: Final[tuple[RefusalFamily, int, bool]] = ("other", 0, False)
