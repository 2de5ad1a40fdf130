"""Which coins the exchange trades: asked for one that is not known yet, then kept in the user's cache. Starts no feed."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.config import Config, user_folder
from engine.model.errors import InputError
from engine.outside.https import Caller, CallError, Request
from engine.outside.lists import Bounds, Group, Known, implausible, in_a_line, unusable
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.settings import BinanceConfig

USUAL: Final = "BTCUSDT"
ASK_S: Final = 3.0  # a start must not wait longer for what only tells a misspelt coin early
_PATH = "/api/v3/ticker/price"  # every coin that is traded, in some 200 KB
_LIMIT_BYTES = 4 << 20
_REST = {
    "data-stream.binance.vision": "https://data-api.binance.vision",
    "stream.binance.com": "https://api.binance.com",
}
_QUOTES = (
    CleanText("USDT"),
    CleanText("USDC"),
    CleanText("FDUSD"),
    CleanText("TUSD"),
    CleanText("BTC"),
    CleanText("ETH"),
    CleanText("BNB"),
    CleanText("EUR"),
    CleanText("TRY"),
    CleanText("BRL"),
    CleanText("JPY"),
)
_BOUNDS = Bounds(least={"coins": 100}, changed={})
_KEPT = "binance-coins.txt"
_NEAR = 3


class _Price(Struct):
    symbol: Any = ""


def coin_name(text: str) -> str:
    """`btc/usdt`, `BTC-USDT` and `BINANCE:BTCUSDT` as the exchange writes them."""
    return re.sub(r"[/_\- ]", "", text.upper().removeprefix("BINANCE:"))


def is_coin_like(text: str) -> bool:
    """Whether `text` looks like a pair of coins: one that something is paid for in stands at its end."""
    return bool(paid_in(coin_name(text)))


def paid_in(name: str) -> CleanText:
    """What the coin `name` is paid in, as the end of its name says; "" where that says nothing."""
    return next((quote for quote in _QUOTES if name.endswith(quote) and len(name) > len(quote)), CleanText(""))


def wanted_coins(config: Config) -> tuple[tuple[str, ...], str]:
    """What is to be subscribed, as it is said, and a line where nobody said a coin: it is never an index of India."""
    if config.feed.symbols:
        return config.feed.symbols, ""
    symbol = config.instrument.symbol
    if config.origins.said_now("instrument.symbol") or is_coin_like(symbol):
        return (symbol,), ""
    return (USUAL,), f"feed.symbols names no coin, so it is {USUAL}: {symbol} of [instrument] is none"


def rest_url(config: Config) -> str:
    """Where the exchange behind the stream tells its coins; "" for a stream that is not known."""
    host = config.venue(BinanceConfig).stream_url.partition("://")[2].partition("/")[0].partition(":")[0]
    return _REST.get(host, "")


def check_coins(names: Sequence[str], url: str, environ: Mapping[str, str]) -> str:
    """Raise InputError for a coin that the exchange at `url` does not trade, with the nearest; return what could not be checked, or ""."""
    path = user_folder(environ, "XDG_CACHE_HOME", "~/.cache") / _KEPT
    known = _kept(path, url)
    if not url or set(names) <= known:
        return ""
    try:
        listed, read = _asked(url)
    except (CallError, msgspec.DecodeError, InputError) as error:
        return f"whether the exchange trades {', '.join(names[:_NEAR])} could not be asked: {clean(str(error), 120)}"
    groups = {"coins": Group(len(listed), len(listed))}
    before, lost = {"coins": Group(len(known), len(known))}, {"coins": Known(len(known), len(known - listed))}
    reasons = unusable(groups, read, read - len(listed), _BOUNDS)
    if reasons or (known and (reasons := implausible(groups, before, lost, _BOUNDS))):
        return f"the exchange's list of coins is not taken: {in_a_line(reasons)}"
    _keep(path, url, listed)
    unknown = [name for name in names if name not in listed]
    if unknown:
        raise InputError(*(_refusal(name, listed) for name in unknown))
    return ""


def _asked(url: str) -> tuple[frozenset[str], int]:
    """Every coin the exchange names, and how many entries its answer has; raises CallError, DecodeError, InputError."""
    with closing(Caller(url)) as caller:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        answer = caller.call(Request("GET", _PATH, headers, limit_bytes=_LIMIT_BYTES, total_s=ASK_S, silence_s=ASK_S))
    if answer.status != 200:
        raise InputError(f"{url} answers HTTP {answer.status}")
    rows = msgspec.json.decode(answer.body, type=list[_Price])
    return frozenset(row.symbol for row in rows if _is_name(row.symbol)), len(rows)


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 2 <= len(text) <= 40 and text.isalnum() and clean(text) == text


def _refusal(name: str, listed: frozenset[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only who mistyped needs it

    paired = [name + quote for quote in _QUOTES if name + quote in listed]
    near = list(dict.fromkeys([*paired, *get_close_matches(name, sorted(listed), _NEAR, 0.6)]))[:_NEAR]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"feed.symbols: {name} is not traded by the exchange{hint}"


def _kept(path: Path, url: str) -> frozenset[str]:
    """The coins of the exchange at `url` when it was last asked; none where nothing usable is kept."""
    try:
        with path.open("rb") as file:
            first, *names = file.read(_LIMIT_BYTES).decode().split("\n")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(filter(_is_name, names)) if first == url else frozenset()


def _keep(path: Path, url: str, names: frozenset[str]) -> None:
    """Keep the coins, whole or not at all; a disk that refuses costs only another question at the next start."""
    part = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        os.makedirs(path.parent, mode=0o700, exist_ok=True)
        try:
            with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write("\n".join([url, *sorted(names)]).encode())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
