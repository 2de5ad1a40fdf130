"""What a Binance feed asks for, and what becomes of what it is told; over a real socket."""

import gzip
import json
from pathlib import Path

import msgspec

from engine.model.types import (
    FLAG_HAS_BOOK,
    FLAG_NEW_LINK,
    PRICE_NAN,
    Instrument,
)
from engine.stream.tick_builder import TickBuilder
from engine.venues.binance.raw_lines import BinanceRawSource
from engine.venues.binance.stream import Binance, binance_feed
from tests.support.builders import config
from tests.support.shared_data import shared
from tests.support.venues.stream_harness import (
    COIN,
    QUICK,
    STAMP_MS,
    FeedObserver,
    binance,
    observed,
    refusal_of,
    running,
    sending,
)
from tests.support.venues.stream_server import BINARY, TEXT, ScriptedServer, frame


def trade(number, price="61837.63000000", quantity="0.02000000", symbol="BTCUSDT", **more):
    row = {"e": "trade", "E": STAMP_MS, "s": symbol, "t": number, "p": price, "q": quantity, "T": STAMP_MS - 1}
    return frame(TEXT, json.dumps(row | {"m": True, "M": True} | more).encode())


def test_binance_is_asked_for_all_streams_in_one_message():
    script = sending(trade(1))
    observer = observed(binance, script, COIN, Instrument("ETHUSDT", exchange="BINANCE"), trades='"aggTrade"')
    names = ["btcusdt@aggTrade", "btcusdt@bookTicker", "ethusdt@aggTrade", "ethusdt@bookTicker"]
    assert script.asked == [{"method": "SUBSCRIBE", "params": names, "id": 1}]
    assert observer.heads[0].startswith(b"GET /ws HTTP/1.1\r\n")
    assert b"Authorization" not in observer.heads[0]


def test_trades_become_ticks_and_books_only_what_they_carry():
    book = {"u": 5, "s": "BTCUSDT", "b": "61837.63", "B": "1", "a": "61837.64", "A": "2"}
    frames = (
        frame(TEXT, b'{"result":null,"id":1}'),
        trade(41),
        frame(TEXT, json.dumps(book).encode()),
        frame(TEXT, json.dumps({"stream": "btcusdt@bookTicker", "data": book}).encode()),
        trade(42, price="61837.65000000"),
    )
    observer = observed(binance, sending(*frames), ticks=2)
    first, second = observer.ticks
    assert (first.price, first.quantity, first.exch_ms, first.exch_seq) == (6_183_763, 2_000, STAMP_MS - 1, 41)
    assert first.flags == FLAG_NEW_LINK
    assert (second.seq, second.price, second.bid, second.ask) == (2, 6_183_765, 6_183_763, 6_183_764)
    assert second.flags == FLAG_HAS_BOOK
    assert (observer.view.books, observer.view.frames, observer.view.bad) == (2, 5, {})


def test_books_alone_make_a_link_sound():
    book = json.dumps({"u": 5, "s": "BTCUSDT", "b": "61837.63", "B": "1", "a": "61837.64", "A": "2"}).encode()

    def books(conn):
        conn.accept()
        while not conn.stopped.wait(0.005):
            conn.send(TEXT, book)

    pace = msgspec.structs.replace(QUICK, steady_s=0.1)
    with ScriptedServer(lambda conn: conn.reset(), books) as server:
        feed, observer = binance(server.url, pace=pace)
        with running(feed, observer):
            observer.until(lambda: feed.view().attempt == 1)
            observer.until(lambda: feed.view().attempt == 0)
    assert feed.view().books > 1
    assert observer.ticks == []


def test_a_price_finer_than_the_scale_is_no_price_and_told_once():
    observer = observed(binance, sending(trade(1, price="0.00001234"), trade(2, price="0.00001235")), ticks=2)
    assert [tick.price for tick in observer.ticks] == [PRICE_NAN, PRICE_NAN]
    assert [(note.text, note.severe) for note in observer.notes] == [
        ("BTCUSDT: prices finer than its price_scale are refused; raise it", True)
    ]
    assert observer.losses == []


def test_unknown_symbols_and_binary_frames_are_counted():
    frames = (trade(1, symbol="DOGEUSDT"), frame(BINARY, b"x"), trade(2))
    assert observed(binance, sending(*frames)).view.bad == {"unknown_token": 1, "binary": 1}


def test_a_refused_request_is_told():
    refusal = frame(TEXT, b'{"code":2,"msg":"Invalid request: \\u001b[2J"}')
    observer = observed(binance, sending(refusal, trade(1)))
    assert [(note.text, note.severe) for note in observer.notes] == [("request refused: 2 Invalid request: �[2J", True)]


def test_a_shutdown_is_an_end_that_was_planned():
    with ScriptedServer(sending(frame(TEXT, b'{"e":"serverShutdown","E":1}')), sending(trade(1))) as server:
        feed, observer = binance(server.url)
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
    assert observer.losses == ["the server goes down"]


def binance_of(*instruments):
    return binance_feed(config(), instruments, tell=print, in_session=lambda: True)


def test_what_binance_cannot_stream_is_refused_all_at_once():
    assert refusal_of(lambda: binance_of(COIN, Instrument("A B"), Instrument("btcusdt"))) == (
        "instrument A B: no symbol of Binance; up to 40 letters and digits such as BTCUSDT are",
        "instrument btcusdt: named twice",
    )
    many = [Instrument(f"COIN{number}") for number in range(513)]
    assert refusal_of(lambda: binance_of(*many)) == (
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
    observer = observed(binance, plays, exact, ticks=len(expected))
    assert len(expected) > 1000
    assert len(observer.ticks) == len(expected)
    for ours, theirs in zip(observer.ticks, expected, strict=True):
        for name in ("seq", "exch_ms", "exch_seq", "price", "quantity", "bid", "ask"):
            assert getattr(ours, name) == getattr(theirs, name), (ours, theirs)
    assert observer.view.frames <= len(lines)
    assert observer.view.bad == {}


def test_nothing_is_told_before_the_start():
    feed, observer = binance("ws://127.0.0.1:9")
    assert (observer.events, observer.ticks, isinstance(observer, FeedObserver)) == ([], [], True)
    view = feed.view()
    assert (view.state, view.source, view.wanted, view.ticking) == ("STOPPED", "binance 127.0.0.1", 1, 0)
    feed.stop(1)


def test_a_list_that_changes_is_asked_for_by_what_differs_and_a_new_link_asks_for_what_is_left():
    coins = tuple(Instrument(name, exchange="BINANCE") for name in ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
    ticker = TickBuilder(2, "chained")
    adapter = Binance(config("binance.book=false"), coins[:2], ticker)
    adapter.subscriptions()
    gone = msgspec.structs.replace(coins[0], removed=True)
    added, removed = (msgspec.json.decode(text) for text in adapter.relist((gone, *coins[1:])))
    assert added == {"method": "SUBSCRIBE", "params": ["solusdt@trade"], "id": 2}
    assert removed == {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 3}
    assert ticker.wanted == 2
    (anew,) = (msgspec.json.decode(text) for text in adapter.subscriptions())
    assert anew["params"] == ["ethusdt@trade", "solusdt@trade"]
    assert adapter.relist((gone, *coins[1:])) == []
