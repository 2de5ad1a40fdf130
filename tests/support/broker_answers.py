"""Answers of SmartAPI about orders, in its own fields and shapes."""

import json

from engine.model.order_requests import AmendOrder, PlaceOrder, WithdrawOrder
from engine.model.types import Instrument
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText

CALL = Instrument(CleanText("NIFTY06OCT2622100CE"), CleanText("40671"), lot_size=65)
PUT = Instrument(CleanText("NIFTY06OCT2622100PE"), CleanText("40672"), lot_size=65)
DOLLAR = Instrument(CleanText("USDINR26OCTFUT"), CleanText("1151"), CleanText("CDS"), 10**7, 25_000, 1)
TRADED = (CALL, PUT, DOLLAR)

PLACE = PlaceOrder(7, "L9FAB00700007E", 1, "BUY", 65, 10235, "ENTRY", 10185, "green ticks")
MODIFY = AmendOrder(7, "200910000000111", 1, 65, 10290, "ENTRY")
CANCEL = WithdrawOrder(7, "200910000000111", "ENTRY")

ORDER: dict[str, object] = {
    "variety": "NORMAL",
    "ordertype": "LIMIT",
    "ordertag": "L9FAB00700007E",
    "producttype": "INTRADAY",
    "price": "102.35",
    "triggerprice": "0.0",
    "quantity": "65",
    "disclosedquantity": "0",
    "duration": "DAY",
    "tradingsymbol": "NIFTY06OCT2622100PE",
    "transactiontype": "BUY",
    "exchange": "NFO",
    "symboltoken": None,
    "instrumenttype": "OPTIDX",
    "cancelsize": "0",
    "averageprice": "0.0",
    "filledshares": "0",
    "unfilledshares": "65",
    "orderid": "200910000000111",
    "text": "",
    "status": "open",
    "orderstatus": "open",
    "updatetime": "20-Oct-2020 13:10:59",
    "exchtime": "",
    "exchorderupdatetime": "",
    "fillid": "",
    "filltime": "",
    "uniqueorderid": "34reqfachdfih",
    "exchangeorderid": "",
}
TRADE: dict[str, object] = {
    "exchange": "NFO",
    "producttype": "INTRADAY",
    "tradingsymbol": "NIFTY06OCT2622100PE",
    "multiplier": "-1",
    "tradevalue": "6649.50",
    "transactiontype": "BUY",
    "fillprice": "102.30",
    "fillsize": "65",
    "orderid": "200910000000111",
    "fillid": "50005750",
    "filltime": "13:11:02",
}
POSITION: dict[str, object] = {
    "exchange": "NFO",
    "symboltoken": "40672",
    "producttype": "INTRADAY",
    "tradingsymbol": "NIFTY06OCT2622100PE",
    "buyqty": "65",
    "sellqty": "0",
    "cfbuyqty": "0",
    "cfsellqty": "0",
    "netqty": "65",
    "netvalue": "- 6649.50",
}


def answer(body: object, status: int = 200, **headers: str) -> HttpAnswer:
    """An answer with `body`: bytes as they are, everything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def yes(data: object) -> HttpAnswer:
    """A good answer."""
    return answer({"status": True, "message": "SUCCESS", "errorcode": "", "data": data})


def no(code: str, message: str, status: int = 200) -> HttpAnswer:
    """A plain no, in the shape that the gateway (AG…) or what is behind it gives it."""
    if code.startswith("AG"):
        return answer({"success": False, "message": message, "errorCode": code, "data": ""}, status)
    return answer({"status": False, "message": message, "errorcode": code, "data": None}, status)
