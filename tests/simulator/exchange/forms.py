"""The bodies of placing, modifying and cancelling, understood or refused by the gateway. Knows no order."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import cast

from msgspec import Struct

from tests.simulator.exchange.answers import WireAnswer, no
from tests.simulator.exchange.orders import Side
from tests.simulator.exchange.securities import Security

Fields = Mapping[str, object]

_VARIETIES = {"NORMAL", "STOPLOSS", "ROBO"}
_PRODUCTS = {"DELIVERY", "CARRYFORWARD", "MARGIN", "INTRADAY", "BO"}
_TYPES = {"LIMIT": "NORMAL", "MARKET": "NORMAL", "STOPLOSS_LIMIT": "STOPLOSS", "STOPLOSS_MARKET": "STOPLOSS"}
_DURATIONS = {"DAY", "IOC"}
_LONGEST_TAG = 20
_LARGEST = 10**9


class OrderForm(Struct, frozen=True):
    """What is asked for; prices in paise."""

    security: Security
    side: Side
    product: str
    variety: str
    order_type: str
    duration: str
    price: int
    trigger: int
    quantity: int
    tag: str

    @property
    def is_limit(self) -> bool:
        """Whether it is of a kind that programs may send."""
        return self.order_type in {"LIMIT", "STOPLOSS_LIMIT"} and self.duration == "DAY"


def read_order(fields: Fields, by_token: Mapping[str, Security], orderid: str | None = None) -> OrderForm | WireAnswer:
    """The form of a new order, or the refusal; where `orderid` is given, of a modify, which has neither side nor tag."""
    variety, kind = str(fields.get("variety", "")), str(fields.get("ordertype", ""))
    tag = str(fields.get("ordertag") or "")
    token = fields.get("symboltoken")
    side = "BUY" if orderid is not None else str(fields.get("transactiontype", ""))
    security = by_token.get(str(token))
    price, trigger = _paise(fields.get("price")), _paise(fields.get("triggerprice", "0"))
    quantity = _whole(fields.get("quantity"))
    if variety not in _VARIETIES or _TYPES.get(kind, variety) != variety:
        return no("AB1008")
    if not token:
        return no("AB4018")
    if security is None:
        return no("AB4006")
    if (fields.get("tradingsymbol"), fields.get("exchange")) != (security.symbol, security.exchange):
        return no("AB1009")
    if fields.get("producttype") not in _PRODUCTS:
        return no("AB1012")
    if len(tag) > _LONGEST_TAG:
        return no("AB4008")
    duration = str(fields.get("duration", ""))
    if kind not in _TYPES or duration not in _DURATIONS or side not in {"BUY", "SELL"}:
        return no("AB2000", "Invalid ordertype, duration or transactiontype")
    if price is None or trigger is None or quantity is None or quantity <= 0:
        return no("AB2000", "Invalid price or quantity")
    product = str(fields["producttype"])
    return OrderForm(security, cast("Side", side), product, variety, kind, duration, price, trigger, quantity, tag)


def _paise(told: object) -> int | None:
    """Rupees, as text or number, in paise; None for what is no price, or finer than a paisa."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    try:
        paise = Decimal(str(told)) * 100
    except InvalidOperation:
        return None
    whole = paise.is_finite() and paise == paise.to_integral_value() and 0 <= paise <= _LARGEST
    return int(paise) if whole else None


def _whole(told: object) -> int | None:
    text = str(told)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
