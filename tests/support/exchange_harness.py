"""A client of the simulated broker for tests: short calls, answers as JSON, a clock that is moved by hand."""

from random import Random
from typing import Any

import msgspec

from tests.simulator.exchange import NO_DELAYS, CallOutcome, Delays, Security, SimulatedExchange, UpdateStream

START_MS = 1_790_307_900_000  # 2026-09-25 09:15 in India
CALL = Security("NIFTY06OCT2622100CE", "40672")
PUT = Security("NIFTY06OCT2622100PE", "40673")
BIDS, ASKS = ((9_990, 650), (9_985, 650)), ((10_010, 650), (10_015, 650))


class ExchangeHarness:
    """An exchange whose books are set by hand, without delays unless some are given."""

    def __init__(self, script: str = "", *, delays: Delays = NO_DELAYS, **options: Any) -> None:
        self.now_ms = START_MS
        self.exchange = SimulatedExchange((CALL, PUT), Random(7), START_MS, script=script, delays=delays, **options)
        for security in (CALL, PUT):
            self.exchange.set_book(START_MS, security.symbol, BIDS, ASKS)
        stream = self.exchange.open_updates(START_MS)
        assert isinstance(stream, UpdateStream)
        self.stream = stream

    def after(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms
        self.exchange.step(self.now_ms)

    def call(self, call: str, **fields: object) -> CallOutcome:
        """A call with these fields, and what it sets off at once."""
        outcome = self.exchange.call(self.now_ms, call, fields)
        self.exchange.step(self.now_ms)
        return outcome

    def place(self, side: str = "BUY", price: float = 100.1, quantity: int = 65, **other: object) -> CallOutcome:
        """A new order, as the product sends it."""
        return self.call("place", **order_fields(side, price, quantity, **other))

    def modify(self, orderid: str, price: float, quantity: int = 65, **other: object) -> CallOutcome:
        """A change of an order."""
        fields = order_fields("BUY", price, quantity, **other)
        for name in ("transactiontype", "ordertag", "disclosedquantity", "squareoff", "stoploss"):
            del fields[name]
        return self.call("modify", orderid=orderid, **fields)

    def cancel(self, orderid: str, variety: str = "NORMAL") -> CallOutcome:
        """The wish that an order ends."""
        return self.call("cancel", variety=variety, orderid=orderid)

    def placed(self, side: str = "BUY", price: float = 100.1, quantity: int = 65, **other: object) -> str:
        """The order id of a new order that was taken."""
        return str(told(self.place(side, price, quantity, **other))["data"]["orderid"])

    def rows(self, book: str) -> list[dict[str, Any]]:
        """One of the three lists, a second later; empty for null."""
        self.after(1_000)
        return told(self.call(book))["data"] or []

    def order(self, orderid: str) -> dict[str, Any]:
        """An order as the order book has it."""
        return next(each for each in self.rows("order_book") if each["orderid"] == orderid)

    def updates(self) -> list[tuple[str, str]]:
        """Code and `orderstatus` of the updates that have come, heartbeats left out."""
        messages = [msgspec.json.decode(each) for each in self.stream.take(self.now_ms) if each != b"\x00"]
        return [(each["order-status"], each["orderData"]["orderstatus"]) for each in messages]


def befallen(fault: str, **options: Any) -> ExchangeHarness:
    """A client whose broker has this fault at once."""
    client = ExchangeHarness(**options)
    client.exchange.fault(client.now_ms, fault)
    return client


def order_fields(side: str, price: float, quantity: int, **other: object) -> dict[str, object]:
    """The body of placeOrder; `other` replaces fields, `stop` makes it a stop with that trigger, `security` says of what."""
    security = other.pop("security", CALL)
    assert isinstance(security, Security)
    stop = other.pop("stop", None)
    return {
        "variety": "STOPLOSS" if stop else "NORMAL",
        "tradingsymbol": security.symbol,
        "symboltoken": security.token,
        "transactiontype": side,
        "exchange": security.exchange,
        "ordertype": "STOPLOSS_LIMIT" if stop else "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": str(price),
        "triggerprice": str(stop or 0),
        "squareoff": "0",
        "stoploss": "0",
        "quantity": str(quantity),
        "disclosedquantity": "0",
        "ordertag": "T1",
        **other,
    }


def told(outcome: CallOutcome) -> Any:
    """The JSON of an answer."""
    assert outcome.answer is not None
    return msgspec.json.decode(outcome.answer.body)
