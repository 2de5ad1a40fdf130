"""What is answered to those who only look: the three lists, with what a fault does to them, quotes, money, profile. Changes nothing."""

from collections.abc import Callable, Mapping

import msgspec

from tests.simulator.exchange import rows
from tests.simulator.exchange.answers import NULL, WireAnswer, good, listed, no
from tests.simulator.exchange.books import LaggedBook
from tests.simulator.exchange.forms import Fields
from tests.simulator.exchange.parts import BrokerParts
from tests.simulator.exchange.refusals import rupees
from tests.simulator.exchange.script import BrokerFault
from tests.simulator.exchange.securities import Security

_MOST_TOKENS = 50


class Reads:
    """Answers from what the broker shows, not from what is."""

    def __init__(self, parts: BrokerParts, securities: Mapping[str, Security], client_code: str) -> None:
        self._parts = parts
        self._by_token = {each.token: each for each in securities.values()}
        self._client_code = client_code
        teller = parts.teller
        self._books = {"order_book": teller.orders, "trade_book": teller.trades, "positions": teller.holdings}
        self._told: dict[str, tuple[bytes, WireAnswer]] = {}  # the newest answer of each, which most calls get again
        self._calls: dict[str, Callable[[Fields], WireAnswer]] = {
            "quote": self._quote,
            "ltp": self._ltp,
            "funds": lambda _: self._funds(),
            "margin": self._margin,
            "profile": lambda _: self._profile(),
        }

    def book(self, now_ms: int, name: str, fault: BrokerFault | None) -> WireAnswer:
        """One of the three lists; what is empty is null."""
        book = self._books[name]
        if fault is None or fault.kind not in {"short", "stale", "wrong"}:
            body = book.body(now_ms)
        elif fault.kind == "stale":
            body = book.rows(book.images(now_ms, fault.number))
        elif fault.kind == "short":
            body = self._short(book, now_ms, fault.number)
        else:
            body = self._wrong(now_ms, fault.number)
        if body is not self._told.get(name, (None, NULL))[0]:
            self._told[name] = body, listed(body) if body else NULL
        return self._told[name][1] if body else NULL

    def answer(self, call: str, fields: Fields) -> WireAnswer:
        """Any other read."""
        return self._calls[call](fields)

    def _short(self, book: LaggedBook, now_ms: int, place: int) -> bytes:
        """The list without one of its rows."""
        images = book.images(now_ms)
        if images:
            del images[-1 - place % len(images)]
        return book.rows(images)

    def _wrong(self, now_ms: int, units: int) -> bytes:
        """Positions of which the newest says another quantity than there is."""
        images = self._books["positions"].images(now_ms)
        wrong = [0] * (len(images) - 1) + [units]
        told = [msgspec.json.encode(rows.position_row(*each)) for each in zip(images, wrong, strict=False)]
        return b",".join(told)

    def _quote(self, fields: Fields) -> WireAnswer:
        wanted = fields.get("exchangeTokens")
        pairs = [(exchange, str(token)) for exchange, tokens in dict(wanted or {}).items() for token in tokens]  # type: ignore[call-overload]
        if fields.get("mode") != "FULL" or not pairs or len(pairs) > _MOST_TOKENS:
            return no("AB2000", "Invalid mode or tokens")
        fetched: list[rows.Row] = []
        unfetched: list[rows.Row] = []
        for exchange, token in pairs:
            security = self._by_token.get(token)
            if security is None or security.exchange != exchange:
                why = {"message": "Symbol Not Found", "errorCode": "AB4018"}
                unfetched.append({"exchange": exchange, "symbolToken": token, **why})
            else:
                fetched.append(rows.quote_row(self._parts.matchers[security.symbol]))
        return good({"fetched": fetched, "unfetched": unfetched})

    def _ltp(self, fields: Fields) -> WireAnswer:
        security = self._by_token.get(str(fields.get("symboltoken")))
        if security is None or fields.get("tradingsymbol") != security.symbol:
            return no("AB1009")
        return good(rows.ltp_row(self._parts.matchers[security.symbol].depth))

    def _funds(self) -> WireAnswer:
        """Money as text; `availablecash` is the same as `net`, and what was won is never told."""
        funds = self._parts.risk.funds()
        net = rupees(funds.available)
        return good(
            {
                "net": net,
                "availablecash": net,
                "availableintradaypayin": "0.0000",
                "availablelimitmargin": "0.0000",
                "collateral": "0.0000",
                "m2munrealized": "0.0000",
                "m2mrealized": "0.0000",
                "utiliseddebits": rupees(funds.spent + funds.blocked),
                "utilisedspan": None,
                "utilisedoptionpremium": rupees(max(0, funds.spent)),
                "utilisedholdingsales": None,
                "utilisedexposure": None,
                "utilisedturnover": None,
                "utilisedpayout": None,
            }
        )

    def _margin(self, fields: Fields) -> WireAnswer:
        told = fields.get("positions")
        if not isinstance(told, list) or not 0 < len(told) <= _MOST_TOKENS:
            return no("AB2000", "Invalid positions")
        total = 0.0
        for each in told:
            security = self._by_token.get(str(each.get("token")))
            if security is None:
                return no("AB4006")
            lots = each["qty"] / security.lot
            margin = self._parts.risk.short_margin / 100
            total += each["price"] * each["qty"] if each["tradeType"] == "BUY" else lots * margin
        parts = {"netPremium": total, "spanMargin": 0.0, "marginBenefit": 0.0, "deliveryMargin": 0.0}
        return good({"totalMarginRequired": round(total, 2), "marginComponents": parts})

    def _profile(self) -> WireAnswer:
        return good(
            {
                "clientcode": self._client_code,
                "name": "SIMULATED CLIENT",
                "email": "",
                "mobileno": "",
                "exchanges": ["nse_cm", "nse_fo", "bse_cm", "bse_fo"],
                "products": ["NRML", "MIS", "CNC"],
                "lastlogintime": "",
                "brokerid": "B2C",
            }
        )
