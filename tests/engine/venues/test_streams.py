"""What SmartAPI and Binance feeds ask for, and what becomes of what they are told; over a real socket."""

import gzip
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import ConfigError
from engine.model.types import (
    FLAG_AHEAD,
    FLAG_HAS_BOOK,
    FLAG_LATE,
    FLAG_NEW_LINK,
    FLAG_UNCHAINED,
    PRICE_NAN,
    Instrument,
)
from engine.venues.angelone.stream import smartapi_feed
from engine.venues.binance.raw_lines import BinanceRawSource
from engine.venues.binance.stream import binance_feed
from tests.support.builders import config
from tests.support.shared_data import shared
from tests.support.stream_harness import (
    CALL,
    COIN,
    INDEX,
    PUT,
    QUICK,
    Login,
    Witness,
    binance,
    packet,
    running,
    smartapi,
)
from tests.support.stream_server import BINARY, CLOSE, TEXT, Server, frame
from tests.support.wire_samples import SNAP_QUOTE, encode_packet

STAMP_MS = 1_763_622_900_000


def sends(*frames, greetings=1):
    """A script that shakes hands, keeps what it was asked for, and sends these frames."""

    def script(conn):
        script.asked = [json.loads(text) for text in conn.accept(greetings)]
        conn.raw(b"".join(frames))
        conn.linger()

    return script


def stream(make, script, *instruments, ticks=1, **more):
    """The witness of a feed that was sent all that `script` has, once `ticks` ticks have come."""
    with Server(script) as server:
        feed, witness = make(server.url, *instruments, **more)
        with running(feed, witness):
            witness.until(lambda: len(witness.ticks) >= ticks)
        witness.heads = list(server.heads)
        witness.view = feed.view()
    return witness


def trade(number, price="61837.63000000", quantity="0.02000000", symbol="BTCUSDT", **more):
    row = {"e": "trade", "E": STAMP_MS, "s": symbol, "t": number, "p": price, "q": quantity, "T": STAMP_MS - 1}
    return frame(TEXT, json.dumps(row | {"m": True, "M": True} | more).encode())


# ── SmartAPI ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_smartapi_is_asked_for_everything_wanted_with_the_four_headers_and_nothing_more():
    script = sends(frame(BINARY, packet(1)))
    witness = stream(smartapi, script, mode="snap_quote")
    asked = script.asked[0]
    assert asked["action"] == 1
    assert asked["params"]["mode"] == 3
    lists = {row["exchangeType"]: row["tokens"] for row in asked["params"]["tokenList"]}
    assert lists == {2: [CALL.token, PUT.token], 1: [INDEX.token]}
    head = witness.heads[0].decode()
    for line in (
        "Authorization: jwt-secret-1",
        "x-api-key: key-secret-1",
        "x-client-code: A123456",
        "x-feed-token: feed-secret-1",
    ):
        assert f"\r\n{line}\r\n" in head + "\r\n"
    assert not [name for name in ("Origin", "Cookie", "Extensions", "Bearer") if name in head]


def test_a_thousand_instruments_are_asked_for_in_four_batches():
    many = [Instrument(f"OPT{number}", token=str(number), exchange="NFO") for number in range(1, 1001)]
    script = sends(frame(BINARY, packet(1, token="777")), greetings=4)
    witness = stream(smartapi, script, *many)
    tokens = [row["tokens"] for asked in script.asked for row in asked["params"]["tokenList"]]
    assert [len(batch) for batch in tokens] == [250] * 4
    assert sorted(int(token) for batch in tokens for token in batch) == list(range(1, 1001))
    assert witness.ticks[0].instrument == 776
    assert (witness.view.wanted, witness.view.link) == (1000, 1)


def test_a_quote_becomes_a_tick_of_its_instrument():
    frames = (
        frame(BINARY, packet(77, token=PUT.token, price=18_240, quantity=150, volume=4_500)),
        frame(BINARY, packet(0, token=INDEX.token, exchange_type=1, price=2_600_035, quantity=0, volume=0)),
    )
    put, index = stream(smartapi, sends(*frames), ticks=2, sequence="chained").ticks
    assert (put.seq, put.instrument, put.exch_ms, put.exch_seq) == (1, 1, STAMP_MS, 77)
    assert (put.price, put.quantity, put.day_volume, put.flags) == (18_240, 150, 4_500, FLAG_NEW_LINK)
    assert put.recv_ns > 0
    assert put.recv_wall_ns > put.exch_ms
    assert (index.instrument, index.exch_seq, index.price) == (2, 0, 2_600_035)


