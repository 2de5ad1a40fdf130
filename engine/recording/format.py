"""The layout of a `.mqr` recording: header, block heads, records, marks. Knows nothing of files, threads or feeds.

    file    = header block* end-block
    header  = magic 8 · version u16 · flags u16 (1: its orders were real) · JSON length u64 · CRC-32 u32 (over all of this and the JSON) · JSON
    block   = sync mark 8 · kind u16 · record size u16 · count u32 · payload length u32 · ticks before it u64
              · earliest tick time in ms i64 · CRC-32 u32 (over everything after the sync mark and the payload) · payload

All numbers are little-endian. `ticks before it` lets a reader notice a missing or repeated block, and the end block a
file that was cut between two blocks.
"""

import re
import zlib
from array import array
from datetime import date
from struct import Struct as Layout
from sys import byteorder

import msgspec
from msgspec import Struct

from engine.markets.calendar import parse_day
from engine.model.marks import DeskMark, InputMark, Mark, StartMark, StateMark
from engine.model.types import Instrument
from engine.text.sanitize import cleaned

# As in PNG: a byte with the high bit, a name, and line ends that any text-mode copy would change.
MAGIC = b"\x89MQR\r\n\x1a\n"
SYNC = b"\xabMQBLK\xba\n"
VERSION = 1
REAL_ORDERS = 1  # a flag: who knows no answers of a broker must not read on

FIXED_HEADER = Layout("<8sHHQI")
BLOCK_HEAD = Layout("<8sHHIIQqI")
_HEADER_START = Layout("<8sHHQ")
_BLOCK_FIELDS = Layout("<HHIIQq")
_CRC = Layout("<I")

# One record is a Tick in its own field order; the second layout adds bid and ask.
TICK_RECORD = Layout("<IHHqqqqqqq")
BOOK_RECORD = Layout("<IHHqqqqqqqqq")

KIND_TICKS, KIND_BOOK_TICKS, KIND_MARKS, KIND_END = 1, 2, 3, 4
RECORD_SIZES = {KIND_TICKS: TICK_RECORD.size, KIND_BOOK_TICKS: BOOK_RECORD.size, KIND_MARKS: 0, KIND_END: 0}

MAX_HEADER_BYTES = 1 << 20
MAX_BLOCK_BYTES = 1 << 20
MAX_INSTRUMENTS = 1000
_MAX_NUMBER = 10**15
_LONGEST_VALUE = 50_000  # of a configuration: a thousand holidays; cut short, it could not be read back
_MAX_TICKS = 1 << 62
_EARLIEST_MS, _LATEST_MS = -62_000_000_000_000, 253_000_000_000_000  # what a calendar can express
# zlib lets go of the GIL for more than 5 KiB, and under a busy engine getting it back takes 5 ms: a block is done in 0.1 ms.
_CRC_PIECE = 4096

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)

_encode_mark = msgspec.json.Encoder().encode
_decode_marks = msgspec.json.Decoder(Mark).decode_lines


_SCALES = frozenset(10**exponent for exponent in range(13))


class DamageError(Exception):
    """The bytes are not what the layout says; the text is the end of a sentence that names file and place."""


class NotBegunError(DamageError):
    """A file ends within its header, so that nothing can have been recorded in it."""


class RecordedMarket(Struct, frozen=True, kw_only=True):
    """The hours of one market as its run kept them.

    `days` are those of its dates that were not as usual, such as `2025-10-21` → `13:45-14:45` or `closed`; None where the
    recording does not know, for nobody traded by them.
    """

    zone: str
    start: str
    end: str
    daily: bool = True
    days: dict[str, str] | None = None


class Header(Struct, frozen=True, kw_only=True):
    """What a recording says of itself.

    The session's hours are `HH:MM[:SS]` in its zone, `config` holds no secrets, `started_wall_ns` is UTC. A header
    without a `rules_revision` is of before there were others than the first, one without `markets` of before there were
    calendars.
    """

    instruments: tuple[Instrument, ...]
    session_zone: str
    session_start: str
    session_end: str
    source: str
    program_version: str
    config: dict[str, str] = {}
    started_wall_ns: int = 0
    rules_revision: int = 1
    markets: dict[str, RecordedMarket] = {}
    candles: bool | msgspec.UnsetType = (
        msgspec.UNSET
    )  # whether its ticks were made of candles; unsaid where they were not
    real_orders: bool | msgspec.UnsetType = (
        msgspec.UNSET
    )  # whether its orders were at a real broker; unsaid where they were not


class Head(Struct, frozen=True):
    """A block's head, already known to be plausible in itself."""

    kind: int
    count: int
    length: int
    ticks_before: int
    earliest_ms: int
    crc: int


