"""Whose orders would go to Angel One, and whether that is our simulated exchange instead. Asks this machine alone; knows no order."""

import hmac
import os
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from engine.config import Config
from engine.model.preflight import TradingAccount
from engine.outside.https import Caller, CallError, Request, place_of
from engine.text.sanitize import clean
from engine.venues.angelone.credentials import Credentials, find_credentials, masked
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.supply import NoCredentials

_LOOPBACK: Final = ("127.0.0.1", "localhost")
_WITHIN_S: Final = 2.0
_LONGEST: Final = 1024  # bytes of an answer
_MARKED: Final = b"account of an arming"


class _Proof(Struct):
    proof: str


def account(config: Config, environ: Mapping[str, str]) -> TradingAccount | None:
    """Whose orders they would be; None where there are no credentials. Raises ConfigError."""
    found = find_credentials(config, environ)
    if isinstance(found, NoCredentials):
        return None
    return TradingAccount(found.client_code, clean(masked(found.client_code)), proof_of(found, _MARKED))


def is_simulated(config: Config, environ: Mapping[str, str]) -> bool:
    """Whether orders would go to our simulated exchange: at this machine's address, which proves to know the same credentials.

    Whatever else listens here, as a tunnel to the broker does, is the broker. Raises ConfigError.
    """
    section = config.venue(SmartApiConfig)
    places = [place_of(section.rest_url), place_of(section.orders_url.replace("ws", "http", 1))]
    if any(each.host not in _LOOPBACK for each in places):
        return False
    found = find_credentials(config, environ)
    return not isinstance(found, NoCredentials) and is_simulator(section.rest_url, found)


def is_simulator(url: str, credentials: Credentials) -> bool:
    """Whether the server at `url` of this machine proves, by a number that it has never seen, to be a simulated exchange of these credentials."""
    if place_of(url).host not in _LOOPBACK:
        return False
    nonce = os.urandom(16).hex()
    asked = Request(
        "GET",
        f"/simulator/challenge/{nonce}",
        {"Accept": "application/json"},
        limit_bytes=_LONGEST,
        total_s=_WITHIN_S,
        silence_s=_WITHIN_S,
    )
    try:
        answer = Caller(url).call(asked)
        told = msgspec.json.decode(answer.body, type=_Proof) if answer.status == 200 else _Proof("")
    except (CallError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return hmac.compare_digest(told.proof.encode(), proof_of(credentials, nonce.encode()).encode())


def proof_of(credentials: Credentials, message: bytes) -> str:
    """What only who knows these credentials makes of `message`, and nobody finds them by."""
    key = f"{credentials.client_code}:{credentials.api_key}:{credentials.totp_secret}".encode()
    return hmac.digest(key, message, "sha256").hex()