def test_the_same_token_on_another_exchange_is_another_instrument():
    frames = (frame(BINARY, packet(1, exchange_type=1)), frame(BINARY, packet(2, exchange_type=2)))
    witness = stream(smartapi, sends(*frames))
    assert [tick.exch_seq for tick in witness.ticks] == [2]
    assert witness.view.bad == {"unknown_token": 1}


def test_a_snap_quote_brings_its_own_book():
    def snap(sequence, bids, asks):
        payload = encode_packet(
            SNAP_QUOTE, 2, CALL.token, sequence=sequence, exch_ms=STAMP_MS, price=18_235, bids=bids, asks=asks
        )
        return frame(BINARY, payload)

    frames = (snap(1, [(18_230, 75, 1)], [(18_240, 75, 2)]), snap(2, [], []))
    ticks = stream(smartapi, sends(*frames), ticks=2, mode="snap_quote").ticks
    assert [(tick.bid, tick.ask, tick.flags & FLAG_HAS_BOOK) for tick in ticks] == [(18_230, 18_240, 1), (0, 0, 0)]


def test_prices_that_cannot_be_are_handed_on_to_be_refused_behind_the_door():
    frames = [frame(BINARY, packet(number, price=price)) for number, price in enumerate((0, -5, 2**62), 1)]
    assert [tick.price for tick in stream(smartapi, sends(*frames), ticks=3).ticks] == [0, -5, 2**62]


def test_packets_that_come_late_say_so():
    # Long ago, so that lags are huge, and only their differences matter.
    frames = [frame(BINARY, packet(number, exch_ms=STAMP_MS)) for number in range(1, 5)]
    frames.append(frame(BINARY, packet(5, exch_ms=STAMP_MS - 60_000)))
    ticks = stream(smartapi, sends(*frames), ticks=5).ticks
    assert [bool(tick.flags & FLAG_LATE) for tick in ticks] == [False] * 4 + [True]


def test_a_packet_from_the_far_future_says_so():
    frames = [frame(BINARY, packet(number, exch_ms=STAMP_MS)) for number in range(1, 5)]
    frames.append(frame(BINARY, packet(5, exch_ms=STAMP_MS + 1_000_000_000_000)))
    ticks = stream(smartapi, sends(*frames), ticks=5).ticks
    assert [bool(tick.flags & FLAG_AHEAD) for tick in ticks] == [False] * 4 + [True]


def test_the_clock_of_the_exchange_is_compared_with_ours():
    def answers(conn):
        conn.accept()
        conn.raw(b"".join(frame(BINARY, packet(number)) for number in range(1, 5)))
        conn.send(CLOSE, b"")

    with Server(answers) as server:
        feed, witness = smartapi(server.url)
        with running(feed, witness):
            witness.until(lambda: witness.losses)
    tick = witness.ticks[0]
    assert feed.view().clock_ms == pytest.approx(tick.exch_ms - tick.recv_wall_ns / 1e6, abs=60_000)


@pytest.mark.parametrize(
    ("rule", "unchained"), [("auto", [True] * 20 + [False] * 5), ("rising", [True] * 25), ("chained", [False] * 25)]
)
def test_whether_numbers_are_a_chain_is_configured_or_learned(rule, unchained):
    frames = [frame(BINARY, packet(number)) for number in range(500, 525)]
    ticks = stream(smartapi, sends(*frames), ticks=25, sequence=rule).ticks
    assert [bool(tick.flags & FLAG_UNCHAINED) for tick in ticks] == unchained


def test_a_refused_subscription_is_told_with_its_instruments_once():
    error = {"correlationID": "batch0", "errorCode": "E1002", "errorMessage": "Subscription Limit\u202e Exceeded"}
    refusal = frame(TEXT, json.dumps(error).encode())
    witness = stream(smartapi, sends(refusal, refusal, frame(BINARY, packet(1))))
    names = "NIFTY25NOV2526000CE, NIFTY25NOV2526000PE, NIFTY50"
    assert [(note.text, note.severe) for note in witness.notes] == [
        (f"subscription refused: E1002 Subscription Limit� Exceeded, for {names}", True)
    ]


