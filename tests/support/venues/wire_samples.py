"""Bytes as an exchange would send them, written field by field from its documents; shares nothing with the decoders."""

import struct
from collections.abc import Sequence

LTP, QUOTE, SNAP_QUOTE, DEPTH = 1, 2, 3, 4
SIZES = {LTP: 51, QUOTE: 123, SNAP_QUOTE: 379, DEPTH: 443}

Level = tuple[int, int, int]  # price, quantity, orders

_I64 = "<q"
_F64 = "<d"


def encode_packet(
    mode: int,
    exchange_type: int,
    token: str,
    *,
    sequence: int,
    exch_ms: int,
    price: int,
    quantity: int = 0,
    average: int = 0,
    volume: int = 0,
    buy_total: float = 0.0,
    sell_total: float = 0.0,
    ohlc: tuple[int, int, int, int] = (0, 0, 0, 0),
    last_trade_s: int = 0,
    open_interest: int = 0,
    bids: Sequence[Level] = (),
    asks: Sequence[Level] = (),
    upper: int = 0,
    lower: int = 0,
) -> bytes:
    """A SmartAPI packet of mode 1, 2 or 3; raw minor units, at most five levels a side, best first."""
    packet = bytearray(SIZES[mode])
    packet[0] = mode
    packet[1] = exchange_type
    name = token.encode()
    if len(name) > 25 or len(bids) > 5 or len(asks) > 5:
        raise ValueError("a token has at most 25 bytes, a side at most five levels")
    packet[2 : 2 + len(name)] = name
    _put(packet, 27, _I64, sequence, exch_ms, price)
    if mode == LTP:
        return bytes(packet)
    _put(packet, 51, _I64, quantity, average, volume)
    _put(packet, 75, _F64, buy_total, sell_total)
    _put(packet, 91, _I64, *ohlc)
    if mode == QUOTE:
        return bytes(packet)
    _put(packet, 123, _I64, last_trade_s, open_interest)
    for place, level in enumerate(bids):
        put_level(packet, place, 1, level)
    for place in range(len(bids), 5):
        put_level(packet, place, 1, (0, 0, 0))
    for place, level in enumerate(asks, 5):
        put_level(packet, place, 0, level)
    _put(packet, 347, _I64, upper, lower)
    return bytes(packet)


def put_level(packet: bytearray, place: int, flag: int, level: Level) -> None:
    """Write entry number `place` (0 to 9) of the best five into a snap quote; flag 1 buys, 0 sells."""
    price, quantity, orders = level
    struct.pack_into("<hqqh", packet, 147 + 20 * place, flag, quantity, price, orders)


def depth_packet(exchange_type: int, token: str, exch_ms: int) -> bytes:
    """A SmartAPI packet of mode 4 with an empty book."""
    return struct.pack("<BB25sqq400x", DEPTH, exchange_type, token.encode(), exch_ms, 0)


def server_frame(opcode: int, payload: bytes, *, final: bool = True, length_bytes: int = 0, reserved: int = 0) -> bytes:
    """An unmasked WebSocket frame; `length_bytes` 2 or 8 forces a longer form of the length than is needed."""
    size = len(payload)
    head = bytes([final << 7 | reserved << 4 | opcode])
    form = length_bytes or (0 if size < 126 else 2 if size < 1 << 16 else 8)
    if not form:
        return head + bytes([size]) + payload
    return head + bytes([126 if form == 2 else 127]) + size.to_bytes(form, "big") + payload


def _put(packet: bytearray, offset: int, form: str, *values: float) -> None:
    for place, value in enumerate(values):
        struct.pack_into(form, packet, offset + 8 * place, value)
