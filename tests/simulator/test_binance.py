"""The simulated Binance keeps the rules that clients rely on, and plays recorded messages word for word."""

import gzip
import json
import re
import time
from contextlib import contextmanager

import pytest
import websocket

from engine.model.errors import InputError
from tests.simulator import Generated, Quiet, RawLines, Simulator
from tests.simulator.binance import _decimal
from tests.simulator.market import Line
from tests.support.shared_data import shared
from tests.support.venues.binance_lines import LINES, recorded
from tests.support.venues.simulator_client import WAIT_S, masked, until_over

ALL = "btcusdt@bookTicker/btcusdt@trade/ethusdt@aggTrade"


def coins(**options):
    return Generated(tokens=("BTC", "ETH"), symbols=("BTCUSDT", "ETHUSDT"), **({"count": 100, "rate": 5000} | options))


@contextmanager
def opened(sim, address):
    ws = websocket.create_connection(sim.binance_url + address, timeout=WAIT_S)
    try:
        yield ws
    finally:
        ws.shutdown()


def received(ws, count):
    return [ws.recv() for _ in range(count)]


# ── Streams ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_combined_streams_wrap_each_event_and_raw_ones_do_not():
    with (
        Simulator(coins(), hold=None) as sim,
        opened(sim, "/stream?streams=btcusdt@trade/btcusdt@bookTicker") as combined,
        opened(sim, "/ws/btcusdt@aggTrade") as plain,
    ):
        assert sim.wait_subscribed(3, WAIT_S)
        sim.go()
        assert sim.wait_finished(WAIT_S)
        ticks = sim.counters.market["BTC"]
        both = [json.loads(each) for each in received(combined, 2 * ticks)]
        trades = [each["data"] for each in both if each["stream"] == "btcusdt@trade"]
        books = [each["data"] for each in both if each["stream"] == "btcusdt@bookTicker"]
        assert len(trades) == len(books) == ticks
        assert [each["t"] for each in trades] == list(range(3_000_000_001, 3_000_000_001 + ticks))
        assert all(re.fullmatch(r"\d+\.\d{8}", each[key]) for each in trades for key in "pq")
        assert all(float(one["b"]) < float(two["p"]) < float(one["a"]) for one, two in zip(books, trades, strict=True))
        aggregates = [json.loads(each) for each in received(plain, ticks)]
        assert [each["a"] for each in aggregates] == [each["t"] for each in trades]
        assert [each["p"] for each in aggregates] == [each["p"] for each in trades]
        assert sim.counters.sent == {"BTC": 2 * ticks}
        assert sim.counters.books == ticks


def test_live_requests_are_answered():
    with Simulator(coins(), hold=None) as sim, opened(sim, "/ws") as ws:
        ask = lambda **request: (ws.send(json.dumps(request)), json.loads(ws.recv()))[1]  # noqa: E731
        assert ask(method="SUBSCRIBE", params=["btcusdt@trade", "btcusdt@trade"], id=1) == {"result": None, "id": 1}
        assert ask(method="LIST_SUBSCRIPTIONS", id=2) == {"result": ["btcusdt@trade"], "id": 2}
        assert ask(method="UNSUBSCRIBE", params=["btcusdt@trade", "none@trade"], id=3) == {"result": None, "id": 3}
        assert sim.counters.subscriptions == 0
        assert ask(method="SET_PROPERTY", params=["combined", True], id=4) == {"result": None, "id": 4}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3),
        ("[]", 2),
        ('{"method":"JUMP","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":"btcusdt@trade","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":[1],"id":1}', 2),
        (json.dumps({"method": "SUBSCRIBE", "params": [f"a{n}@trade" for n in range(1025)], "id": 1}), 2),
    ],
)
def test_a_bad_request_is_told(text, code):
    with Simulator(Quiet()) as sim, opened(sim, "/ws") as ws:
        ws.send(text)
        assert json.loads(ws.recv())["code"] == code
        assert sim.counters.subscriptions == 0


def test_six_messages_in_a_second_are_too_many():
    with Simulator(Quiet()) as sim, opened(sim, "/ws") as ws:
        ws.sock.sendall(masked(b'{"method":"LIST_SUBSCRIPTIONS","id":1}') * 6)
        got, how = until_over(ws)
        assert len(got) == 5
        assert how == "1008 Too many requests"


def test_pings_come_and_wrong_pongs_do_not_count():
    scale = 0.01  # a ping each 0.2 s, the end after 0.6 s
    with Simulator(Quiet(), scale=scale) as sim, opened(sim, "/ws") as ws:
        opcode, payload = ws.recv_data(control_frame=True)  # websocket-client answers it by itself
        assert opcode == 9
        assert payload.isdigit()
        assert sim.wait_for(lambda counters: counters.pongs == 1, WAIT_S)
        ws.pong(b"wrong")
        assert sim.wait_for(lambda counters: counters.wrong_pongs == 1, WAIT_S)
        while ws.sock.recv(100):  # from here on nobody answers
            continue
        ws.shutdown()
        assert sim.wait_for(lambda counters: counters.open == 0, WAIT_S)
        assert sim.counters.closes == {"server 1006 no pong": 1}