@pytest.mark.parametrize("correlation", ["batch9", "", "else", "batch²", "batch99999999999"])
def test_a_refusal_of_what_we_do_not_know_names_all(correlation):
    many = [Instrument(f"OPT{number}", token=str(number), exchange="NFO") for number in range(1, 9)]
    refusal = json.dumps({"correlationID": correlation, "errorCode": "E1001", "errorMessage": "Invalid"}).encode()
    witness = stream(smartapi, sends(frame(TEXT, refusal), frame(BINARY, packet(1, token="1"))), *many)
    assert witness.notes[0].text.endswith("for OPT1, OPT2, OPT3, OPT4, OPT5 and 3 more")


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_every_packet_is_delivered_however_the_stream_is_cut(cuts):
    burst = b"".join(frame(BINARY, packet(number)) for number in range(1, 61))

    def pieces(conn):
        conn.accept()
        at = number = 0
        while at < len(burst):
            size = cuts[number % len(cuts)]
            conn.raw(burst[at : at + size])
            at, number = at + size, number + 1
        conn.linger()

    assert [tick.exch_seq for tick in stream(smartapi, pieces, ticks=60).ticks] == list(range(1, 61))


def refused(make):
    with pytest.raises(ConfigError) as caught:
        make()
    return caught.value.lines


def smartapi_of(*instruments):
    return smartapi_feed(config(), instruments, Login(), tell=print, in_session=lambda: True)


def test_what_smartapi_cannot_stream_is_refused_all_at_once():
    wrong = (
        Instrument("NOTOKEN", exchange="NFO"),
        Instrument("LETTERS", token="12x", exchange="NFO"),
        Instrument("NOWHERE", token="5", exchange="LSE"),
        CALL,
        Instrument("TWIN", token=CALL.token, exchange="NFO"),
    )
    assert refused(lambda: smartapi_of(*wrong)) == (
        "instrument NOTOKEN: token '' is not one; 1 to 25 digits are",
        "instrument LETTERS: token '12x' is not one; 1 to 25 digits are",
        "instrument NOWHERE: exchange 'LSE' is not one of NSE, NFO, BSE, BFO, MCX, NCX, CDS",
        "instrument TWIN: has the exchange and token of NIFTY25NOV2526000CE",
    )


@pytest.mark.parametrize("count", [0, 1001])
def test_smartapi_streams_one_to_a_thousand(count):
    many = [Instrument(f"OPT{number}", token=str(number), exchange="NFO") for number in range(count)]
    assert refused(lambda: smartapi_of(*many)) == (f"feed.symbols: {count} instruments; SmartAPI streams 1 to 1000",)


# ── Binance ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_binance_is_asked_for_all_streams_in_one_message():
    script = sends(trade(1))
    witness = stream(binance, script, COIN, Instrument("ETHUSDT", exchange="BINANCE"), trades='"aggTrade"')
    names = ["btcusdt@aggTrade", "btcusdt@bookTicker", "ethusdt@aggTrade", "ethusdt@bookTicker"]
    assert script.asked == [{"method": "SUBSCRIBE", "params": names, "id": 1}]
    assert witness.heads[0].startswith(b"GET /ws HTTP/1.1\r\n")
    assert b"Authorization" not in witness.heads[0]


def test_trades_become_ticks_and_books_only_what_they_carry():
    book = {"u": 5, "s": "BTCUSDT", "b": "61837.63", "B": "1", "a": "61837.64", "A": "2"}
    frames = (
        frame(TEXT, b'{"result":null,"id":1}'),
        trade(41),
        frame(TEXT, json.dumps(book).encode()),
        frame(TEXT, json.dumps({"stream": "btcusdt@bookTicker", "data": book}).encode()),
        trade(42, price="61837.65000000"),
    )
    witness = stream(binance, sends(*frames), ticks=2)
    first, second = witness.ticks
    assert (first.price, first.quantity, first.exch_ms, first.exch_seq) == (6_183_763, 2_000, STAMP_MS - 1, 41)
    assert first.flags == FLAG_NEW_LINK
    assert (second.seq, second.price, second.bid, second.ask) == (2, 6_183_765, 6_183_763, 6_183_764)
    assert second.flags == FLAG_HAS_BOOK
    assert (witness.view.books, witness.view.frames, witness.view.bad) == (2, 5, {})


