"""Whether one could log in to Angel One: what is set up, what the broker says of it. Knows no feed and prints nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from engine.config import Config
from engine.text.sanitize import clean
from engine.venues.angelone.credentials import (
    ENVIRONMENT,
    KEYS,
    Credentials,
    Search,
    credentials_file,
    find_credentials,
    look_for_credentials,
    masked,
)
from engine.venues.angelone.hosts import require_known
from engine.venues.angelone.login import LoginError, LoginSession
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.supply import NoCredentials

_NAMES = {"client_code": "client code", "pin": "PIN", "api_key": "API key", "totp_secret": "TOTP secret"}
_IST = timedelta(hours=5, minutes=30)
_CLOCK_LIMIT_S = 5.0  # a one-time password holds 30 s; ticks are judged late from 2 s on
_RELEASED = datetime(2025, 10, 1, tzinfo=UTC)  # a clock before this is not set

Say = Callable[[str], object]


def found(config: Config, environ: Mapping[str, str]) -> bool:
    """Whether there is anything to log in with; raises ConfigError when that is malformed."""
    return not isinstance(find_credentials(config, environ), NoCredentials)


def how_to(config: Config, environ: Mapping[str, str]) -> list[str]:
    """How to set the credentials up, in lines."""
    path = clean(str(credentials_file(config, environ)), 300)
    return [
        "SmartAPI needs a client code, its 4-digit PIN, an API key (smartapi.angelone.in) and the base32 secret",
        "behind the QR code of smartapi.angelone.in/enable-totp. They are read, in this order, from",
        "",
        "  the environment   " + ", ".join(ENVIRONMENT + key.upper() for key in KEYS),
        f"  or the file       {path}",
        "",
        "which must be your own, with mode 0600:",
        "",
        "  [smartapi]",
        '  client_code = "A123456"',
        '  pin = "…"',
        '  api_key = "…"',
        '  totp_secret = "…"',
        "",
        "Then: myquant-tui login --check",
    ]


def check(config: Config, environ: Mapping[str, str], say: Say, *, offline: bool) -> list[str]:
    """Try the credentials, unless `offline`; `say` what is well as it is found, return what is not."""
    search = look_for_credentials(config, environ)
    problems = [f"credentials: {line}" for line in search.lines()]
    for item in search.items:
        if item.source and not item.problem:
            say(f"{_NAMES[item.key]:<12} well: {_told(search, item.key)}{item.source}")
    if search.credentials is None or offline:
        return problems + _clock_problems(None, say)
    require_known(config, environ)
    return problems + _try(config, search.credentials, say)


def _told(search: Search, key: str) -> str:
    """The masked client code ahead of where it was found; of the others nothing."""
    code = search.credentials.client_code if search.credentials and key == "client_code" else ""
    return f"{masked(code)}, " if code else ""


def _clock_problems(off_s: float | None, say: Say) -> list[str]:
    """Say how the machine's clock stands, `off_s` ahead of the broker's (None: not known); return what is wrong with it."""
    now = datetime.now(UTC)
    if now < _RELEASED:
        return [f"clock: says {now:%Y-%m-%d}, which is past; one-time passwords need the right time"]
    if off_s is None:
        say(f"{'clock':<12} {now + _IST:%Y-%m-%d %H:%M:%S} IST, not compared with the broker's")
        return []
    words = f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the broker's"
    if abs(off_s) > _CLOCK_LIMIT_S:
        return [f"clock: {words}; at most {_CLOCK_LIMIT_S:.0f} s are allowed: set it by NTP"]
    say(f"{'clock':<12} well: {words}")
    return []


def _try(config: Config, credentials: Credentials, say: Say) -> list[str]:
    """Compare the clock, log in, ask for the profile; return what went wrong. The login ends by itself: a logout would end that of an engine, too."""
    login = LoginSession(credentials, config.venue(SmartApiConfig).rest_url)
    problems: list[str] = []
    try:
        problems += _clock_problems(login.probe_clock(), say)
        login.tokens()
        say(f"{'login':<12} well: client {masked(login.client_code)}, feed token received")
        profile = login.profile()
        if profile.client_code != login.client_code:
            problems.append("profile: the session is another client's")
        else:
            say(f"{'profile':<12} well: may use {', '.join(profile.exchanges) or 'no exchange'}")
    except LoginError as error:
        problems.append(
            error.text if error.retry_s is None else f"{error.text} (may pass: try again in {error.retry_s:.0f} s)"
        )
    finally:
        login.close()
    return problems
