"""What is asked about orders, as Kite Connect wants it: forms, and the order's number in the path. Sends nothing."""

from typing import Final
from urllib.parse import quote, urlencode

from engine.execution.order_dialect import WireRequest
from engine.model.order_requests import AmendOrder, PlaceOrder, WithdrawOrder
from engine.model.types import Instrument

ORDER_BOOK: Final = WireRequest("GET", "/orders")
TRADE_BOOK: Final = WireRequest("GET", "/trades")
POSITIONS: Final = WireRequest("GET", "/portfolio/positions")

ORDINARY: Final = "regular"  # the variety of every order that we send
LIMIT: Final = "LIMIT"
STOP: Final = "SL"  # a limit order that waits for its trigger first
INTRADAY: Final = "MIS"
_CASH: Final = ("NSE", "BSE")
_FORM: Final = "application/x-www-form-urlencoded"


def place(request: PlaceOrder, instrument: Instrument) -> WireRequest:
    """A new limit order of `instrument`, for the day; a NET waits for its trigger first."""
    fields = {
        "exchange": instrument.exchange,
        "tradingsymbol": instrument.symbol,
        "transaction_type": request.side,
        "order_type": STOP if request.purpose == "NET" else LIMIT,
        "quantity": instrument.quantity_text(request.quantity),
        "product": product(instrument, overnight=request.overnight),
        "price": instrument.price_words(request.limit),
        "validity": "DAY",
        "tag": request.tag,
    }
    if request.purpose == "NET":
        fields["trigger_price"] = instrument.price_words(request.decided)
    return _form("POST", f"/orders/{ORDINARY}", fields)


def modify(request: AmendOrder, instrument: Instrument) -> WireRequest:
    """Another limit for an order of `instrument`. Its quantity is not named, and stays what it is, however much is filled by then."""
    return _form("PUT", _path(ORDINARY, request.broker_id), {"price": instrument.price_words(request.limit)})


def cancel(request: WithdrawOrder) -> WireRequest:
    """The end of an order."""
    return WireRequest("DELETE", _path(request.variety or ORDINARY, request.broker_id), content_type=_FORM)


def details(unique_id: str) -> WireRequest:
    """What one order has been so far."""
    return WireRequest("GET", f"/orders/{quote(unique_id, safe='')}")


def full_quote(instrument: Instrument) -> WireRequest:
    """Prices of `instrument` with its best five."""
    return WireRequest("GET", f"/quote?{urlencode({'i': quote_name(instrument)})}")


def quote_name(instrument: Instrument) -> str:
    """What it is called where quotes are asked for."""
    return f"{instrument.exchange}:{instrument.symbol}"


def product(instrument: Instrument, *, overnight: bool) -> str:
    """In which product: squared off at the session's end, unless what is to be sold is held in the one that stays."""
    if not overnight:
        return INTRADAY
    return "CNC" if instrument.exchange in _CASH else "NRML"


def _path(variety: str, order_id: str) -> str:
    return f"/orders/{quote(variety, safe='')}/{quote(order_id, safe='')}"


def _form(method: str, path: str, fields: dict[str, str]) -> WireRequest:
    return WireRequest(method, path, urlencode(fields).encode(), _FORM)
