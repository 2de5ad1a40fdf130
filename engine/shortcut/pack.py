"""The few kinds of MessagePack that the socket's short commands need. The usual library takes longer to import than a whole flat."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ONE_BYTE = {0xC0: None, 0xC2: False, 0xC3: True}
# What follows, the first of its first bytes, and for each of these the bytes of its length or of its value.
_KINDS = (
    ("bytes", 0xC4, (1, 2, 4)),
    ("uint", 0xCC, (1, 2, 4, 8)),
    ("int", 0xD0, (1, 2, 4, 8)),
    ("str", 0xD9, (1, 2, 4)),
    ("array", 0xDC, (2, 4)),
    ("map", 0xDE, (2, 4)),
)
_SIZED = {first + n: (kind, size) for kind, first, sizes in _KINDS for n, size in enumerate(sizes)}
_DEEPEST = 16


def packed(value: Any) -> bytes:
    """Encode None, a bool, a whole number below 2^64, a text below 64 KiB, or a dict of such with fewer than 16 keys."""
    if value is None or isinstance(value, bool):
        return bytes([0xC0 if value is None else 0xC2 + value])
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 0x80 else b"\xcf" + value.to_bytes(8, "big")
    if isinstance(value, str):
        text = value.encode("utf-8", "replace")
        return b"\xda" + len(text).to_bytes(2, "big") + text
    pairs = b"".join(packed(key) + packed(item) for key, item in value.items())
    return bytes([0x80 + len(value)]) + pairs


def unpacked(data: bytes) -> Any:
    """Decode what an engine sends to a short command; raises ValueError for everything else, floats among it."""
    try:
        value, end = _value(data, 0, 0)
    except (IndexError, TypeError, RecursionError) as error:  # cut off; a key that is none; a deep nest
        raise ValueError("no message") from error
    if end != len(data):
        raise ValueError("more than one message")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    first = data[at]
    at += 1
    if first < 0x80 or first >= 0xE0:
        return (first if first < 0x80 else first - 0x100), at
    if first in _ONE_BYTE:
        return _ONE_BYTE[first], at
    if first < 0xC0:
        kind, length = ("map", first & 0x0F) if first < 0x90 else ("array", first & 0x0F)
        if first >= 0xA0:
            kind, length = "str", first & 0x1F
    elif first in _SIZED:
        kind, size = _SIZED[first]
        length = int.from_bytes(_piece(data, at, size), "big", signed=kind == "int")
        at += size
    else:
        raise ValueError("a kind of value that no answer has")
    return _filled(data, at, kind, length, depth)


def _filled(data: bytes, at: int, kind: str, length: int, depth: int) -> tuple[Any, int]:
    """The value of `kind`, whose head has been read."""
    if kind in {"int", "uint"}:
        return length, at
    if kind in {"bytes", "str"}:
        piece = _piece(data, at, length)
        return (piece.decode("utf-8") if kind == "str" else piece), at + length
    if depth >= _DEEPEST or length > len(data):
        raise ValueError("nested too deep, or longer than it can be")
    items = []
    for _ in range(length if kind == "array" else 2 * length):
        item, at = _value(data, at, depth + 1)
        items.append(item)
    return (items if kind == "array" else dict(zip(items[::2], items[1::2], strict=True))), at


def _piece(data: bytes, at: int, length: int) -> bytes:
    piece = data[at : at + length]
    if len(piece) != length:
        raise ValueError("cut off")
    return piece
