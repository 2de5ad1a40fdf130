"""The exchange's list, 32 MB of JSON, read piece by piece in flat memory; knows no network and no database."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from engine.model.errors import InputError
from engine.text.sanitize import clean
from engine.venues.angelone.instruments.listed import CURRENCY_SCALE, OPTIONS, PAISE, Kind, Listed, read_date, scale_of

PIECE_BYTES = 1 << 18
ROW_LIMIT_BYTES = 1 << 20  # longer is no row
_TRIES = 8  # a "}" within a text is rare; more of them in a row is not JSON
_BLANK = b" \t\r\n"

_FUTURES = {"FUTIDX", "FUTSTK", "FUTCOM", "FUTCUR", "FUTIRC", "FUTIRT"}
_OPTIONS = {"OPTIDX", "OPTSTK", "OPTFUT", "OPTCOM", "OPTCUR", "OPTIRC"}
_DERIVATIVES = {"NFO", "BFO", "MCX", "CDS"}
_SHARES = re.compile(r".+-(EQ|BE|BZ|SM|ST|IV|RR)")  # series of the NSE that are shares and trusts, not bonds
_TOKEN = re.compile(r"[0-9]{1,25}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 &_.'()%-]{0,79}")  # no path, formula or markup is an instrument
_MAX_LOT = 10**9  # units; what is beyond is no number of units


class Row(Struct):
    """One object of the list; numbers are texts there, and nothing is certain."""

    token: Any = ""
    symbol: Any = ""
    name: Any = ""
    expiry: Any = ""
    strike: Any = ""
    lotsize: Any = ""
    instrumenttype: Any = ""
    exch_seg: Any = ""
    tick_size: Any = ""
    freeze_qty: Any = ""


class ParseCounts(Struct):
    """How many rows were read, and how many of those that concern us cannot be used."""

    rows: int = 0
    bad: int = 0


_DECODER = msgspec.json.Decoder(list[Row])


def read_list(file: BinaryIO, tally: ParseCounts) -> Iterator[Listed]:
    """Yield what can be traded or watched, counting in `tally`; raises InputError where the file is no such list."""
    for rows in _batches(file):
        tally.rows += len(rows)
        for row in rows:
            kind = _kind(row)
            if kind is None:
                continue
            listed = _listed(row, kind)
            if listed is None:
                tally.bad += 1
            else:
                yield listed


def _batches(file: BinaryIO) -> Iterator[list[Row]]:
    """The objects of a JSON array, as many at a time as one piece of the file holds."""
    waiting = file.read(PIECE_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not waiting.startswith(b"["):
        raise InputError("instrument list: is not a JSON array of objects")
    waiting = waiting[1:]
    first = True
    while True:
        rows, waiting = _take(waiting, first=first)
        if rows:
            yield rows
            first = False
        piece = file.read(PIECE_BYTES)
        if not piece:
            break
        waiting += piece
        if len(waiting) > ROW_LIMIT_BYTES:
            raise InputError(
                f"instrument list: no end of a row within {ROW_LIMIT_BYTES:,} bytes before byte {file.tell():,}"
            )
    if waiting.strip(_BLANK) != b"]":
        raise InputError(f"instrument list: cut off or damaged before byte {file.tell():,}")


def _take(waiting: bytes, *, first: bool) -> tuple[list[Row], bytes]:
    """The whole objects at the beginning of `waiting`, and the rest; none where the first is not whole yet."""
    begin = waiting.lstrip(_BLANK)
    if not first and begin.startswith(b","):
        begin = begin[1:]
    elif not first:
        return [], waiting
    cut = len(begin)
    for _ in range(_TRIES):
        cut = begin.rfind(b"}", 0, cut)
        if cut < 0:
            return [], waiting
        try:
            return _DECODER.decode(b"[" + begin[: cut + 1] + b"]"), begin[cut + 1 :]
        except (msgspec.DecodeError, RecursionError):
            continue
    return [], waiting


def _kind(row: Row) -> Kind | None:
    """What sort of instrument the row is; None for what does not concern us."""
    sort, exchange, symbol = row.instrumenttype, row.exch_seg, row.symbol
    if not (isinstance(sort, str) and isinstance(exchange, str) and isinstance(symbol, str)):
        return None
    if exchange in _DERIVATIVES:
        if sort in _OPTIONS and symbol[-2:] in OPTIONS:
            return "CE" if symbol[-2:] == "CE" else "PE"
        return "FUT" if sort in _FUTURES else None
    if exchange not in {"NSE", "BSE"}:
        return None
    if sort == "AMXIDX":
        return "IDX"
    return "EQ" if not sort and (exchange == "BSE" or _SHARES.fullmatch(symbol)) else None


def _listed(row: Row, kind: Kind) -> Listed | None:
    """The row as plain data; None where a number, date or name cannot be one."""
    scale = scale_of(row.exch_seg)
    token, name = clean(str(row.token)), row.name if isinstance(row.name, str) else ""
    lot = _whole(row.lotsize, 1)
    strike = _whole(row.strike, 1) if kind in OPTIONS else 0
    tick = _tick(row.tick_size, scale)
    expiry = read_date(row.expiry) if isinstance(row.expiry, str) else None
    if not (_is_name(row.symbol) and _is_name(name) and _TOKEN.fullmatch(token)):
        return None
    if (
        not 1 <= lot <= _MAX_LOT
        or tick < 0
        or (kind in OPTIONS and strike < 1)
        or (kind not in {"IDX", "EQ"} and expiry is None)
    ):
        return None
    # The list prints the first quantity that is refused: 1801 where 1800 is the largest.
    freeze = max(0, _whole(row.freeze_qty, 1) - 1)
    dated = None if kind in {"IDX", "EQ"} else expiry
    return Listed(row.symbol, row.exch_seg, token, name, kind, dated, strike, lot, tick, freeze)


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and ".." not in text


def _whole(value: object, factor: int) -> int:
    """A number that the list writes as a text, times `factor`; -1 where it is none, or not whole."""
    text = value if isinstance(value, str) else str(value)
    whole, _, fraction = text.partition(".")
    if factor == 1 and whole.isdecimal() and len(whole) < 16 and not fraction.strip("0"):
        return int(whole)
    try:
        number = Decimal(text) * factor
    except InvalidOperation:
        return -1
    return int(number) if 0 <= number < 10**15 and number == int(number) else -1


def _tick(value: object, scale: int) -> int:
    """The price step in 1/`scale` rupee, which the list counts in paise even where it counts strikes in 1/10,000,000.

    Should it ever count a currency's step so too, that is a number that no step in paise can be.
    """
    paise = _whole(value, 1)
    if scale == CURRENCY_SCALE and paise < PAISE:
        return _whole(value, CURRENCY_SCALE // PAISE)
    return paise
