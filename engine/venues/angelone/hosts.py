"""Which hosts are told secrets of SmartAPI: the broker's own, and those that the operator has named. Asks nobody."""

import re
from collections.abc import Mapping

from engine.config import Config
from engine.config.rules import HOST, HOST_WORDS
from engine.model.errors import ConfigError
from engine.outside.https import place_of
from engine.text.sanitize import clean
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.venue import TRUST_VARIABLE

BROKERS = frozenset(
    {"apiconnect.angelone.in", "smartapisocket.angelone.in", "tns.angelone.in", "margincalculator.angelone.in"}
)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_KEYS = ("rest_url", "stream_url", "orders_url", "master_url")


def require_known(config: Config, environ: Mapping[str, str]) -> None:
    """Raises ConfigError, a line for each address that is neither the broker's nor named: nothing is sent there; one for what names no host.

    An address of this very machine that is said on the command line (`--set`) is named by that: a simulated exchange.
    """
    named = {each.strip().lower() for each in environ.get(TRUST_VARIABLE, "").split(",")} - {""}
    known = BROKERS | named
    section = config.venue(SmartApiConfig)
    lines = [
        clean(f"--trust-host {each:.200}: is no host; allowed: {HOST_WORDS}", 500)
        for each in sorted(named)
        if each not in _LOOPBACK and not re.fullmatch(HOST, each)
    ]
    for key in _KEYS:
        url = str(getattr(section, key))
        host = place_of(url.replace("ws", "http", 1) if url.startswith("ws") else url).host.lower()
        if host not in known and not (host in _LOOPBACK and config.origins.said_now(f"smartapi.{key}")):
            lines.append(
                clean(
                    f"smartapi.{key} = {url:.200}: not the broker's own host, nothing is sent there; allowed with --trust-host {host}",
                    500,
                )
            )
    if lines:
        raise ConfigError(*lines)