def encode_header(header: Header) -> bytes:
    """The header's bytes; raises DamageError where no reader would accept them."""
    text = msgspec.json.encode(header)
    start = _HEADER_START.pack(MAGIC, VERSION, _flags_of(header), len(text))
    whole = start + _CRC.pack(zlib.crc32(text, zlib.crc32(start))) + text
    decode_header(whole[FIXED_HEADER.size :], whole[: FIXED_HEADER.size])
    return whole


def header_length(fixed: bytes, file_bytes: int) -> int:
    """Length of the JSON that follows the fixed part, checked against the file's size; raises DamageError."""
    if not file_bytes:
        raise NotBegunError("the file is empty")
    if fixed[: len(MAGIC)] != MAGIC[: len(fixed)]:
        text_mode = fixed[:4] == MAGIC[:4]
        raise DamageError("was damaged by a text-mode copy" if text_mode else "is not a recording (.mqr)")
    if len(fixed) < FIXED_HEADER.size:
        raise NotBegunError(f"is cut short within its header ({file_bytes} bytes)")
    _, version, flags, length, _ = FIXED_HEADER.unpack(fixed)
    if version != VERSION or flags & ~REAL_ORDERS:
        read = f"this program reads version {VERSION}, flags 0 or {REAL_ORDERS}"
        raise DamageError(f"has format version {version}, flags {flags}; {read}")
    if length > MAX_HEADER_BYTES:
        raise DamageError(f"claims a header of {length} bytes; allowed: up to {MAX_HEADER_BYTES}")
    if FIXED_HEADER.size + length > file_bytes:
        raise NotBegunError(f"is cut short within its header ({file_bytes} of {FIXED_HEADER.size + length} bytes)")
    return int(length)


def decode_header(text: bytes, fixed: bytes) -> Header:
    """The header from its JSON `text`, cleaned and within bounds; raises DamageError."""
    if zlib.crc32(text, zlib.crc32(fixed[: _HEADER_START.size])) != _CRC.unpack(fixed[_HEADER_START.size :])[0]:
        raise DamageError("has a damaged header (its checksum does not match)")
    try:
        header = msgspec.json.decode(text, type=Header)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DamageError(f"has a header that cannot be read: {error}") from None
    if _flags_of(header) != FIXED_HEADER.unpack(fixed)[2]:
        raise DamageError("says two things of whether its orders were real")
    if not 1 <= len(header.instruments) <= MAX_INSTRUMENTS:
        raise DamageError(f"names {len(header.instruments)} instruments; allowed: 1 to {MAX_INSTRUMENTS}")
    _check_hours(header.session_start, header.session_end)
    if len(header.markets) > MAX_INSTRUMENTS:
        raise DamageError(f"names {len(header.markets)} markets; allowed: up to {MAX_INSTRUMENTS}")
    for market in header.markets.values():
        _check_hours(market.start, market.end)
        for day, hours in (market.days or {}).items():
            _check_day(day, hours)
    if not 1 <= header.rules_revision <= _MAX_NUMBER:
        raise DamageError(f"gives {_few(header.rules_revision)} as its rules revision; allowed: 1 to {_MAX_NUMBER}")
    for instrument in header.instruments:
        _check(instrument)
    config = cleaned(header.config, _LONGEST_VALUE)
    return msgspec.structs.replace(cleaned(header), config=config)


def _flags_of(header: Header) -> int:
    return REAL_ORDERS if header.real_orders is True else 0


def _check_hours(start: str, end: str) -> None:
    for time in (start, end):
        if not _TIME.fullmatch(time):
            raise DamageError(f"gives '{time:.20}' as a time of the session; allowed: such as 09:15:00")
    if start == end:
        raise DamageError(f"begins and ends its session at {start}")


def _check_day(day: str, text: str) -> None:
    try:
        date.fromisoformat(day)
        parse_day(text)
    except ValueError:
        raise DamageError(f"says '{text:.20}' of the day '{day:.20}'; allowed: such as closed or 18:00-19:00") from None


def _check(instrument: Instrument) -> None:
    for name in ("price_scale", "quantity_scale"):
        if getattr(instrument, name) not in _SCALES:
            raise DamageError(f"gives an instrument the {name} {getattr(instrument, name)}; allowed: a power of ten")
    for name in ("price_scale", "tick_size", "lot_size", "freeze_quantity", "quantity_scale"):
        if not 1 <= getattr(instrument, name) <= _MAX_NUMBER:
            raise DamageError(
                f"gives an instrument the {name} {getattr(instrument, name)}; allowed: 1 to {_MAX_NUMBER}"
            )


