"""What is asked of quotes and what comes back: plain data, errors, and how a quote lies in Redis. No I/O."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from engine.model.errors import UserError
from engine.text.sanitize import CleanText, clean, cleaned

Layer = Literal["l1", "redis", "fallback"]
Kept = Layer | Literal["last", "none"]  # last: older than it should be, for want of a new one; none: it was asked for

LONGEST_SYMBOL = 80
LONGEST_STORED_BYTES = 1_024
LONGEST_PRICE = 40
MOCK = CleanText("mock")
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.&:|/ -]{0,79}", re.ASCII)
_PRICE = r"^-?[0-9]{1,20}(\.[0-9]{1,18})?\Z"
_PRICE_FORM = re.compile(_PRICE, re.ASCII)
_YEAR_2100_S = 4_102_444_800
_LONGEST_SECONDS = 10  # digits
_AHEAD_MS = 5_000  # clocks of several machines that share a Redis are so far apart at most

Short = Annotated[CleanText, Meta(min_length=1, max_length=20)]
Symbol = Annotated[CleanText, Meta(min_length=1, max_length=LONGEST_SYMBOL)]
DecimalText = Annotated[CleanText, Meta(max_length=LONGEST_PRICE, pattern=_PRICE)]
Ms = Annotated[int, Meta(ge=0, lt=1 << 48)]


class QuoteRefusedError(UserError):
    """No quote; the one line says why."""


class UnknownProviderError(QuoteRefusedError):
    """Nobody of that name gives quotes."""


class BadSymbolError(QuoteRefusedError):
    """What is asked for cannot be: no such symbol, or an age or a time that is none."""


class ProviderFailedError(QuoteRefusedError):
    """The provider does not answer, or not with a price, and there is no last value to stand in."""


class SourcedQuote(Struct, frozen=True, gc=False):
    """A price as its source gave it, exact text; so it is kept, also in Redis.

    `as_of_ms` (UTC) is the moment it holds for, `fetched_ms` when we had it; from `until_ms` on it is another (0: not known).
    """

    symbol: Symbol
    price: DecimalText
    source: Short
    as_of_ms: Ms
    fetched_ms: Ms
    currency: Annotated[CleanText, Meta(max_length=20)] = CleanText("")
    volume: DecimalText | None = None
    until_ms: Ms = 0
    mock: bool = False


class QuoteData(Struct, frozen=True):
    """A price for a client: exact text; `as_of` ISO 8601 UTC; `stale`: older than it should be, since nothing newer is to be had."""

    symbol: str
    price: str
    source: str
    currency: str
    volume: str | None
    as_of: str
    age_s: float
    stale: bool


class QuoteAnswer(Struct, frozen=True):
    """A quote of `provider`, invented where `mock`; `cache` says which layer had it ("none": it was asked for)."""

    provider: str
    symbol: str
    data: QuoteData
    mock: bool
    cached: bool
    cache: Kept


class CacheView(Struct, frozen=True):
    """How the cache does: `hits` by layer and `misses` since the start; `hit_rate` 0..1.

    `refused`: values in Redis that were none; `unsent`: quotes that were not put there, since they were too many at once.
    """

    redis_available: bool
    hit_rate: float
    fallback_active: bool
    fallback_hits: int
    hits: Mapping[Layer, int]
    misses: int
    refused: int = 0
    unsent: int = 0


_STORED = msgspec.json.Decoder(SourcedQuote)


def stored(quote: SourcedQuote) -> bytes:
    """`quote` as it lies in Redis."""
    return msgspec.json.encode(quote)


def restored(data: bytes, *, symbol: str, source: str, now_ms: int) -> SourcedQuote | None:
    """The quote that `data` from Redis holds, clean; None where that is none, or not one of `symbol` from `source`."""
    if len(data) > LONGEST_STORED_BYTES:
        return None
    try:
        quote = cleaned(_STORED.decode(data), LONGEST_SYMBOL)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    is_ours = quote.symbol == symbol and quote.source == source and quote.mock == (source == MOCK)
    return quote if is_ours and quote.fetched_ms <= now_ms + _AHEAD_MS else None


def symbol_of(text: str) -> CleanText:
    """`text` as the name of something that is traded, in capitals; raises BadSymbolError."""
    if not _SYMBOL.fullmatch(text):
        raise BadSymbolError(
            f"symbol {text:.100}: allowed: 1 to 80 letters, digits and _ . & : | / - or blanks, no blank first"
        )
    return clean(text.upper())


def price_of(text: str) -> CleanText | None:
    """`text` as an exact price above nought; None where it is none."""
    return (
        clean(text)
        if len(text) <= LONGEST_PRICE and _PRICE_FORM.match(text) and text.strip("0.") and text[0] != "-"
        else None
    )


def hour_of(at: str) -> int:
    """The hour (UTC, counted from 1970) of a moment said as ISO 8601 or in seconds since 1970; raises BadSymbolError."""
    try:
        if at.isascii() and at.isdecimal():  # never a date without its dashes
            return _hour(int(at) if len(at) <= _LONGEST_SECONDS else -1)
        said = datetime.fromisoformat(at)
        return _hour(int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        raise BadSymbolError(
            f"at={at:.40}: allowed: 2026-11-30T12:00Z, or whole seconds since 1970, to the year 2100"
        ) from None


def _hour(seconds: int) -> int:
    if not 0 <= seconds < _YEAR_2100_S:
        raise ValueError
    return seconds // 3_600
