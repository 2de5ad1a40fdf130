"""A single order's details, and a quote with its best five: asked for beside the rounds. Keeps nothing."""

from typing import Final

import msgspec
from msgspec import Struct

from engine.model.order_reports import OrderReport, Quoted
from engine.model.order_requests import ReadOrder
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.meanings import Heard
from engine.venues.angelone.orders.numbers import MisfitError, Told, is_told, stamp_ms, to_price, to_quantity
from engine.venues.angelone.orders.rows import OrderRow, order_report
from engine.venues.angelone.orders.traded import TradedInstruments

_GONE: Final = CleanText("the broker knows no such order")
_NAMES: Final = {
    "token": "symbolToken",
    "lower": "lowerCircuit",
    "upper": "upperCircuit",
    "feed_time": "exchFeedTime",
}


class _Level(Struct, frozen=True):
    price: Told = None
    quantity: Told = None


class _Depth(Struct, frozen=True):
    buy: list[_Level] = []
    sell: list[_Level] = []


class _Prices(Struct, frozen=True, rename=_NAMES):
    exchange: str
    token: Told
    ltp: Told = None
    lower: Told = None
    upper: Told = None
    feed_time: str | None = None
    depth: _Depth | None = None


class _Fetched(Struct, frozen=True):
    fetched: list[_Prices] | None = None


def order_in(request: ReadOrder, heard: Heard, traded: TradedInstruments) -> OrderReport:
    """The order that was asked for; raises MisfitError, msgspec.ValidationError."""
    if not heard.yes:
        raise MisfitError(heard.text if heard.meaning.read == "failed" else _GONE)
    if heard.data is None:
        raise MisfitError(_GONE)
    report = order_report(msgspec.convert(heard.data, OrderRow), traded)
    if report.unique_id and report.unique_id != request.unique_id:
        raise MisfitError("the details are of another order")
    return report


def quote_in(index: int, instrument: Instrument, heard: Heard, now_ms: int) -> Quoted:
    """The prices of `instrument`; raises MisfitError, msgspec.ValidationError."""
    if not heard.yes:
        raise MisfitError(heard.text)
    rows = msgspec.convert(heard.data, _Fetched).fetched or []
    for row in rows:
        if (row.exchange, str(row.token)) == (instrument.exchange, instrument.token):
            return _quoted(index, row, instrument.price_scale, now_ms)
    raise MisfitError(f"{instrument.symbol} is not in the answer")


def _quoted(index: int, row: _Prices, scale: int, now_ms: int) -> Quoted:
    depth = row.depth or _Depth()
    bids, asks = _wanted(depth.buy, scale), _wanted(depth.sell, scale)
    return Quoted(
        instrument=index,
        at_ms=stamp_ms(row.feed_time) or now_ms,
        bid=max(bids, default=0),
        ask=min(asks, default=0),
        last=_price(row.ltp, scale),
        lower=_price(row.lower, scale),
        upper=_price(row.upper, scale),
    )


def _wanted(levels: list[_Level], scale: int) -> list[int]:
    """The prices at which somebody wants something: levels that are missing come as nought."""
    return [_price(each.price, scale) for each in levels if is_told(each.quantity) and to_quantity(each.quantity) > 0]


def _price(told: Told, scale: int) -> int:
    """A price, 0 where none is told; raises MisfitError."""
    return to_price(told, scale) if is_told(told) else 0
