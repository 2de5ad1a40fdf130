"""Valid bytes of every kind the wire rooms read, for the fuzzer to spoil; made field by field, nothing recorded."""

from collections.abc import Sequence

from tests.support.venues.wire_samples import LTP, QUOTE, SNAP_QUOTE, depth_packet, encode_packet, server_frame

_NOW_MS = 1_759_290_318_000
_BIDS = [(12_340 - 5 * place, 75, 3) for place in range(5)]
_ASKS = [(12_350 + 5 * place, 75, 2) for place in range(5)]

PACKETS: Sequence[bytes] = [
    *(
        encode_packet(
            mode,
            exchange_type,
            token,
            sequence=7001,
            exch_ms=_NOW_MS,
            price=12_345,
            quantity=75,
            volume=415_425,
            bids=_BIDS,
            asks=_ASKS,
            upper=20_000,
            lower=5,
        )
        for mode in (LTP, QUOTE, SNAP_QUOTE)
        for exchange_type, token in ((2, "54786"), (1, "99926000"), (13, "9" * 25))
    ),
    depth_packet(1, "1594", _NOW_MS),
]

TEXTS: Sequence[bytes] = [
    b"pong",
    b'{"correlationID":"abcde12345","errorCode":"E1001","errorMessage":"Invalid Request Payload"}',
    b'{"correlationID":null,"errorCode":"E1002","errorMessage":"\\u00e9\\ud83d\\ude00"}',
    b'{"errorCode":"E1002"}',
    b'{"x":' + b"[" * 1200 + b"]" * 1200 + b"}",
]

_TRADE = (
    b'{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02","T":1723161255342}'
)
_AGGREGATE = (
    b'{"e":"aggTrade","s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","T":1633998523963,"m":false}'
)
_BOOK = b'{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}'

MESSAGES: Sequence[bytes] = [
    _TRADE,
    _AGGREGATE,
    _BOOK,
    b'{"stream":"btcusdt@trade","data":%s}' % _TRADE,
    b'{"stream":"nknusdt@aggTrade","data":%s}' % _AGGREGATE,
    b'{"stream":"!bookTicker","data":%s}' % _BOOK,
    b'{"e":"bookTicker","u":4,"T":1568014460891,"s":"BNBUSDT","b":"25.3","a":"25.4"}',
    b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","U":1,"u":2,"b":[["1.5","2"]],"a":[]}}',
    b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
    b'{"result":null,"id":1}',
    b'{"code":2,"msg":"Invalid request"}',
    b'{"error":{"code":-1121,"msg":"\\ud83d\\ude00"},"id":"a"}',
    b'{"e":"trade","x":' + b'{"a":' * 1200 + b"1" + b"}" * 1201,
]

NUMBERS: Sequence[bytes] = [
    b"61837.63000000",
    b"0.00000001",
    b"-1.50000000",
    b"25.4",
    b"100",
    b"9999999999.99999999",
    b"NaN",
]

CLOSES: Sequence[bytes] = [
    b"",
    b"\x03\xe9Connection Idle Timeout",
    b"\x03\xe8",
    b"\x0b\xb8" + "ungültig".encode(),
    b"\x0f\xa0\xe2\x80\xae",
]

FRAMES: Sequence[bytes] = [
    *(server_frame(2, packet) for packet in PACKETS[::3]),
    server_frame(1, b"pong"),
    server_frame(1, MESSAGES[3]),
    server_frame(9, b"1723161255343"),
    server_frame(10, b""),
    server_frame(8, CLOSES[1]),
    server_frame(2, bytes(500)),
    server_frame(1, b"frag", final=False),
    server_frame(2, b"", final=False),
    server_frame(0, b"ment", final=False),
    server_frame(0, b"end"),
    server_frame(2, b"ab", length_bytes=8),
    b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
]

# What a spoiled place may be given: ends of ranges, ends of numbers and texts, and what a parser trips over.
PIECES: Sequence[bytes] = [
    *(
        value.to_bytes(8, "little", signed=True)
        for value in (0, 1, -1, 2**63 - 1, -(2**63), 10**15, 10**15 + 1, 1 << 43)
    ),
    *(
        bytes.fromhex(text)
        for text in ("000000000000f87f", "000000000000f0ff", "ffff", "7e007d", "7f00000000ffffffff", "8000")
    ),
    *(b"null", b"true", b"-1", b"1e400", b"9" * 30, b"1.5", b'""', b"[]", b"{}", b'{"', b'"}', b"\\ud800", b"\\u0000"),
    *(
        b'"e":"trade",',
        b'"id":7,',
        b'"T":-5,',
        b'"stream":"a@trade",',
        b"[" * 40,
        b"\xff",
        b"\xc3\x28",
        b"\xf0\x9f",
        b"\x00",
    ),
    *(b"1234567890", b".", b"-", b"+", b"_", b" ", "٣".encode(), "\u202e".encode(), b"\x1b[31m", b",", b":", b"'"),
]