def test_going_down_is_announced():
    with Simulator(Quiet()) as sim, opened(sim, "/ws") as ws:
        sim.fault("shutdown")
        assert json.loads(ws.recv())["e"] == "serverShutdown"


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("duplicate", lambda bad, last: bad == last),
        ("older", lambda bad, last: (bad["t"], bad["T"]) == (last["t"] - 5, last["T"] - 5000)),
        ("price zero", lambda bad, last: bad["p"] == "0.00000000"),
        ("price negative", lambda bad, last: bad["p"] == "-" + last["p"]),
        ("time seconds", lambda bad, last: bad["T"] == last["T"] // 1000),
        ("unknown_token", lambda bad, last: bad["s"] == "NOSUCHPAIR"),
    ],
)
def test_wrong_trades_are_one_more(fault, holds):
    with (
        Simulator(coins(count=60), script=f"at tick 30: {fault}\nat tick 60: close 1000", hold=2) as sim,
        opened(sim, "/stream?streams=btcusdt@trade/ethusdt@trade") as ws,
    ):
        got, how = until_over(ws)
        assert how == "1000 "
        bad, last = json.loads(got[30])["data"], json.loads(got[29])["data"]
        assert holds(bad, last)
        assert len(got) == 61
        assert sim.counters.faults[fault] == 1


def test_prices_of_every_scale_are_written_exactly():
    assert _decimal(6_183_763_000_000, 10**8) == "61837.63000000"
    assert _decimal(-5, 100) == "-0.05000000"
    assert _decimal(1, 10**8) == "0.00000001"


# ── Recorded messages ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("packed", [False, True])
def test_recorded_messages_are_played_word_for_word(tmp_path, packed):
    path = recorded(tmp_path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    with Simulator(play=path, speed=0, hold=3) as sim, opened(sim, f"/stream?streams={ALL}") as ws:
        bodies = [line.partition(" ")[2] for line in (LINES[0], LINES[1], LINES[3])]
        assert received(ws, 3) == bodies
        assert sim.wait_finished(WAIT_S)
        counters = sim.counters
        assert (counters.sent, counters.books, counters.sent_frames) == ({"BTCUSDT": 1, "ETHUSDT": 1}, 1, 3)
        assert counters.last_price["BTCUSDT"] == 6_183_763_000_000
        assert counters.last_sequence == {"BTCUSDT": 77, "ETHUSDT": 9}


def test_a_stream_of_one_event_gets_it_without_its_envelope(tmp_path):
    with Simulator(play=recorded(tmp_path), speed=0) as sim, opened(sim, "/ws/btcusdt@trade") as ws:
        assert json.loads(ws.recv())["t"] == 77


def test_recorded_messages_are_due_as_their_stamps_say(tmp_path):
    traffic = RawLines(recorded(tmp_path), speed=2)
    due = []
    while traffic.due_ns is not None:
        due.append(traffic.due_ns)
        traffic.step()
    assert due == [0, 2650, 1_000_002_650]
    assert traffic.left_out == 1


def test_times_can_be_moved_to_now(tmp_path):
    traffic = RawLines(recorded(tmp_path), speed=2, rebase=True)
    before_ms = time.time_ns() // 1_000_000
    traffic.begin()
    messages = [traffic.step() for _ in range(3)]
    trade, aggregate = (json.loads(each.whole)["data"] for each in messages[1:])
    assert before_ms <= trade["E"] <= time.time_ns() // 1_000_000
    assert trade["E"] - trade["T"] in {0, 1}
    assert aggregate["E"] - trade["E"] == 1000
    assert json.loads(messages[1].bare) == trade


def test_faults_go_between_recorded_messages(tmp_path):
    with (
        Simulator(play=recorded(tmp_path), speed=0, hold=3, script="at tick 2: older\nat tick 3: nul") as sim,
        opened(sim, f"/stream?streams={ALL}") as ws,
    ):
        got = [ws.recv_data() for _ in range(5)]
        assert json.loads(got[2][1])["data"]["t"] == 72
        assert got[4] == (2, b"\x00")


def test_files_without_messages_are_refused(tmp_path):
    with pytest.raises(InputError, match="no recorded messages"):
        RawLines(recorded(tmp_path, LINES[2:3]))
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(b"x" * 10_000)[:40])
    with pytest.raises(InputError, match="cannot be read"):
        RawLines(broken)


@pytest.mark.parametrize(
    ("name", "messages", "left_out"),
    [
        ("raw_ws/binance_spot_btcusdt_20240808.jsonl.gz", 41_248, 1),
        ("raw_ws/binance_spot_cryptofeed_20211012.txt", 265, 2),
    ],
)
def test_all_messages_of_a_real_capture_are_played(name, messages, left_out):
    traffic = RawLines(shared(name), speed=0)
    count = 0
    while traffic.due_ns is not None:
        assert traffic.step().symbol
        count += 1
    assert (count, traffic.left_out) == (messages, left_out)


def test_a_line_of_the_market_can_be_sold_at_both_exchanges():
    line = Line(0, "1", "BTCUSDT", price_scale=10**8, quantity_scale=10**8)
    line.happen(1_723_161_255_343, 6_183_763_000_000, 2_000_000, 0)
    assert len(line.packet(2)) == 123
