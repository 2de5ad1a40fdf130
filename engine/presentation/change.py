"""What a day's figures are counted from: its prices from the close of the day before, else from its first, which is said; and which day it is. Pure."""

from engine.model.snapshot import Snapshot
from engine.model.trading_views import Quote
from engine.presentation import format as text


def base(quote: Quote) -> int:
    """The price from which the change of the day is counted, in minor units; 0 where none is known."""
    return quote.close or quote.day_open


def change(quote: Quote) -> float | None:
    """By which share the price has moved this day; None where that is unknown."""
    before = base(quote)
    return quote.last / before - 1 if before > 0 and quote.last > 0 else None


def since(quote: Quote, zone: str) -> str:
    """`since 09:15`, where the close of the day before is not known and the day's first price stands in for it; else empty."""
    if quote.close or quote.day_open <= 0:
        return ""
    return f"since {text.minute(quote.begun_ms, zone)}" if quote.begun_ms else "since its first price"


def another_day(seen: Snapshot) -> str:
    """`27 Nov`, where the figures of the account's day are of another date than today's, since none has begun since; else empty."""
    date = seen.account.day.date
    if not date or not seen.at_ms or date == text.day(seen.market_ms, seen.session.zone):
        return ""
    return text.date(date).rsplit(" ", 1)[0]
