"""What a SmartAPI feed asks for, and what becomes of what it is told; over a real socket."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.types import (
    FLAG_AHEAD,
    FLAG_HAS_BOOK,
    FLAG_LATE,
    FLAG_NEW_LINK,
    FLAG_UNCHAINED,
    Instrument,
)
from engine.stream.tick_builder import TickBuilder
from engine.venues.angelone.stream import SmartApi, smartapi_feed
from tests.support.builders import config
from tests.support.thorough import examples
from tests.support.venues.stream_harness import (
    CALL,
    INDEX,
    PUT,
    STAMP_MS,
    FakeLogin,
    observed,
    packet,
    refusal_of,
    running,
    sending,
    smartapi,
)
from tests.support.venues.stream_server import BINARY, CLOSE, TEXT, ScriptedServer, frame
from tests.support.venues.wire_samples import SNAP_QUOTE, encode_packet


def test_smartapi_is_asked_for_everything_wanted_with_the_four_headers_and_nothing_more():
    script = sending(frame(BINARY, packet(1)))
    observer = observed(smartapi, script, mode="snap_quote")
    asked = script.asked[0]
    assert asked["action"] == 1
    assert asked["params"]["mode"] == 3
    lists = {row["exchangeType"]: row["tokens"] for row in asked["params"]["tokenList"]}
    assert lists == {2: [CALL.token, PUT.token], 1: [INDEX.token]}
    head = observer.heads[0].decode()
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
    script = sending(frame(BINARY, packet(1, token="777")), greetings=4)
    observer = observed(smartapi, script, *many)
    tokens = [row["tokens"] for asked in script.asked for row in asked["params"]["tokenList"]]
    assert [len(batch) for batch in tokens] == [250] * 4
    assert sorted(int(token) for batch in tokens for token in batch) == list(range(1, 1001))
    assert observer.ticks[0].instrument == 776
    assert (observer.view.wanted, observer.view.link) == (1000, 1)


def test_a_quote_becomes_a_tick_of_its_instrument():
    frames = (
        frame(BINARY, packet(77, token=PUT.token, price=18_240, quantity=150, volume=4_500)),
        frame(BINARY, packet(0, token=INDEX.token, exchange_type=1, price=2_600_035, quantity=0, volume=0)),
    )
    put, index = observed(smartapi, sending(*frames), ticks=2, sequence="chained").ticks
    assert (put.seq, put.instrument, put.exch_ms, put.exch_seq) == (1, 1, STAMP_MS, 77)
    assert (put.price, put.quantity, put.day_volume, put.flags) == (18_240, 150, 4_500, FLAG_NEW_LINK)
    assert put.recv_ns > 0
    assert put.recv_wall_ns > put.exch_ms
    assert (index.instrument, index.exch_seq, index.price) == (2, 0, 2_600_035)


def test_the_same_token_on_another_exchange_is_another_instrument():
    frames = (frame(BINARY, packet(1, exchange_type=1)), frame(BINARY, packet(2, exchange_type=2)))
    observer = observed(smartapi, sending(*frames))
    assert [tick.exch_seq for tick in observer.ticks] == [2]
    assert observer.view.bad == {"unknown_token": 1}


def test_a_snap_quote_brings_its_own_book():
    def snap(sequence, bids, asks):
        payload = encode_packet(
            SNAP_QUOTE, 2, CALL.token, sequence=sequence, exch_ms=STAMP_MS, price=18_235, bids=bids, asks=asks
        )
        return frame(BINARY, payload)

    frames = (snap(1, [(18_230, 75, 1)], [(18_240, 75, 2)]), snap(2, [], []))
    ticks = observed(smartapi, sending(*frames), ticks=2, mode="snap_quote").ticks
    assert [(tick.bid, tick.ask, tick.flags & FLAG_HAS_BOOK) for tick in ticks] == [(18_230, 18_240, 1), (0, 0, 0)]


def test_prices_that_cannot_be_are_handed_on_to_be_refused_behind_the_door():
    frames = [frame(BINARY, packet(number, price=price)) for number, price in enumerate((0, -5, 2**62), 1)]
    assert [tick.price for tick in observed(smartapi, sending(*frames), ticks=3).ticks] == [0, -5, 2**62]


def test_packets_that_come_late_say_so():
    # Long ago, so that lags are huge, and only their differences matter.
    frames = [frame(BINARY, packet(number, exch_ms=STAMP_MS)) for number in range(1, 5)]
    frames.append(frame(BINARY, packet(5, exch_ms=STAMP_MS - 60_000)))
    ticks = observed(smartapi, sending(*frames), ticks=5).ticks
    assert [bool(tick.flags & FLAG_LATE) for tick in ticks] == [False] * 4 + [True]


def test_a_packet_from_the_far_future_says_so():
    frames = [frame(BINARY, packet(number, exch_ms=STAMP_MS)) for number in range(1, 5)]
    frames.append(frame(BINARY, packet(5, exch_ms=STAMP_MS + 1_000_000_000_000)))
    ticks = observed(smartapi, sending(*frames), ticks=5).ticks
    assert [bool(tick.flags & FLAG_AHEAD) for tick in ticks] == [False] * 4 + [True]


def test_the_clock_of_the_exchange_is_compared_with_ours():
    def answers(conn):
        conn.accept()
        conn.raw(b"".join(frame(BINARY, packet(number)) for number in range(1, 5)))
        conn.send(CLOSE, b"")

    with ScriptedServer(answers) as server:
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until(lambda: observer.losses)
    tick = observer.ticks[0]
    assert feed.view().clock_ms == pytest.approx(tick.exch_ms - tick.recv_wall_ns / 1e6, abs=60_000)


@pytest.mark.parametrize(
    ("rule", "unchained"), [("auto", [True] * 20 + [False] * 5), ("rising", [True] * 25), ("chained", [False] * 25)]
)
def test_whether_numbers_are_a_chain_is_configured_or_learned(rule, unchained):
    frames = [frame(BINARY, packet(number)) for number in range(500, 525)]
    ticks = observed(smartapi, sending(*frames), ticks=25, sequence=rule).ticks
    assert [bool(tick.flags & FLAG_UNCHAINED) for tick in ticks] == unchained


def test_a_refused_subscription_is_told_with_its_instruments_once():
    error = {"correlationID": "batch0", "errorCode": "E1002", "errorMessage": "Subscription Limit\u202e Exceeded"}
    refusal = frame(TEXT, json.dumps(error).encode())
    observer = observed(smartapi, sending(refusal, refusal, frame(BINARY, packet(1))))
    names = "NIFTY25NOV2526000CE, NIFTY25NOV2526000PE, NIFTY50"
    assert [(note.text, note.severe) for note in observer.notes] == [
        (f"subscription refused: E1002 Subscription Limit� Exceeded, for {names}", True)
    ]


@pytest.mark.parametrize("correlation", ["batch9", "", "else", "batch²", "batch99999999999"])
def test_a_refusal_of_what_we_do_not_know_names_all(correlation):
    many = [Instrument(f"OPT{number}", token=str(number), exchange="NFO") for number in range(1, 9)]
    refusal = json.dumps({"correlationID": correlation, "errorCode": "E1001", "errorMessage": "Invalid"}).encode()
    observer = observed(smartapi, sending(frame(TEXT, refusal), frame(BINARY, packet(1, token="1"))), *many)
    assert observer.notes[0].text.endswith("for OPT1, OPT2, OPT3, OPT4, OPT5 and 3 more")


@settings(max_examples=examples(12), deadline=None)
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

    assert [tick.exch_seq for tick in observed(smartapi, pieces, ticks=60).ticks] == list(range(1, 61))


def smartapi_of(*instruments):
    return smartapi_feed(config(), instruments, FakeLogin(), tell=print, in_session=lambda: True)


def test_what_smartapi_cannot_stream_is_refused_all_at_once():
    wrong = (
        Instrument("NOTOKEN", exchange="NFO"),
        Instrument("LETTERS", token="12x", exchange="NFO"),
        Instrument("NOWHERE", token="5", exchange="LSE"),
        CALL,
        Instrument("TWIN", token=CALL.token, exchange="NFO"),
    )
    assert refusal_of(lambda: smartapi_of(*wrong)) == (
        "instrument NOTOKEN: token '' is not one; 1 to 25 digits are",
        "instrument LETTERS: token '12x' is not one; 1 to 25 digits are",
        "instrument NOWHERE: exchange 'LSE' is not one of NSE, NFO, BSE, BFO, MCX, NCX, CDS",
        "instrument TWIN: has the exchange and token of NIFTY25NOV2526000CE",
    )


@pytest.mark.parametrize("count", [0, 1001])
def test_smartapi_streams_one_to_a_thousand(count):
    many = [Instrument(f"OPT{number}", token=str(number), exchange="NFO") for number in range(count)]
    assert refusal_of(lambda: smartapi_of(*many)) == (f"feed.symbols: {count} instruments; SmartAPI streams 1 to 1000",)


def test_a_list_that_changes_is_asked_for_by_what_differs_and_late_packets_are_ticks_still():
    ticks = []
    ticker = TickBuilder(2, "auto")
    ticker.deliver = ticks.append
    adapter = SmartApi(config("smartapi.mode=snap_quote"), (CALL, PUT), FakeLogin(), ticker)
    adapter.subscriptions()
    gone = msgspec.structs.replace(CALL, removed=True)
    asked = [json.loads(text) for text in adapter.relist((gone, PUT, INDEX))]
    lists = [(each["action"], each["params"]["tokenList"]) for each in asked]
    assert lists == [
        (1, [{"exchangeType": 1, "tokens": [INDEX.token]}]),
        (0, [{"exchangeType": 2, "tokens": [CALL.token]}]),
    ]
    adapter.on_message(BINARY, packet(1))
    assert [each.instrument for each in ticks] == [0]
    assert (ticker.ticking, ticker.wanted) == (0, 2)
    tokens = [row["tokens"] for text in adapter.subscriptions() for row in json.loads(text)["params"]["tokenList"]]
    assert tokens == [[PUT.token], [INDEX.token]]
