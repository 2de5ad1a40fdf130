"""SmartAPI's market-data stream: packets and texts in, plain data out, and the texts we send; knows no socket or clock.

Prices are integers in raw minor units (1/100 rupee, 1/10,000,000 for currency), quantities in units, times in UTC ms.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from struct import Struct as Layout
from typing import Final

import msgspec
from msgspec import Struct

from engine.model.errors import WireError
from engine.model.types import MAX_PRICE, MAX_QUANTITY
from engine.text.sanitize import clean

LTP: Final = 1
QUOTE: Final = 2
SNAP_QUOTE: Final = 3

MODES: Mapping[str, int] = {"ltp": LTP, "quote": QUOTE, "snap_quote": SNAP_QUOTE}
EXCHANGE_TYPES: Mapping[str, int] = {"NSE": 1, "NFO": 2, "BSE": 3, "BFO": 4, "MCX": 5, "NCX": 7, "CDS": 13}
PING: Final = b"ping"

# Why bytes are refused; to count by.
REASONS: frozenset[str] = frozenset({"length", "mode", "exchange", "token", "time", "text"})

_SIZES = {LTP: 51, QUOTE: 123, SNAP_QUOTE: 379}
_KNOWN_TYPES = frozenset(EXCHANGE_TYPES.values())
_END_MS = 1 << 43  # the year 2248
_TOKEN_BYTES = 25
_TOKENS_KEPT = 2048  # a session subscribes to at most 1,000

# Little-endian and unpadded; the pad bytes (x) are fields that nothing here needs.
_LTP = Layout("<x B 25s q q q")
_QUOTE = Layout("<x B 25s q q q q 8x q")
_CLOSE = Layout("<115x q")
_LEVEL = Layout("<h q q 2x")
_BOOK = slice(147, 347)
_BUY = 1
_SELL = 0


class Packet(Struct, frozen=True, gc=False):
    """One packet: the last trade of `token`, and in a snap quote what stands in the book.

    A price that cannot be one is handed on as it came, for the tick filter to count; only `bid` and `ask` are 0 where
    there is none. A negative or absurd quantity is 0, as is a negative `sequence`.
    """

    mode: int
    exchange_type: int
    token: str
    sequence: int
    exch_ms: int
    price: int
    quantity: int = 0
    day_volume: int = 0
    bid: int = 0
    ask: int = 0


class Pong(Struct, frozen=True):
    """The answer to our `PING`; one comes unasked after connecting."""


class Refusal(Struct, frozen=True):
    """The exchange refused a request of ours (`code` E1001: malformed, E1002: too many subscriptions); texts cleaned."""

    correlation: str
    code: str
    message: str


class _Error(Struct):
    errorCode: str  # noqa: N815 - the exchange's spelling
    errorMessage: str | None = None  # noqa: N815
    correlationID: str | None = None  # noqa: N815


_PONG = Pong()
_error = msgspec.json.Decoder(_Error).decode


def decode(frame: bytes) -> Packet:
    """The packet in a binary frame; raises WireError with one of `REASONS`."""
    mode = frame[0] if frame else 0
    if len(frame) != _SIZES.get(mode):
        raise _misfit(frame, mode)
    if mode == LTP:
        exchange_type, name, sequence, exch_ms, price = _LTP.unpack_from(frame)
        quantity = day_volume = 0
    else:
        exchange_type, name, sequence, exch_ms, price, quantity, day_volume = _QUOTE.unpack_from(frame)
    token = _token(name)
    if exchange_type not in _KNOWN_TYPES or not 0 <= exch_ms < _END_MS:
        raise _misplaced(exchange_type, exch_ms)
    bid, ask = _best(frame) if mode == SNAP_QUOTE else (0, 0)
    return Packet(
        mode,
        exchange_type,
        token,
        sequence if sequence > 0 else 0,
        exch_ms,
        price,
        quantity if 0 < quantity <= MAX_QUANTITY else 0,
        day_volume if 0 < day_volume <= MAX_QUANTITY else 0,
        bid,
        ask,
    )


def close_in(frame: bytes) -> int:
    """What a packet that `decode` has taken says its token closed at on the day before (raw); 0 where it says nothing."""
    return int(_CLOSE.unpack_from(frame)[0]) if frame[0] != LTP else 0


def _best(frame: bytes) -> tuple[int, int]:
    """The best bid and ask of a snap quote: by their flag, for not every exchange sends five buys and then five sells."""
    bid = ask = 0
    for side, waiting, level in _LEVEL.iter_unpack(frame[_BOOK]):
        if waiting > 0 and 0 < level <= MAX_PRICE:
            if side == _BUY:
                if level > bid:
                    bid = level
            elif side == _SELL and (level < ask or not ask):
                ask = level
    return bid, ask


@lru_cache(_TOKENS_KEPT)  # the same few tokens come all day; a hit costs a third, and the text keeps its hash
def _token(field: bytes) -> str:
    """The token in a field of 25 bytes, which ends at the first NUL or fills it; raises WireError."""
    name = field.partition(b"\0")[0]
    if not name.isdigit():  # of bytes: ASCII digits, at least one
        raise WireError("token", f"'{name.decode(errors='replace')}' is not 1 to {_TOKEN_BYTES} digits")
    return name.decode()


def _misfit(frame: bytes, mode: int) -> WireError:
    """Why a frame that has not the size of its mode is none."""
    if not frame:
        return WireError("length", "an empty packet")
    if mode not in _SIZES:
        return WireError("mode", f"{mode}; allowed: 1, 2, 3")
    return WireError("length", f"{len(frame)} bytes in mode {mode}; allowed: {_SIZES[mode]}")


def _misplaced(exchange_type: int, exch_ms: int) -> WireError:
    """Which of the two it is that cannot be."""
    if exchange_type not in _KNOWN_TYPES:
        return WireError("exchange", f"type {exchange_type}; allowed: {', '.join(map(str, sorted(_KNOWN_TYPES)))}")
    return WireError("time", f"{exch_ms} ms; allowed: 0 to {_END_MS - 1}")


def decode_text(text: bytes) -> Pong | Refusal:
    """What a text frame says; raises WireError("text")."""
    if text == b"pong":
        return _PONG
    try:
        error = _error(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as problem:
        raise WireError("text", str(problem)) from None
    return Refusal(
        clean(error.correlationID or "", 40), clean(error.errorCode, 20), clean(error.errorMessage or "", 200)
    )


# ── What we send. A mistake here is our own: ValueError. ────────────────────────────────────────────────────────────


def subscribe(correlation: str, mode: int, tokens: Mapping[int, Sequence[str]], *, on: bool = True) -> bytes:
    """The text that asks for (not `on`: for no more of) `tokens` (by exchange type) in `mode`; nothing but their packets will answer it.

    `correlation` comes back in a refusal only: up to 10 letters and digits.
    """
    if not re.fullmatch(r"[A-Za-z0-9]{0,10}", correlation):
        raise ValueError("a correlation has up to 10 letters and digits")
    if mode not in _SIZES:
        raise ValueError(f"mode {mode}; allowed: 1, 2, 3")
    if not any(tokens.values()):
        raise ValueError("no tokens")
    token_list = [
        {"exchangeType": exchange_type, "tokens": _checked(exchange_type, names)}
        for exchange_type, names in tokens.items()
        if names
    ]
    request = {
        "correlationID": correlation,
        "action": 1 if on else 0,
        "params": {"mode": mode, "tokenList": token_list},
    }
    return msgspec.json.encode(request)


def _checked(exchange_type: int, names: Sequence[str]) -> list[str]:
    """`names` as the list that must be sent; raises ValueError, also for a single text, which is a sequence of texts too."""
    if exchange_type not in _KNOWN_TYPES:
        raise ValueError(f"exchange type {exchange_type}")
    if isinstance(names, str):
        raise ValueError("tokens must be a list of texts")  # noqa: TRY004 - one kind of error for the caller's mistakes
    for name in names:
        if not re.fullmatch(r"[0-9]{1,25}", name):
            raise ValueError(f"token '{name:.40}' is not 1 to {_TOKEN_BYTES} digits")
    return list(names)


def handshake_headers(jwt: str, api_key: str, client_code: str, feed_token: str) -> list[str]:
    """The HTTP headers that open a stream; raises ValueError, which names the header and never its value."""
    values = {"Authorization": jwt, "x-api-key": api_key, "x-client-code": client_code, "x-feed-token": feed_token}
    for name, value in values.items():
        if not re.fullmatch(r"[!-~]+(?: [!-~]+)*", value):
            raise ValueError(f"the value of {name} is empty or has characters that no header may have")
    return [f"{name}: {value}" for name, value in values.items()]
