"""Angel One SmartAPI: its stream, login, credentials and list of instruments."""

from typing import TYPE_CHECKING, Final

from engine.venues.venue import Environ, Listing, Login, Venue

if TYPE_CHECKING:
    from engine.config import Config
    from engine.venues.angelone.settings import SmartApiConfig
    from engine.venues.supply import NoCredentials, Opened


def _settings() -> "type[SmartApiConfig]":
    from engine.venues.angelone.settings import SmartApiConfig

    return SmartApiConfig


def _open(config: "Config", environ: Environ) -> "Opened | NoCredentials":
    from engine.venues.angelone.supply import open_smartapi

    return open_smartapi(config, environ)


def _login() -> Login:
    from engine.venues.angelone import account

    return account


def _listing() -> Listing:
    from engine.venues.angelone.instruments import listing

    return listing


SMARTAPI: Final = Venue(
    "smartapi",
    "Angel One: India's exchanges, with an account there",
    "paper",
    _settings,
    _open,
    login=_login,
    listing=_listing,
)
