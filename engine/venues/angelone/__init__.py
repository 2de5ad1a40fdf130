"""Angel One SmartAPI: its stream, login, credentials and list of instruments."""

from typing import Final

from msgspec import Struct

from engine.venues.venue import Listing, LiveAccess, Login, MarketOf, Open, OpenProbe, Venue


def _settings() -> type[Struct]:
    from engine.venues.angelone.settings import SmartApiConfig

    return SmartApiConfig


def _opener() -> Open:
    from engine.venues.angelone.supply import open_smartapi

    return open_smartapi


def _login() -> Login:
    from engine.venues.angelone import account

    return account


def _listing() -> Listing:
    from engine.venues.angelone.instruments import listing

    return listing


def _market_of() -> MarketOf:
    from engine.venues.angelone.instruments.listing import market_of

    return market_of


def _live_access() -> LiveAccess:
    from engine.venues.angelone import live_access

    return live_access


def _live_probe() -> OpenProbe:
    from engine.venues.angelone.preflight import open_probe

    return open_probe


SMARTAPI: Final = Venue(
    "smartapi",
    "India's exchanges live by Angel One",
    "paper",
    _settings,
    _opener,
    login=_login,
    listing=_listing,
    market_of=_market_of,
    live_access=_live_access,
    live_probe=_live_probe,
)