def numbers(payload: bytes | bytearray | memoryview, typecode: str) -> memoryview:
    """All of `payload` as numbers of one width; every so many of them is one field of all records."""
    if byteorder == "little":
        return memoryview(payload).cast(typecode)  # type: ignore[call-overload,no-any-return]
    swapped = array(typecode, bytes(payload))
    swapped.byteswap()
    return memoryview(swapped)


def most_instrument(payload: bytes | bytearray | memoryview, record_size: int) -> int:
    """The largest instrument of all records."""
    return max(numbers(payload, "H")[2 :: record_size // 2].tolist())


def encode_block(kind: int, payload: bytes | bytearray | memoryview, ticks_before: int) -> tuple[bytes, int]:
    """A whole block and the number of records in it."""
    size = RECORD_SIZES[kind]
    if size:
        count, earliest_ms = len(payload) // size, min(numbers(payload, "q")[3 :: size // 8].tolist())
    else:
        count, earliest_ms = bytes(payload).count(b"\n"), 0
    fields = _BLOCK_FIELDS.pack(kind, size, count, len(payload), ticks_before, earliest_ms)
    crc = zlib.crc32(fields)
    for start in range(0, len(payload), _CRC_PIECE):
        crc = zlib.crc32(payload[start : start + _CRC_PIECE], crc)
    return b"".join((SYNC, fields, _CRC.pack(crc), payload)), count


def decode_head(raw: bytes, room: int) -> Head:
    """The head of a block for which the file has `room` bytes, head included; raises DamageError."""
    if raw[: len(SYNC)] != SYNC[: len(raw)]:
        raise DamageError("no block begins there")
    if len(raw) < BLOCK_HEAD.size:
        raise DamageError("the block's head is cut")
    _, kind, size, count, length, ticks_before, earliest_ms, crc = BLOCK_HEAD.unpack(raw)
    if kind not in RECORD_SIZES or size != RECORD_SIZES[kind] or length > MAX_BLOCK_BYTES:
        raise DamageError(f"the block's head makes no sense (kind {kind}, record size {size}, {length} bytes)")
    if (size and (count * size != length or not count)) or count > length:
        raise DamageError(f"the block's head makes no sense ({count} records in {length} bytes)")
    if BLOCK_HEAD.size + length > room:
        raise DamageError("the block is cut")
    return Head(kind, count, length, ticks_before, earliest_ms, crc)


def check_block(raw_head: bytes, head: Head, payload: bytes, instruments: int) -> None:
    """Raises DamageError unless the checksum holds and every record speaks of one of the `instruments`."""
    if zlib.crc32(payload, zlib.crc32(raw_head[len(SYNC) : -_CRC.size])) != head.crc:
        raise DamageError("the block's checksum does not match")
    size = RECORD_SIZES[head.kind]
    if size and most_instrument(payload, size) >= instruments:
        raise DamageError(f"a record speaks of an instrument beyond the {instruments} of the header")


def encode_mark(mark: Mark) -> bytes:
    """One line of a marks block; raises ValueError for what is not text or is longer than a block may be."""
    line = _encode_mark(mark) + b"\n"
    if len(line) > MAX_BLOCK_BYTES:
        raise ValueError(f"a mark of {len(line)} bytes; allowed: up to {MAX_BLOCK_BYTES}")
    return line


def decode_marks(payload: bytes) -> list[Mark]:
    """The marks of a block, cleaned; raises DamageError."""
    try:
        return [_sound(mark) for mark in _decode_marks(payload)]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DamageError(f"its marks cannot be read: {error}") from None


def _are_moments(mark: InputMark) -> bool:
    times_ms = (mark.at_ms, mark.market_ms, mark.closed_until_ms)
    return all(_EARLIEST_MS < each < _LATEST_MS for each in times_ms)


def _sound(mark: Mark) -> Mark:
    """`mark` cleaned; raises DamageError where it could not be given to a trader again."""
    match mark:
        case InputMark(ticks=ticks, at_ms=at_ms) if not (0 <= ticks < _MAX_TICKS and _are_moments(mark)):
            raise DamageError(f"a mark stands at tick {_few(ticks)}, {_few(at_ms)} ms: no such place")
        case StartMark(kept=kept) if len(kept.symbols) > MAX_INSTRUMENTS or not _EARLIEST_MS < kept.at_ms < _LATEST_MS:
            raise DamageError(f"an account of {len(kept.symbols)} instruments at {_few(kept.at_ms)} ms cannot be")
    # A state is not cut to what fits in a line: it is compared, or gone on with, and some fields are lists.
    return cleaned(mark, MAX_BLOCK_BYTES) if isinstance(mark, StateMark | StartMark | DeskMark) else cleaned(mark)


def _few(number: int) -> str:
    """A number from outside, cut to what fits in a line; Python itself refuses to write very long ones."""
    return str(number) if number.bit_length() < 128 else "beyond all bounds"
