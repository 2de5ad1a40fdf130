"""A single order's history, and a quote with its best five: asked for beside the rounds. Keeps nothing."""

from typing import Final

from msgspec import Struct

from engine.execution.told_fields import MisfitError, Told, price_or_nought, to_identity
from engine.execution.told_rows import Depth, best_prices
from engine.execution.traded_instruments import TradedInstruments
from engine.model.order_reports import OrderReport, Quoted
from engine.model.order_requests import ReadOrder
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.venues.kite.orders.books import data_in
from engine.venues.kite.orders.meanings import Heard
from engine.venues.kite.orders.requests import quote_name
from engine.venues.kite.orders.rows import OrderRow, order_report, stamp_ms

_GONE: Final = CleanText("the broker knows no such order")


class _Prices(Struct, frozen=True):
    instrument_token: Told = None
    timestamp: str | None = None
    last_price: Told = None
    lower_circuit_limit: Told = None
    upper_circuit_limit: Told = None
    depth: Depth | None = None


def order_in(request: ReadOrder, heard: Heard, traded: TradedInstruments) -> OrderReport:
    """The order that was asked for, as its history ends; raises MisfitError.

    Whatever stands behind an end of it, it has come to that end.
    """
    rows = data_in(heard, list[OrderRow])
    if not rows:
        raise MisfitError(_GONE)
    report = order_report(next((row for row in reversed(rows) if row.is_over), rows[-1]), traded)
    if report.broker_id != request.unique_id:
        raise MisfitError("the history is of another order")
    return report


def quote_in(index: int, instrument: Instrument, heard: Heard, now_ms: int) -> Quoted:
    """The prices of `instrument`; raises MisfitError."""
    found = (data_in(heard, dict[str, _Prices]) or {}).get(quote_name(instrument))
    if found is None:
        raise MisfitError(f"{instrument.symbol} is not in the answer")
    token = to_identity(found.instrument_token)
    if token and instrument.token and token != instrument.token:
        raise MisfitError(f"the quote of {instrument.symbol} has another token")
    bid, ask = best_prices(found.depth, instrument.price_scale)
    return Quoted(
        instrument=index,
        at_ms=stamp_ms(found.timestamp) or now_ms,
        bid=bid,
        ask=ask,
        last=price_or_nought(found.last_price, instrument.price_scale),
        lower=price_or_nought(found.lower_circuit_limit, instrument.price_scale),
        upper=price_or_nought(found.upper_circuit_limit, instrument.price_scale),
    )
