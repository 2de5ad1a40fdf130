"""Binance's market-data streams: messages in, plain data out, and the requests we send; knows no socket or clock.

Prices and quantities are exact integers of 1/`SCALE`, times in UTC ms. Spot and futures, raw and combined streams.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from engine.model.errors import WireError
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.decimals import SCALE, to_price, to_quantity

__all__ = [
    "REASONS",
    "SCALE",
    "BookMessage",
    "Ignored",
    "Message",
    "RequestError",
    "Shutdown",
    "TradeMessage",
    "decode",
    "stream_names",
    "subscribe",
    "unsubscribe",
]

# Why messages are refused, to count by: no JSON, not the fields of their kind, a symbol, number, id or time that is none.
REASONS: frozenset[str] = frozenset({"json", "shape", "symbol", "number", "id", "time"})

_MAX_ID = (1 << 63) - 1
_END_MS = 1 << 43  # the year 2248
_NAMES_KEPT = 2048  # a connection has at most 1,024 streams
_MAX_STREAMS = 1024
_MAX_NAME = 100
_SYMBOL = re.compile(r"[A-Z0-9_.-]{1,40}", re.ASCII)
_KIND_LENGTH = 40


class TradeMessage(Struct, frozen=True, gc=False):
    """One trade, or with `aggregate` all trades of one order at one price; ids of a symbol rise by one, each kind its own.

    A price ≤ 0 is handed on, for the tick filter to count; a quantity beyond all measure is 0.
    """

    symbol: CleanText
    id: int
    price: int
    quantity: int
    exch_ms: int
    aggregate: bool


class BookMessage(Struct, frozen=True, gc=False):
    """The best bid and ask of a symbol, 0 where there is none."""

    symbol: CleanText
    bid: int
    ask: int


class RequestError(Struct, frozen=True):
    """A request was refused."""

    code: int
    message: CleanText


class Shutdown(Struct, frozen=True):
    """The server goes down: connect anew now."""


class Ignored(Struct, frozen=True):
    """A message of a kind that is not needed here (at most 40 characters; `other` where it has no name, as an answer)."""

    kind: CleanText


Message = TradeMessage | BookMessage | RequestError | Shutdown | Ignored


# What stands in the messages; the one-letter names are Binance's own, and mean different things per kind.
class _Trade(Struct, gc=False):
    s: str
    number: int = field(name="t")
    p: str
    q: str
    T: int
    e: str


class _AggTrade(_Trade, gc=False):
    number: int = field(name="a")


class _BookTicker(Struct, gc=False):
    s: str
    number: int = field(name="u")
    b: str
    a: str
    T: int = 0
    e: str = "bookTicker"  # named by the futures markets only


_Code = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]


class _Error(Struct):
    code: _Code
    msg: str = ""


class _Envelope(Struct, gc=False):
    stream: str = ""
    data: Raw | UnsetType = UNSET
    e: str = ""
    u: Raw | UnsetType = UNSET
    s: Raw | UnsetType = UNSET


class _Answer(Struct):
    error: _Error | None = None
    code: _Code | None = None
    msg: str = ""


_SHUTDOWN = Shutdown()
_envelope = msgspec.json.Decoder(_Envelope).decode
_answer = msgspec.json.Decoder(_Answer).decode
_trade = msgspec.json.Decoder(_Trade).decode
_aggregate = msgspec.json.Decoder(_AggTrade).decode
_book_ticker = msgspec.json.Decoder(_BookTicker).decode


def decode(message: bytes) -> Message:
    """What a text message says; raises WireError with one of `REASONS`."""
    try:
        return _decoded(message)
    except msgspec.ValidationError as error:
        raise WireError("shape", str(error)) from None
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise WireError("json", str(error)) from None


def _decoded(message: bytes) -> Message:
    envelope = _envelope(message)
    if envelope.stream:
        if envelope.data is UNSET or len(envelope.stream) > _MAX_NAME:
            raise WireError("shape", "a stream without data, or with a name of no stream")
        return _read(_kind(envelope.stream), envelope.data)
    if envelope.e:
        return _read(envelope.e, message)
    if envelope.u is not UNSET and envelope.s is not UNSET:  # the spot market's raw book stream names no kind
        return _read("bookTicker", message)
    return _read_answer(message)


@lru_cache(_NAMES_KEPT)
def _kind(stream: str) -> str:
    """`trade` of `btcusdt@trade`, `depth` of `btcusdt@depth@100ms`, `bookTicker` of `!bookTicker`."""
    name = stream[1:] if stream.startswith("!") else stream.partition("@")[2]
    return name.partition("@")[0]


def _read(kind: str, data: bytes | Raw) -> Message:
    """What `data` says in a stream of this `kind`."""
    if kind in {"trade", "aggTrade"}:
        aggregate = kind == "aggTrade"
        row = (_aggregate if aggregate else _trade)(data)
        if row.e != kind or not (0 <= row.T < _END_MS and 0 <= row.number <= _MAX_ID):
            raise _unfit(row, kind)
        return TradeMessage(_symbol(row.s), row.number, to_price(row.p), to_quantity(row.q), row.T, aggregate)
    if kind == "bookTicker":
        best = _book_ticker(data)
        if best.e != kind or not (0 <= best.T < _END_MS and 0 <= best.number <= _MAX_ID):
            raise _unfit(best, kind)
        bid, ask = to_price(best.b), to_price(best.a)
        return BookMessage(_symbol(best.s), bid if bid > 0 else 0, ask if ask > 0 else 0)
    return _SHUTDOWN if kind == "serverShutdown" else Ignored(clean(kind or "other", _KIND_LENGTH))


def _read_answer(message: bytes) -> RequestError | Ignored:
    """What a message says that belongs to no stream."""
    row = _answer(message)
    error = row.error or (_Error(row.code, row.msg) if row.code is not None else None)
    return Ignored(CleanText("other")) if error is None else RequestError(error.code, clean(error.msg, 200))


@lru_cache(_NAMES_KEPT)
def _symbol(text: str) -> CleanText:
    if not _SYMBOL.fullmatch(text):
        raise WireError("symbol", f"'{text:.60}' is not a symbol; allowed: 1 to 40 of A-Z 0-9 _ . -")
    return clean(text)


def _unfit(row: _Trade | _BookTicker, kind: str) -> WireError:
    """Why a row is none of this `kind`: its own kind, time or id, either of which may have thousands of digits."""
    if row.e != kind:
        return WireError("shape", f"'{row.e:.{_KIND_LENGTH}}' in a stream of another kind")
    reason = "id" if 0 <= row.T < _END_MS else "time"
    told = f"time {row.T} or id {row.number}"
    return WireError(reason, f"{told:.100} is out of range; allowed: ms since 1970, and a positive id")


# ── What we send. A mistake here is our own: ValueError. ────────────────────────────────────────────────────────────


def subscribe(streams: Sequence[str], id: int) -> bytes:  # noqa: A002 - the name of the field
    """The request number `id` for `streams`."""
    if isinstance(streams, str) or not 0 < len(streams) <= _MAX_STREAMS or id < 0:
        raise ValueError(f"request {id} needs a list of 1 to {_MAX_STREAMS} streams")
    return msgspec.json.encode({"method": "SUBSCRIBE", "params": list(streams), "id": id})


def unsubscribe(streams: Sequence[str], id: int) -> bytes:  # noqa: A002 - the name of the field
    """The request number `id` for `streams` no more."""
    return msgspec.json.encode({"method": "UNSUBSCRIBE", "params": list(streams), "id": id})


def stream_names(symbol: str, trades: str, book: bool) -> list[str]:
    """The streams of `symbol`: its `trade` or `aggTrade` messages, and its best bid and ask; raises ValueError."""
    if not _SYMBOL.fullmatch(symbol.upper()):
        raise ValueError(f"symbol '{symbol:.60}'")
    if trades not in {"trade", "aggTrade"}:
        raise ValueError(f"trades '{trades:.60}'; allowed: trade, aggTrade")
    name = symbol.lower()
    return [f"{name}@{trades}", *([f"{name}@bookTicker"] if book else [])]
