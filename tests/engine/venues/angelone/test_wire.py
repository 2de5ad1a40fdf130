"""SmartAPI's packets: every field where it belongs, and what is no packet refused by one of a few words."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import WireError
from engine.model.types import MAX_PRICE, MAX_QUANTITY
from engine.venues.angelone import wire as smartapi
from engine.venues.angelone.wire import Packet, decode
from tests.support.venues.wire_samples import LTP, QUOTE, SIZES, SNAP_QUOTE, depth_packet, encode_packet, put_level

NOW_MS = 1_759_290_318_000
I64 = st.integers(-(2**63), 2**63 - 1)
BIDS = [(12_340 - 5 * place, 75 * place + 75, 3) for place in range(5)]
ASKS = [(12_350 + 5 * place, 150, 2) for place in range(5)]


def packet(mode: int, **changed: object) -> bytes:
    """A packet in which every field has a value of its own."""
    fields: dict[str, object] = {
        "sequence": 7001,
        "exch_ms": NOW_MS,
        "price": 12_345,
        "quantity": 75,
        "average": 12_001,
        "volume": 415_425,
        "buy_total": 1.5,
        "sell_total": 2.5,
        "ohlc": (11, 12, 13, 14),
        "last_trade_s": 1_759_290_317,
        "open_interest": 99_000,
        "bids": BIDS,
        "asks": ASKS,
        "upper": 20_000,
        "lower": 5,
    }
    return encode_packet(mode, 2, "54786", **{**fields, **changed})  # type: ignore[arg-type]


def test_each_mode_gives_what_it_has() -> None:
    ltp = Packet(LTP, 2, "54786", 7001, NOW_MS, 12_345)
    quote = msgspec.structs.replace(ltp, mode=QUOTE, quantity=75, day_volume=415_425)
    snap = msgspec.structs.replace(quote, mode=SNAP_QUOTE, bid=12_340, ask=12_350)
    assert [decode(packet(mode)) for mode in (LTP, QUOTE, SNAP_QUOTE)] == [ltp, quote, snap]


# What anybody might send, from the least to the largest; None: it is a packet.
OWN_CASES: list[tuple[str, bytes, str | None]] = [
    ("length 0", b"", "length"),
    ("length 1", b"\x01", "length"),
    ("length 50", packet(LTP)[:50], "length"),
    ("length 52", packet(LTP) + b"\0", "length"),
    ("length 122", packet(QUOTE)[:122], "length"),
    ("length 124", packet(QUOTE) + b"\0", "length"),
    ("length 378", packet(SNAP_QUOTE)[:378], "length"),
    ("length 380", packet(SNAP_QUOTE) + b"\0", "length"),
    ("length 443", packet(SNAP_QUOTE) + bytes(64), "length"),
    ("a quote's length in mode 1", b"\x01" + packet(QUOTE)[1:], "length"),
    ("a last price's length in mode 2", b"\x02" + packet(LTP)[1:], "length"),
    ("depth", depth_packet(1, "1594", NOW_MS), "mode"),
    ("a single zero", b"\0", "mode"),
    ("mode 0", b"\x00" + packet(QUOTE)[1:], "mode"),
    ("mode 5", b"\x05" + packet(QUOTE)[1:], "mode"),
    ("mode 255", b"\xff" + packet(QUOTE)[1:], "mode"),
    ("text", b"pong", "mode"),
    ("exchange type 99", encode_packet(QUOTE, 99, "1", sequence=1, exch_ms=1, price=1), "exchange"),
    ("exchange type 6", encode_packet(LTP, 6, "1", sequence=1, exch_ms=1, price=1), "exchange"),
    ("exchange type 0", encode_packet(SNAP_QUOTE, 0, "1", sequence=1, exch_ms=1, price=1), "exchange"),
    ("a token without NUL", encode_packet(QUOTE, 1, "9" * 25, sequence=1, exch_ms=1, price=1), None),
    ("an empty token", encode_packet(QUOTE, 1, "", sequence=1, exch_ms=1, price=1), "token"),
    ("a token that is not ASCII", encode_packet(QUOTE, 1, "५४७८", sequence=1, exch_ms=1, price=1), "token"),
    ("a token that is no UTF-8", packet(QUOTE)[:2] + b"\xff\xfe" + packet(QUOTE)[4:], "token"),
    ("a token with a letter", encode_packet(LTP, 1, "5478x", sequence=1, exch_ms=1, price=1), "token"),
    ("a token with a sign", encode_packet(SNAP_QUOTE, 1, "-1", sequence=1, exch_ms=1, price=1), "token"),
    ("a token that begins with NUL", packet(QUOTE)[:2] + b"\0" + packet(QUOTE)[3:], "token"),
    ("time before 1970", packet(QUOTE, exch_ms=-1), "time"),
    ("time beyond 2248", packet(LTP, exch_ms=1 << 43), "time"),
    ("the least time", packet(SNAP_QUOTE, exch_ms=-(2**63)), "time"),
    ("the last time", packet(SNAP_QUOTE, exch_ms=(1 << 43) - 1), None),
    ("time 0", packet(QUOTE, exch_ms=0), None),
    ("seconds for milliseconds", packet(QUOTE, exch_ms=NOW_MS // 1000), None),
    ("the least price", packet(QUOTE, price=-(2**63)), None),
    ("the largest price", packet(QUOTE, price=2**63 - 1), None),
    ("totals that are no number", packet(QUOTE, buy_total=math.nan, sell_total=-math.inf), None),
    ("infinite totals", packet(SNAP_QUOTE, buy_total=math.inf, sell_total=math.nan), None),
]


@pytest.mark.parametrize(("data", "reason"), [case[1:] for case in OWN_CASES], ids=[case[0] for case in OWN_CASES])
def test_what_is_no_packet_is_refused_by_a_word(data: bytes, reason: str | None) -> None:
    if reason is None:
        assert decode(data).mode == data[0]
        return
    with pytest.raises(WireError) as error:
        decode(data)
    assert error.value.reason == reason
    assert reason in smartapi.REASONS
    assert str(error.value).isprintable()


@pytest.mark.parametrize("mode", [LTP, QUOTE, SNAP_QUOTE])
def test_every_shortened_packet_is_refused(mode: int) -> None:
    whole = packet(mode)
    for size in range(1, SIZES[mode]):
        with pytest.raises(WireError, match=r"^length: "):
            decode(whole[:size])


def test_the_token_may_fill_its_field_and_ends_at_the_first_nul() -> None:
    assert decode(encode_packet(LTP, 3, "1" * 25, sequence=1, exch_ms=1, price=1)).token == "1" * 25
    assert decode(packet(LTP)[:7] + b"\0zz" + packet(LTP)[10:]).token == "54786"


@pytest.mark.parametrize("price", [0, -1, -(2**63), MAX_PRICE + 1, 2**63 - 1])
def test_a_price_that_cannot_be_one_is_handed_on_to_be_counted(price: int) -> None:
    assert [decode(packet(mode, price=price)).price for mode in (LTP, QUOTE, SNAP_QUOTE)] == [price] * 3


def within(value: int, most: int) -> int:
    return value if 0 <= value <= most else 0


@given(st.lists(I64, min_size=8, max_size=8), st.integers(0, (1 << 43) - 1), st.sampled_from([QUOTE, SNAP_QUOTE]))
def test_no_number_in_a_packet_raises(values: list[int], exch_ms: int, mode: int) -> None:
    price, quantity, volume, sequence, interest, last_s, upper, lower = values
    found = decode(
        packet(
            mode,
            price=price,
            quantity=quantity,
            volume=volume,
            sequence=sequence,
            open_interest=interest,
            last_trade_s=last_s,
            upper=upper,
            lower=lower,
            exch_ms=exch_ms,
        )
    )
    assert (found.price, found.exch_ms, found.sequence) == (price, exch_ms, max(sequence, 0))
    assert found.quantity == within(quantity, MAX_QUANTITY)
    assert found.day_volume == within(volume, MAX_QUANTITY)


LEVELS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 1]), st.integers(-(2**15), 2**15 - 1)),
        st.one_of(st.integers(1, 50_000), I64),
        st.one_of(st.integers(0, 3), I64),
    ),
    min_size=10,
    max_size=10,
)


@given(LEVELS)
def test_the_book_is_read_by_flags_wherever_they_stand(levels: list[tuple[int, int, int]]) -> None:
    data = bytearray(packet(SNAP_QUOTE))
    for place, (flag, price, quantity) in enumerate(levels):
        put_level(data, place, flag, (price, quantity, 1))
    found = decode(bytes(data))
    real = [(flag, price) for flag, price, quantity in levels if quantity > 0 and 0 < price <= MAX_PRICE]
    bids = [price for flag, price in real if flag == 1]
    asks = [price for flag, price in real if flag == 0]
    assert (found.bid, found.ask) == (max(bids, default=0), min(asks, default=0))


@pytest.mark.parametrize(
    ("bids", "asks", "best"),
    [
        (BIDS, ASKS, (12_340, 12_350)),
        (BIDS[::-1], ASKS[::-1], (12_340, 12_350)),
        (BIDS, [], (12_340, 0)),
        ([], ASKS, (0, 12_350)),
        ([], [], (0, 0)),
        ([(12_340, 0, 0), (12_335, 75, 1)], [], (12_335, 0)),
        ([(12_360, 75, 1)], [(12_350, 75, 1)], (12_360, 12_350)),
        ([(-5, 75, 1)], [(0, 75, 1), (MAX_PRICE + 1, 75, 1)], (0, 0)),
    ],
)
def test_books_that_exchanges_really_send(
    bids: list[tuple[int, int, int]], asks: list[tuple[int, int, int]], best: tuple[int, int]
) -> None:
    found = decode(packet(SNAP_QUOTE, bids=bids, asks=asks))
    assert (found.bid, found.ask) == best


def test_real_oddities_are_packets() -> None:
    """A strike without a trade today: no prices of the day, last price yesterday's, last trade days ago."""
    found = decode(packet(SNAP_QUOTE, ohlc=(0, 0, 0, 0), volume=0, quantity=0, last_trade_s=0, lower=5, upper=0))
    assert (found.price, found.day_volume) == (12_345, 0)


def test_a_quote_says_what_was_paid_at_the_end_of_the_day_before():
    assert smartapi.close_in(packet(SNAP_QUOTE, ohlc=(1, 2, 3, 12_300))) == 12_300
    assert smartapi.close_in(packet(QUOTE, ohlc=(1, 2, 3, 12_300))) == 12_300
    assert smartapi.close_in(packet(LTP)) == 0
