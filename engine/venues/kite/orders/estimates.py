"""What an order would take as margin, and what orders have cost, as the broker reckons: asked now and then, and never by a lane."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import WireRequest
from engine.execution.told_fields import MisfitError, Told, to_price
from engine.model.order_reports import OrderReport
from engine.model.order_requests import PlaceOrder
from engine.model.types import Instrument
from engine.venues.kite.orders.books import data_in
from engine.venues.kite.orders.meanings import Heard
from engine.venues.kite.orders.requests import LIMIT, ORDINARY, product

_PAISE: Final = 100


class _Asked(Struct, frozen=True):
    exchange: str
    tradingsymbol: str
    transaction_type: str
    product: str
    quantity: float
    variety: str = ORDINARY
    order_type: str = LIMIT


class _Wanted(_Asked, frozen=True, kw_only=True):
    price: float


class _Carried(_Asked, frozen=True, kw_only=True):
    order_id: str
    average_price: float


class _Total(Struct, frozen=True):
    total: Told


class _Charged(Struct, frozen=True):
    charges: _Total


def margin(order: PlaceOrder, instrument: Instrument) -> WireRequest:
    """How the margin of one order is asked for: as JSON, unlike whatever changes something."""
    asked = _Wanted(
        exchange=instrument.exchange,
        tradingsymbol=instrument.symbol,
        transaction_type=order.side,
        product=product(instrument, overnight=order.overnight),
        quantity=order.quantity / instrument.quantity_scale,
        price=order.limit / instrument.price_scale,
    )
    return WireRequest("POST", "/margins/orders", msgspec.json.encode([asked]))


def margin_in(heard: Heard) -> int:
    """That margin in paise; raises MisfitError."""
    rows = data_in(heard, list[_Total]) or []
    if len(rows) != 1:
        raise MisfitError(f"{len(rows)} margins for one order")
    return to_price(rows[0].total, _PAISE)


def charges(orders: Sequence[tuple[OrderReport, Instrument]]) -> WireRequest:
    """How the charges of what was carried out of intraday orders are asked for."""
    asked = [
        _Carried(
            exchange=instrument.exchange,
            tradingsymbol=instrument.symbol,
            transaction_type=order.side,
            product=product(instrument, overnight=False),
            quantity=order.filled / instrument.quantity_scale,
            order_id=order.broker_id,
            average_price=order.average / instrument.price_scale,
        )
        for order, instrument in orders
    ]
    return WireRequest("POST", "/charges/orders", msgspec.json.encode(asked))


def charges_in(heard: Heard, count: int) -> tuple[int, ...]:
    """Those charges in paise, of `count` orders as they were asked for; raises MisfitError."""
    rows = data_in(heard, list[_Charged]) or []
    if len(rows) != count:
        raise MisfitError(f"charges of {len(rows)} orders instead of {count}")
    return tuple(to_price(row.charges.total, _PAISE) for row in rows)
