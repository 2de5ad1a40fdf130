"""The exchange's list for a person and for scripts: rows of plain values. Knows neither file nor network."""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engine.config import Config, instrument_for
from engine.markets.market import market_of_segment
from engine.model.clock import SystemClock
from engine.model.errors import UserError
from engine.outside.lists import in_a_line
from engine.venues.angelone.hosts import require_known
from engine.venues.angelone.instruments.listed import Listed, date_text
from engine.venues.angelone.instruments.master import cache_folder, on_hand, ready
from engine.venues.angelone.instruments.master import update as fetch
from engine.venues.angelone.settings import SmartApiConfig

_IST = timedelta(hours=5, minutes=30)


def update(config: Config, *, differing: bool) -> tuple[str, str]:
    """Fetch today's list; what that did, in a line, and a warning or "". Raises UserError.

    One that differs too much from the copy before is refused, unless `differing`.
    """
    require_known(config, os.environ)  # it decides what is bought, by its tokens and lots
    url = config.venue(SmartApiConfig).master_url
    done = fetch(cache_folder(os.environ), url, SystemClock(), differing=differing)
    if not done.changed:
        return "instrument list: ours is the newest", ""
    passed = f", {done.bad:,} passed over as unreadable" if done.bad else ""
    warning = f"instrument list: {in_a_line(done.notes)}" if done.notes else ""
    return f"instrument list: {done.rows:,} rows, {done.kept:,} kept{passed}", warning


def find(config: Config, words: Sequence[str], limit: int) -> tuple[list[dict[str, str | int]], str]:
    """At most `limit` instruments that `words` mean, nearest expiry first, and a warning or ""; raises UserError.

    Where nothing is found the warning says why not.
    """
    require_known(config, os.environ)
    listed, warning = ready(config)
    with listed:
        today = _today()
        found = listed.find(words, today, limit)
        if not found:
            warning = "; ".join(filter(None, (warning, listed.why_not(words, today))))
    return [_row(one) for one in found], warning


def find_held(config: Config, words: Sequence[str], limit: int) -> list[dict[str, str | int]]:
    """The same in the copy that is here, however old: nothing is fetched; raises UserError, also where there is none."""
    with on_hand(config, os.environ) as listed:
        return [_row(one) for one in listed.find(words, _today(), limit)]


def market_of(config: Config, symbol: str) -> str:
    """The market of `symbol` by its exchange: the configured one beside its token, else that of the copy of the list that is here; "" = not known.

    What has expired still has one: its last day is told of when it is over.
    """
    said = instrument_for(config, symbol)
    if said.token:
        return market_of_segment(said.exchange)
    with suppress(UserError), on_hand(config, os.environ) as listed:
        for at in (_today(), date.min):
            with suppress(UserError):
                return market_of_segment(listed.instrument(symbol, at).exchange)
    return ""


def _today() -> date:
    return (datetime.now(UTC) + _IST).date()


def _row(one: Listed) -> dict[str, str | int]:
    """Prices in rupees as text; nothing of what does not apply."""
    counted = one.instrument()
    return {
        "symbol": one.symbol,
        "exchange": one.exchange,
        "token": one.token,
        "expiry": date_text(one.expiry) if one.expiry else "",
        "strike": _rupees(one.strike, one.price_scale) if one.strike else "",
        "type": one.kind,
        "lot": one.lot,
        "tick": _rupees(counted.tick_size, one.price_scale),
        "freeze": counted.freeze_quantity if one.expiry else "",
    }


def _rupees(minor: int, scale: int) -> str:
    text = f"{Decimal(minor) / scale:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
