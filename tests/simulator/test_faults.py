"""What goes wrong on purpose goes wrong as written, is counted, and leaves the good stream as it was."""

import math
import select

import pytest

from tests.simulator import Generated, Quiet, Simulator
from tests.support.venues.simulator_client import WAIT_S, connected, masked, packet, packets, raw, read, until_over

TOKEN = "40001"
PONG = b"\x81\x04pong"


def traffic(count=20):
    return Generated(count=count, rate=5000, day_time="2025-10-01T09:15:00", seed=2)


def stream(script="", count=20, mode=2):
    """Every data message of a run with `script`, and the counters."""
    with Simulator(traffic(count), script=script) as sim, connected(sim, TOKEN, mode=mode) as ws:
        assert sim.wait_finished(WAIT_S)
        sim.fault("close 1000")
        got, how = until_over(ws)
        assert how == "1000 "
        return got, sim.counters


def good(data):
    """Whether a good decoder takes it, and what of it does not depend on its number."""
    each = packet(data)
    return each.exch_ms, each.price, each.volume


# ── Packets ────────────────────────────────────────────────────────────────────────────────────────────────────────

WRONG_PACKETS = {
    "duplicate": lambda bad, last: bad == last,
    "older": lambda bad, last: (
        (packet(bad).sequence, packet(bad).exch_ms) == (packet(last).sequence - 5, packet(last).exch_ms - 5000)
    ),
    "price zero": lambda bad, last: packet(bad).price == 0 and packet(bad).sequence == packet(last).sequence + 1,
    "price negative": lambda bad, last: packet(bad).price == -packet(last).price,
    "price circuit": lambda bad, last: packet(bad).price > packet(last).price * 1.2,
    "time 1970": lambda bad, last: packet(bad).exch_ms == 1000,
    "time tomorrow": lambda bad, last: packet(bad).exch_ms == packet(last).exch_ms + 86_400_000,
    "time seconds": lambda bad, last: packet(bad).exch_ms == packet(last).exch_ms // 1000,
    "unknown_token": lambda bad, last: packet(bad).token == "98765432",
    "nan": lambda bad, last: math.isnan(packet(bad).buy_total) and packet(bad).price == packet(last).price,
    "ohlc_zero": lambda bad, last: packet(bad).ohlc[:3] == (0, 0, 0) and packet(bad).ohlc[3] > 0,
    "close_zero": lambda bad, last: packet(bad).ohlc[3] == 0 and packet(bad).ohlc[0] > 0,
    "fragmented": lambda bad, last: packet(bad).sequence == packet(last).sequence + 1,
    "mode": lambda bad, last: bad[0] == 9 and bad[1:] == last[1:],
    "mode 255": lambda bad, last: bad[0] == 255,
    "text": lambda bad, last: bad == b"surprise",
    "nul": lambda bad, last: bad == b"\x00",
    "huge": lambda bad, last: len(bad) == 1 << 20,
    **{
        f"length {size}": lambda bad, last, size=size: len(bad) == size and bad[:123] == last[:size]
        for size in (0, 1, 50, 52, 122, 124, 378, 380, 443)
    },
}


@pytest.mark.parametrize("fault", WRONG_PACKETS)
def test_a_wrong_packet_is_one_more_and_as_written(fault):
    clean, _ = stream()
    got, counters = stream(f"at tick 10: {fault}")
    bad = got.pop(11)  # behind the snapshot and ten ticks
    assert WRONG_PACKETS[fault](bad, got[10])
    assert [good(each) for each in got] == [good(each) for each in clean]
    assert counters.faults == {fault if fault != "mode 255" else "mode": 1, "close 1000": 1}
    assert counters.sent == {TOKEN: 22 if fault == "fragmented" else 21}


def test_a_jump_of_the_numbers_stays():
    got, counters = stream("at tick 10: jump 7")
    assert [packet(each).sequence - 1_000_000 for each in got] == [*range(11), *range(18, 28)]
    assert counters.faults == {"jump": 1, "close 1000": 1}


