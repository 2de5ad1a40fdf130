"""What is asked about orders, in SmartAPI's fields: all values are text. Sends nothing."""

from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import WireRequest
from engine.model.order_requests import AmendOrder, PlaceOrder, WithdrawOrder
from engine.model.types import Instrument

_SECURE: Final = "/rest/secure/angelbroking"
ORDER_BOOK: Final = WireRequest("GET", f"{_SECURE}/order/v1/getOrderBook")
TRADE_BOOK: Final = WireRequest("GET", f"{_SECURE}/order/v1/getTradeBook")
POSITIONS: Final = WireRequest("GET", f"{_SECURE}/order/v1/getPosition")

ORDINARY: Final = "NORMAL"  # the variety of every order that we send, but for a stop that rests
STOP: Final = "STOPLOSS"
INTRADAY: Final = "INTRADAY"
_CASH: Final = ("NSE", "BSE")


class _Place(Struct, frozen=True):
    tradingsymbol: str
    symboltoken: str
    transactiontype: str
    exchange: str
    producttype: str
    price: str
    quantity: str
    ordertag: str
    variety: str = ORDINARY
    ordertype: str = "LIMIT"
    duration: str = "DAY"
    triggerprice: str = "0"
    squareoff: str = "0"
    stoploss: str = "0"
    disclosedquantity: str = "0"


class _Modify(Struct, frozen=True):
    orderid: str
    producttype: str
    price: str
    quantity: str
    tradingsymbol: str
    symboltoken: str
    exchange: str
    variety: str = ORDINARY
    ordertype: str = "LIMIT"
    duration: str = "DAY"


class _Cancel(Struct, frozen=True):
    variety: str
    orderid: str


class _Quote(Struct, frozen=True):
    mode: str
    exchangeTokens: dict[str, list[str]]  # noqa: N815 - the broker's word


def place(request: PlaceOrder, instrument: Instrument) -> WireRequest:
    """A new limit order of `instrument`, for the day; a NET waits for its trigger first."""
    rests = request.purpose == "NET"
    body = _Place(
        tradingsymbol=instrument.symbol,
        symboltoken=instrument.token,
        transactiontype=request.side,
        exchange=instrument.exchange,
        producttype=_product(instrument, overnight=request.overnight),
        price=instrument.price_words(request.limit),
        quantity=instrument.quantity_text(request.quantity),
        ordertag=request.tag,
        variety=STOP if rests else ORDINARY,
        ordertype="STOPLOSS_LIMIT" if rests else "LIMIT",
        triggerprice=instrument.price_words(request.decided) if rests else "0",
    )
    return _post("placeOrder", body)


def modify(request: AmendOrder, instrument: Instrument) -> WireRequest:
    """Another limit, or quantity, for an order of `instrument`."""
    body = _Modify(
        orderid=request.broker_id,
        producttype=_product(instrument, overnight=request.overnight),
        price=instrument.price_words(request.limit),
        quantity=instrument.quantity_text(request.quantity),
        tradingsymbol=instrument.symbol,
        symboltoken=instrument.token,
        exchange=instrument.exchange,
    )
    return _post("modifyOrder", body)


def cancel(request: WithdrawOrder) -> WireRequest:
    """The end of an order."""
    ours = STOP if request.purpose == "NET" else ORDINARY
    return _post("cancelOrder", _Cancel(request.variety or ours, request.broker_id))


def details(unique_id: str) -> WireRequest:
    """One order as it is now."""
    return WireRequest("GET", f"{_SECURE}/order/v1/details/{quote(unique_id, safe='')}")


def full_quote(instrument: Instrument) -> WireRequest:
    """Prices of `instrument` with its best five, in rupees."""
    body = _Quote("FULL", {instrument.exchange: [instrument.token]})
    return WireRequest("POST", f"{_SECURE}/market/v1/quote", msgspec.json.encode(body))


def _post(call: str, body: Struct) -> WireRequest:
    return WireRequest("POST", f"{_SECURE}/order/v1/{call}", msgspec.json.encode(body))


def _product(instrument: Instrument, *, overnight: bool) -> str:
    """In which product: squared off at the session's end, unless what is to be sold is held in the one that stays."""
    if not overnight:
        return INTRADAY
    return "DELIVERY" if instrument.exchange in _CASH else "CARRYFORWARD"
