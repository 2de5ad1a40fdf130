"""The commands that speak with the broker and run nothing: `login` says whether one would succeed, `instruments` what is listed."""

import os
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from engine.cli.running import load_config
from engine.config import Config
from engine.model.clock import SystemClock
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, ConfigError
from engine.text.sanitize import clean
from engine.venues.angelone.credentials import (
    ENVIRONMENT,
    KEYS,
    Credentials,
    Search,
    credentials_file,
    look_for_credentials,
    masked,
)
from engine.venues.angelone.instruments import Instruments, Listed, Update, cache_folder, date_text, ready, update
from engine.venues.angelone.login import LoginError, LoginSession

_NAMES = {"client_code": "client code", "pin": "PIN", "api_key": "API key", "totp_secret": "TOTP secret"}
_IST = timedelta(hours=5, minutes=30)
_CLOCK_LIMIT_S = 5.0  # a one-time password holds 30 s; ticks are judged late from 2 s on
_RELEASED = datetime(2025, 10, 1, tzinfo=UTC)  # a clock before this is not set
_COLUMNS = ("symbol", "exchange", "token", "expiry", "strike", "type", "lot", "tick", "freeze")
_RIGHT = ("token", "strike", "lot", "tick", "freeze")


def login_command(args: Namespace) -> int:
    """Say how to set the credentials up, or with `--check` whether they work; raises ConfigError with what is wrong."""
    config = load_config(args)
    if not (args.check or args.offline):
        print("\n".join(_how_to(config)))
        return EXIT_WELL
    search = look_for_credentials(config, os.environ)
    problems = [f"credentials: {line}" for line in search.lines()]
    for item in search.items:
        if item.source and not item.problem:
            print(f"{_NAMES[item.key]:<12} well: {_told(search, item.key)}{item.source}")
    if search.credentials is None or args.offline:
        problems += _clock_problems(None)
    else:
        problems += _try(config, search.credentials)
    if problems:
        sys.stdout.flush()  # what is well stands above what is not
        raise ConfigError(*problems)
    return EXIT_WELL


def _told(search: Search, key: str) -> str:
    """The masked client code ahead of where it was found; of the others nothing."""
    code = search.credentials.client_code if search.credentials and key == "client_code" else ""
    return f"{masked(code)}, " if code else ""


def _clock_problems(off_s: float | None) -> list[str]:
    """Say how the machine's clock stands, `off_s` ahead of the broker's (None: not known); return what is wrong with it."""
    now = datetime.now(UTC)
    if now < _RELEASED:
        return [f"clock: says {now:%Y-%m-%d}, which is past; one-time passwords need the right time"]
    if off_s is None:
        print(f"{'clock':<12} {now + _IST:%Y-%m-%d %H:%M:%S} IST, not compared with the broker's")
        return []
    words = f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the broker's"
    if abs(off_s) > _CLOCK_LIMIT_S:
        return [f"clock: {words}; at most {_CLOCK_LIMIT_S:.0f} s are allowed: set it by NTP"]
    print(f"{'clock':<12} well: {words}")
    return []


def _try(config: Config, credentials: Credentials) -> list[str]:
    """Compare the clock, log in, ask for the profile, log out; return what went wrong."""
    login = LoginSession(credentials, config.smartapi.rest_url)
    problems: list[str] = []
    try:
        problems += _clock_problems(login.probe_clock())
        login.tokens()
        print(f"{'login':<12} well: client {masked(login.client_code)}, feed token received")
        profile = login.profile()
        if profile.client_code != login.client_code:
            problems.append("profile: the session is another client's")
        else:
            print(f"{'profile':<12} well: may use {', '.join(profile.exchanges) or 'no exchange'}")
        login.logout()
    except LoginError as error:
        problems.append(
            error.text if error.retry_s is None else f"{error.text} (may pass: try again in {error.retry_s:.0f} s)"
        )
    finally:
        login.close()
    return problems


def _how_to(config: Config) -> list[str]:
    path = clean(str(credentials_file(config, os.environ)), 300)
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


def instruments_command(args: Namespace) -> int:
    """Find instruments, or fetch today's list; 1 where nothing is found."""
    config = load_config(args)
    if args.action == "update":
        print(_update_line(update(cache_folder(os.environ), config.smartapi.master_url, SystemClock())))
        return EXIT_WELL
    listed, warning = ready(config)
    if warning:
        print(f"myquant-tui: {warning}", file=sys.stderr)
    found = _find(listed, args)
    if args.json:
        print(msgspec.json.encode([_plain(one) for one in found]).decode())
    elif found:
        print("\n".join(_table([_plain(one) for one in found])))
    else:
        print(f"nothing is listed as {clean(' '.join(args.words), 100)}", file=sys.stderr)
    return EXIT_WELL if found else EXIT_DIFFERENT


def _find(listed: Instruments, args: Namespace) -> list[Listed]:
    with listed:
        return listed.find(args.words, (datetime.now(UTC) + _IST).date(), args.limit)


def _update_line(done: Update) -> str:
    if not done.changed:
        return "instrument list: ours is the newest"
    passed = f", {done.bad:,} passed over as unreadable" if done.bad else ""
    return f"instrument list: {done.rows:,} rows, {done.kept:,} kept{passed}"


def _plain(one: Listed) -> dict[str, str | int]:
    """What a script is given and a person shown: prices in rupees as text; nothing of what does not apply."""
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


def _table(rows: list[dict[str, str | int]]) -> list[str]:
    lines = [list(_COLUMNS), *([str(row[name]) for name in _COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(_aligned, _COLUMNS, line, widths)).rstrip() for line in lines]


def _aligned(column: str, text: str, width: int) -> str:
    return text.rjust(width) if column in _RIGHT else text.ljust(width)