@pytest.mark.parametrize(
    ("shape", "sides"), [("crossed", (5, 5)), ("one_sided", (5, 0)), ("empty", (0, 0)), (None, (5, 5))]
)
def test_books_are_shaped_as_wanted(shape, sides):
    got, _ = stream(f"at tick 10: book {shape}" if shape else "", mode=3)
    levels = packet(got[11]).levels
    prices = levels[2::4]
    assert (sum(each > 0 for each in prices[:5]), sum(each > 0 for each in prices[5:])) == sides
    if all(sides):
        assert (prices[0] > prices[5]) == (shape == "crossed")


def test_bytes_that_are_no_text():
    with Simulator(Quiet()) as sim, raw(sim) as sock:
        assert read(sock, 6) == PONG
        sim.fault("bad_utf8")
        assert read(sock, 6) == b"\x81\x04\xff\xfe\xc0\x80"


def test_a_frame_that_claims_a_tebibyte():
    with Simulator(Quiet()) as sim, raw(sim) as sock:
        assert read(sock, 6) == PONG
        sim.fault("claim")
        assert read(sock, 10) == b"\x82\x7f" + (1 << 40).to_bytes(8, "big")


def test_fragments_without_end():
    with Simulator(Quiet()) as sim, raw(sim) as sock:
        assert read(sock, 6) == PONG
        sim.fault("endless")
        assert read(sock, 3) == b"\x01\x01{"
        assert read(sock, 20_000) == bytes(20_000)
        sock.sendall(masked(b"ping"))
        assert read(sock, 20_000) == bytes(20_000)


def test_half_a_frame_and_then_nothing_not_even_a_pong():
    with Simulator(traffic(), hold=None) as sim, raw(sim, TOKEN) as sock:
        read(sock, len(PONG) + 125)
        sim.fault("half")
        half = read(sock, 62)
        assert half[:2] == b"\x82\x7b"
        sock.sendall(masked(b"ping"))
        assert sim.wait_for(lambda counters: counters.pings == 1, WAIT_S)
        sim.go()
        assert sim.wait_finished(WAIT_S)
        assert not select.select([sock], [], [], 0)[0]
        assert sim.counters.withheld == {TOKEN: 20}


def test_a_packet_fault_reaches_only_who_wants_the_token():
    with Simulator(Generated(instruments=2), hold=None) as sim, connected(sim, TOKEN) as one, connected(sim) as two:
        packets(one, 1)
        sim.fault("duplicate")
        packets(one, 1)
        two.send("ping")
        assert two.recv() == "pong"
        assert sim.counters.faults == {"duplicate": 1}


# ── When ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_faults_can_come_again_and_again():
    got, counters = stream("every 5 ticks: nul")
    assert [n for n, each in enumerate(got) if each == b"\x00"] == [6, 12, 18, 24]
    assert counters.faults["nul"] == 4


def test_faults_by_chance_are_those_of_the_seed():
    _, first = stream("p 0.1: nul", count=500)
    _, again = stream("p 0.1: nul", count=500)
    assert first.faults == again.faults
    assert 20 < first.faults["nul"] < 90
    assert stream("p 1: nul", count=5)[1].faults["nul"] == 5
    assert "nul" not in stream("p 0: nul", count=50)[1].faults


def test_faults_by_time_count_from_the_start():
    with Simulator(traffic(), hold=None, script="at 0s: nul\nat 0.01 s: text") as sim, connected(sim, TOKEN) as ws:
        packets(ws, 1)
        sim.rule("at 0.02s: close 1011")
        assert sim.counters.faults == {}
        sim.go()
        sim.rule("at 0s: huge")  # has passed: now
        got, how = until_over(ws)
        assert how == "1011 "
        assert [each for each in got if len(each) < 9] == [b"\x00", b"surprise"]
        assert sum(len(each) == 1 << 20 for each in got) == 1