def test_books_alone_make_a_link_sound():
    book = json.dumps({"u": 5, "s": "BTCUSDT", "b": "61837.63", "B": "1", "a": "61837.64", "A": "2"}).encode()

    def books(conn):
        conn.accept()
        while not conn.stopped.wait(0.005):
            conn.send(TEXT, book)

    pace = msgspec.structs.replace(QUICK, steady_s=0.1)
    with Server(lambda conn: conn.reset(), books) as server:
        feed, witness = binance(server.url, pace=pace)
        with running(feed, witness):
            witness.until(lambda: feed.view().attempt == 1)
            witness.until(lambda: feed.view().attempt == 0)
    assert feed.view().books > 1
    assert witness.ticks == []


def test_a_price_finer_than_the_scale_is_no_price_and_told_once():
    witness = stream(binance, sends(trade(1, price="0.00001234"), trade(2, price="0.00001235")), ticks=2)
    assert [tick.price for tick in witness.ticks] == [PRICE_NAN, PRICE_NAN]
    assert [(note.text, note.severe) for note in witness.notes] == [
        ("BTCUSDT: prices finer than its price_scale are refused; raise it", True)
    ]
    assert witness.losses == []


def test_unknown_symbols_and_binary_frames_are_counted():
    frames = (trade(1, symbol="DOGEUSDT"), frame(BINARY, b"x"), trade(2))
    assert stream(binance, sends(*frames)).view.bad == {"unknown_token": 1, "binary": 1}


def test_a_refused_request_is_told():
    refusal = frame(TEXT, b'{"code":2,"msg":"Invalid request: \\u001b[2J"}')
    witness = stream(binance, sends(refusal, trade(1)))
    assert [(note.text, note.severe) for note in witness.notes] == [("request refused: 2 Invalid request: �[2J", True)]


def test_a_shutdown_is_an_end_that_was_planned():
    with Server(sends(frame(TEXT, b'{"e":"serverShutdown","E":1}')), sends(trade(1))) as server:
        feed, witness = binance(server.url)
        with running(feed, witness):
            witness.until(lambda: witness.ticks)
    assert witness.losses == ["the server goes down"]


def binance_of(*instruments):
    return binance_feed(config(), instruments, tell=print, in_session=lambda: True)


def test_what_binance_cannot_stream_is_refused_all_at_once():
    assert refused(lambda: binance_of(COIN, Instrument("A B"), Instrument("btcusdt"))) == (
        "instrument A B: no symbol of Binance; up to 40 letters and digits such as BTCUSDT are",
        "instrument btcusdt: named twice",
    )
    many = [Instrument(f"COIN{number}") for number in range(513)]
    assert refused(lambda: binance_of(*many)) == (
        "feed.symbols: 513 instruments; Binance streams 1 to 512 of them here",
    )


def raw_lines(path: Path) -> list[bytes]:
    return [line.split(b" ", 1)[1] for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_recorded_day_of_binance_gives_the_ticks_of_its_recording():
    path = shared("raw_ws/binance_spot_btcusdt_20240808.jsonl.gz")
    expected = list(BinanceRawSource(path).ticks())
    lines = raw_lines(path)

    def plays(conn):
        conn.accept()
        for start in range(0, len(lines), 50):
            conn.raw(b"".join(frame(TEXT, line) for line in lines[start : start + 50]))
        conn.linger()

    exact = Instrument("BTCUSDT", exchange="BINANCE", price_scale=10**8, quantity_scale=10**8)
    witness = stream(binance, plays, exact, ticks=len(expected))
    assert len(expected) > 1000
    assert len(witness.ticks) == len(expected)
    for ours, theirs in zip(witness.ticks, expected, strict=True):
        for name in ("seq", "exch_ms", "exch_seq", "price", "quantity", "bid", "ask"):
            assert getattr(ours, name) == getattr(theirs, name), (ours, theirs)
    assert witness.view.frames <= len(lines)
    assert witness.view.bad == {}


def test_nothing_is_told_before_the_start():
    feed, witness = binance("ws://127.0.0.1:9")
    assert (witness.events, witness.ticks, isinstance(witness, Witness)) == ([], [], True)
    view = feed.view()
    assert (view.state, view.source, view.wanted, view.ticking) == ("STOPPED", "binance 127.0.0.1", 1, 0)
    feed.stop(1)
