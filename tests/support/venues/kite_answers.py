"""Answers of Kite Connect about orders, in its own fields and shapes."""

import json

from engine.model.order_requests import AmendOrder, PlaceOrder, WithdrawOrder
from engine.model.types import Instrument
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText

CALL = Instrument(CleanText("NIFTY26O0622100CE"), CleanText("10412034"), lot_size=65)
PUT = Instrument(CleanText("NIFTY26O0622100PE"), CleanText("10412290"), lot_size=65)
SHARE = Instrument(CleanText("INFY"), CleanText("408065"), CleanText("NSE"), lot_size=1)
TRADED = (CALL, PUT, SHARE)

ORDER_ID = "2042130686722629633"
PLACE = PlaceOrder(7, "L9FAB00700007E", 1, "BUY", 65, 10235, "ENTRY", 10185, "green ticks")
MODIFY = AmendOrder(7, ORDER_ID, 1, 65, 10290, "ENTRY")
CANCEL = WithdrawOrder(7, ORDER_ID, "ENTRY")

ORDER: dict[str, object] = {
    "placed_by": "AB1234",
    "order_id": ORDER_ID,
    "exchange_order_id": None,
    "parent_order_id": None,
    "status": "OPEN",
    "status_message": None,
    "status_message_raw": None,
    "order_timestamp": "2026-10-06 13:10:58",
    "exchange_update_timestamp": "2026-10-06 13:10:59",
    "exchange_timestamp": "2026-10-06 13:10:59",
    "variety": "regular",
    "modified": False,
    "exchange": "NFO",
    "tradingsymbol": "NIFTY26O0622100PE",
    "instrument_token": 10412290,
    "order_type": "LIMIT",
    "transaction_type": "BUY",
    "validity": "DAY",
    "validity_ttl": 0,
    "product": "MIS",
    "quantity": 65,
    "disclosed_quantity": 0,
    "price": 102.35,
    "trigger_price": 0,
    "average_price": 0,
    "filled_quantity": 0,
    "pending_quantity": 65,
    "cancelled_quantity": 0,
    "market_protection": 0,
    "meta": {},
    "tag": "L9FAB00700007E",
    "tags": ["L9FAB00700007E"],
    "guid": "x",
}
TRADE: dict[str, object] = {
    "trade_id": "50005750",
    "order_id": ORDER_ID,
    "exchange": "NFO",
    "tradingsymbol": "NIFTY26O0622100PE",
    "instrument_token": 10412290,
    "product": "MIS",
    "average_price": 102.3,
    "quantity": 65,
    "exchange_order_id": "1300000001887410",
    "transaction_type": "BUY",
    "fill_timestamp": "2026-10-06 13:11:02",
    "order_timestamp": "13:11:02",
    "exchange_timestamp": "2026-10-06 13:11:02",
}
POSITION: dict[str, object] = {
    "tradingsymbol": "NIFTY26O0622100PE",
    "exchange": "NFO",
    "instrument_token": 10412290,
    "product": "MIS",
    "quantity": 65,
    "overnight_quantity": 0,
    "multiplier": 1,
    "average_price": 102.3,
    "buy_quantity": 65,
    "sell_quantity": 0,
}


def answer(body: object, status: int = 200, **headers: str) -> HttpAnswer:
    """An answer with `body`: bytes as they are, everything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def yes(data: object) -> HttpAnswer:
    """A good answer."""
    return answer({"status": "success", "data": data})


def no(kind: str, message: str, status: int = 400) -> HttpAnswer:
    """An error of the broker's."""
    return answer({"status": "error", "message": message, "data": None, "error_type": kind}, status)


def taken(order_id: object = ORDER_ID) -> HttpAnswer:
    """What is said of an order that was taken, changed or given up."""
    return yes({"order_id": order_id})


def positions(*net: dict[str, object], day: tuple[dict[str, object], ...] = ()) -> HttpAnswer:
    """What is held."""
    return yes({"net": list(net), "day": list(day)})
