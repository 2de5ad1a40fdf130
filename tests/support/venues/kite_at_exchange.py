"""The simulated broker as one that speaks Kite Connect would be: words and shapes are turned, and nothing is decided here."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

import msgspec
from msgspec.structs import replace

from engine.execution.order_dialect import WireRequest
from engine.venues.angelone.orders.meanings import CODES, OTHERWISE
from tests.simulator.exchange import CallOutcome, SimulatedExchange, UpdateStream, WireAnswer
from tests.simulator.exchange.gateway import PATHS, call_of
from tests.simulator.exchange.orders import BrokerOrder

Row = dict[str, Any]

LISTS = {"/orders": "order_book", "/trades": "trade_book", "/portfolio/positions": "positions"}
_PRODUCTS = {"INTRADAY": "MIS", "CARRYFORWARD": "NRML", "DELIVERY": "CNC"}
_OF_PRODUCT = {kite: smart_api for smart_api, kite in _PRODUCTS.items()}
_INDIA = timedelta(hours=5, minutes=30)


class KiteAtExchange:
    """Stands before a `SimulatedExchange` whose orders keep their number, and takes what a client of Kite Connect sends."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.account = exchange.account
        self._exchange = exchange
        self._turned: dict[tuple[str, bytes], WireAnswer] = {}  # lists come again as they were

    def request(
        self, now_ms: int, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> CallOutcome:
        """A call as it comes over HTTP."""
        asked = self.asked(WireRequest(method, path, body))
        outcome = self._exchange.request(now_ms, asked.method, asked.path, headers, asked.body)
        if outcome.end != "answered" or outcome.answer is None:
            return outcome
        call, _ = call_of(asked.method, asked.path)
        key = (call, outcome.answer.body)
        if call not in LISTS.values() or key not in self._turned:
            self._turned[key] = _answer(call, outcome.answer, now_ms)
        return replace(outcome, answer=self._turned[key])

    def asked(self, wire: WireRequest) -> WireRequest:
        """The same request in the words of SmartAPI."""
        path, _, query = wire.path.partition("?")
        form = dict(parse_qsl(wire.body.decode()))
        parts = [unquote(each) for each in path.split("/")[1:]]
        if wire.method == "POST":
            return _smart_api("place", self._new(form))
        if wire.method == "PUT":
            return _smart_api("modify", self._change(parts[2], form))
        if wire.method == "DELETE":
            order = self._order(parts[2])
            return _smart_api("cancel", {"variety": order.variety if order else "NORMAL", "orderid": parts[2]})
        if path == "/quote":
            exchange, symbol = parse_qs(query)["i"][0].split(":")
            token = self._exchange.depth(symbol).security.token
            return _smart_api("quote", {"mode": "FULL", "exchangeTokens": {exchange: [token]}})
        if path in LISTS:
            return WireRequest(*PATHS[LISTS[path]])
        order = self._order(parts[1])
        return WireRequest("GET", PATHS["details"][1] + (order.unique if order else "unknown"))

    def open_updates(self, now_ms: int, jwt: str | None = None) -> UpdateStream | int:
        """The ticker's socket, without ticks."""
        opened = self._exchange.open_updates(now_ms, jwt)
        return KiteUpdates(opened) if isinstance(opened, UpdateStream) else opened

    def _order(self, orderid: str) -> BrokerOrder | None:
        return next((each for each in self._exchange.orders if each.orderid == orderid), None)

    def _new(self, form: Mapping[str, str]) -> Row:
        return {
            "variety": "STOPLOSS" if form["order_type"] == "SL" else "NORMAL",
            "tradingsymbol": form["tradingsymbol"],
            "symboltoken": self._exchange.depth(form["tradingsymbol"]).security.token,
            "transactiontype": form["transaction_type"],
            "exchange": form["exchange"],
            "ordertype": "STOPLOSS_LIMIT" if form["order_type"] == "SL" else form["order_type"],
            "triggerprice": form.get("trigger_price", "0"),
            "producttype": _OF_PRODUCT[form["product"]],
            "duration": form["validity"],
            "price": form["price"],
            "quantity": form["quantity"],
            "ordertag": form["tag"],
        }

    def _change(self, orderid: str, form: Mapping[str, str]) -> Row:
        """What is not named stays what it is."""
        order = self._order(orderid) or self._exchange.orders[0]
        return {
            "variety": order.variety,
            "orderid": orderid,
            "tradingsymbol": order.security.symbol,
            "symboltoken": order.security.token,
            "exchange": order.security.exchange,
            "ordertype": order.order_type,
            "producttype": order.product,
            "duration": "DAY",
            "price": form["price"],
            "quantity": str(order.quantity),
        }


class KiteUpdates(UpdateStream):
    """An open stream whose messages are turned."""

    def __init__(self, stream: UpdateStream) -> None:
        self._stream = stream

    @property
    def open(self) -> bool:  # type: ignore[override]
        """Whether the broker has not closed it."""
        return self._stream.open

    @property
    def next_ms(self) -> int:
        """When the next message arrives."""
        return self._stream.next_ms

    def take(self, now_ms: int) -> list[bytes]:
        """What arrives by now; a greeting there is none, so that it comes as a heartbeat."""
        return [_update(each) for each in self._stream.take(now_ms)]

    def close(self) -> None:
        """The connection is over."""
        self._stream.close()


def _smart_api(call: str, fields: Row) -> WireRequest:
    return WireRequest(*PATHS[call], msgspec.json.encode(fields))


# ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(call: str, answer: WireAnswer, now_ms: int) -> WireAnswer:
    """What comes instead of it; what is not the broker's own stays as it is."""
    if b"exceeding access rate" in answer.body:
        return WireAnswer(429, b"Too many requests", "text/plain")
    try:
        told = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer
    if told.get("status"):
        return _json(answer.status, {"status": "success", "data": _data(call, told["data"], now_ms)})
    return _error(call, told.get("errorcode") or told.get("errorCode") or "", told["message"])


def _error(call: str, code: str, message: str) -> WireAnswer:
    """What is certain is told with HTTP 400, and nothing else is; a session that is over, with 403."""
    meaning = CODES.get(code, OTHERWISE)
    certain = {"place": meaning.place, "modify": meaning.change, "cancel": meaning.change}.get(call, meaning.read)
    gone = certain == "not_found" or (certain == "by_text" and call != "place" and "not found" in message.lower())
    if meaning.session_over:
        return _no(403, "TokenException", "Incorrect `api_key` or `access_token`.")
    if certain == "empty" and call in LISTS.values():
        return _json(200, {"status": "success", "data": _data(call, [], 0)})
    if gone or certain == "empty":
        return _no(400, "OrderException", "Couldn't find that `order_id`.")
    if certain == "refused" or (certain == "by_text" and "price" in message.lower()):
        return _no(400, "InputException", message)
    return _no(500, "GeneralException", message)


def _data(call: str, data: Any, now_ms: int) -> Any:
    if data is None:
        return None
    match call:
        case "order_book":
            return [_order(row) for row in data]
        case "details":
            return [{**_order(data), "status": "PUT ORDER REQ RECEIVED", "filled_quantity": 0}, _order(data)]
        case "trade_book":
            day = (datetime.fromtimestamp(now_ms / 1_000, UTC) + _INDIA).date().isoformat()
            return [_trade(row, day) for row in data]
        case "positions":
            return {"net": [_position(row) for row in data], "day": []}
        case "quote":
            return {f"{row['exchange']}:{row['tradingSymbol']}": _quote(row) for row in data["fetched"]}
    return {"order_id": data["orderid"]}


def _order(row: Row) -> Row:
    return {
        "order_id": row["orderid"],
        "exchange": row["exchange"],
        "tradingsymbol": row["tradingsymbol"],
        "instrument_token": int(row["symboltoken"]) if row["symboltoken"] else None,
        "transaction_type": row["transactiontype"],
        "status": (row["orderstatus"] or row["status"]).upper(),
        "status_message": row["text"] or None,
        "variety": "regular" if row["variety"] == "NORMAL" else row["variety"].lower(),
        "product": _PRODUCTS.get(row["producttype"], row["producttype"]),
        "quantity": int(row["quantity"]),
        "price": float(row["price"]),
        "average_price": float(row["averageprice"]),
        "filled_quantity": int(row["filledshares"]),
        "tag": row["ordertag"] or None,
        "order_timestamp": _stamp(row["updatetime"]),
        "exchange_timestamp": _stamp(row["exchorderupdatetime"]),
    }


def _trade(row: Row, day: str) -> Row:
    return {
        "trade_id": row["fillid"],
        "order_id": row["orderid"],
        "exchange": row["exchange"],
        "tradingsymbol": row["tradingsymbol"],
        "transaction_type": row["transactiontype"],
        "product": _PRODUCTS.get(row["producttype"], row["producttype"]),
        "quantity": int(row["fillsize"]),
        "average_price": float(row["fillprice"]),
        "fill_timestamp": f"{day} {row['filltime']}",
    }


def _position(row: Row) -> Row:
    return {
        "exchange": row["exchange"],
        "tradingsymbol": row["tradingsymbol"],
        "instrument_token": int(row["symboltoken"]),
        "product": _PRODUCTS.get(row["producttype"], row["producttype"]),
        "quantity": int(row["netqty"]),
        "overnight_quantity": int(row["cfbuyqty"]) - int(row["cfsellqty"]),
    }


def _quote(row: Row) -> Row:
    return {
        "instrument_token": int(row["symbolToken"]),
        "timestamp": _stamp(row["exchFeedTime"]),
        "last_price": row["ltp"],
        "lower_circuit_limit": row["lowerCircuit"],
        "upper_circuit_limit": row["upperCircuit"],
        "depth": row["depth"],
    }


def _update(message: bytes) -> bytes:
    if message == b"\x00":
        return message
    told = msgspec.json.decode(message)
    if not told["orderData"]["orderid"]:
        return b"\x00"
    return msgspec.json.encode({"type": "order", "id": "", "data": _order(told["orderData"])})


def _stamp(told: str) -> str | None:
    return datetime.strptime(told, "%d-%b-%Y %H:%M:%S").isoformat(" ") if told else None  # noqa: DTZ007 - India's both


def _no(status: int, kind: str, message: str) -> WireAnswer:
    return _json(status, {"status": "error", "message": message, "data": None, "error_type": kind})


def _json(status: int, document: Row) -> WireAnswer:
    return WireAnswer(status, msgspec.json.encode(document))
