"""Last prices over SmartAPI's REST side: many instruments in one call. Knows no cache; keeps nothing."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from engine.model.types import Instrument
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.login import LoginSession

MOST_TOKENS: Final = 50  # of one call, as the broker allows


def last_prices(login: LoginSession, instruments: Sequence[Instrument]) -> dict[tuple[str, str], CleanText]:
    """The last prices, exact text in rupees, by exchange and token; of what the broker does not tell, nothing. Raises LoginError."""
    assert len(instruments) <= MOST_TOKENS
    tokens: dict[str, list[str]] = {}
    for each in instruments:
        tokens.setdefault(each.exchange, []).append(each.token)
    told = login.quotes(tokens)
    rows = told.get("fetched") if isinstance(told, dict) else None
    found: dict[tuple[str, str], CleanText] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and (price := _price(row.get("ltp"))):
            found[str(row.get("exchange")), str(row.get("symbolToken"))] = price
    wanted = {(each.exchange, each.token) for each in instruments}
    return {key: price for key, price in found.items() if key in wanted}


def _price(told: object) -> CleanText | None:
    """A price above nought as exact text; the broker writes numbers as such or as text."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        price = Decimal(str(told)[:40])
    except InvalidOperation:
        return None
    return clean(f"{price:f}") if price.is_finite() and 0 < price < 10**12 else None
