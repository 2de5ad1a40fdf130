"""A single order's details, and a quote with its best five: asked for beside the rounds. Keeps nothing."""

from typing import Final

from msgspec import Struct

from engine.execution.told_fields import MisfitError, Told, price_or_nought
from engine.execution.told_rows import Depth, best_prices, told_in
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import OrderReport, Quoted
from engine.model.order_requests import ReadOrder
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.meanings import Heard
from engine.venues.angelone.orders.rows import OrderRow, order_report
from engine.venues.angelone.orders.stamps import stamp_ms

_GONE: Final = CleanText("the broker knows no such order")
_NAMES: Final = {
    "token": "symbolToken",
    "lower": "lowerCircuit",
    "upper": "upperCircuit",
    "feed_time": "exchFeedTime",
}


class _Prices(Struct, frozen=True, rename=_NAMES):
    exchange: str
    token: Told
    ltp: Told = None
    lower: Told = None
    upper: Told = None
    feed_time: str | None = None
    depth: Depth | None = None


class _Fetched(Struct, frozen=True):
    fetched: list[_Prices] | None = None


def order_in(request: ReadOrder, heard: Heard, traded: TradedInstruments) -> OrderReport:
    """The order that was asked for; raises MisfitError."""
    if not heard.yes:
        raise MisfitError(heard.text if heard.meaning.read == "failed" else _GONE)
    row = told_in(heard.data, OrderRow)
    if row is None:
        raise MisfitError(_GONE)
    report = order_report(row, traded)
    if report.unique_id and report.unique_id != request.unique_id:
        raise MisfitError("the details are of another order")
    return report


def quote_in(index: int, instrument: Instrument, heard: Heard, now_ms: int) -> Quoted:
    """The prices of `instrument`; raises MisfitError."""
    if not heard.yes:
        raise MisfitError(heard.text)
    told = told_in(heard.data, _Fetched) or _Fetched()
    for row in told.fetched or []:
        if (row.exchange, str(row.token)) == (instrument.exchange, instrument.token):
            return _quoted(index, row, instrument.price_scale, now_ms)
    raise MisfitError(f"{instrument.symbol} is not in the answer")


def _quoted(index: int, row: _Prices, scale: int, now_ms: int) -> Quoted:
    bid, ask = best_prices(row.depth, scale)
    return Quoted(
        instrument=index,
        at_ms=stamp_ms(row.feed_time) or now_ms,
        bid=bid,
        ask=ask,
        last=price_or_nought(row.ltp, scale),
        lower=price_or_nought(row.lower, scale),
        upper=price_or_nought(row.upper, scale),
    )
