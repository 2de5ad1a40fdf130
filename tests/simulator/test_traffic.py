"""What happens at the simulated exchange: recordings exactly, walks by their seed, each packet with its number, when it is due."""

import time
from collections import Counter
from itertools import pairwise

import pytest

from engine.recording import MqrSource
from tests.simulator import Burst, Generated, Recorded, Simulator, played
from tests.simulator.market import Line
from tests.support.paths import BUNDLED
from tests.support.recordings.recording_samples import tick, write
from tests.support.shared_data import shared
from tests.support.venues.simulator_client import WAIT_S, connected, packet, packets, request


def test_every_packet_sent_arrives_in_order_with_its_number():
    with Simulator(Generated(instruments=3, rate=20_000, count=600, seed=3)) as sim:
        with connected(sim, "40001", "40002", "40003") as ws:
            got = packets(ws, 603)
            assert sim.wait_finished(WAIT_S)
        counters = sim.counters
        assert Counter(each.token for each in got) == counters.sent
        assert counters.all_sent == counters.sent_frames == 603
        for token in ("40001", "40002", "40003"):
            mine = [each for each in got if each.token == token]
            assert [each.sequence for each in mine] == list(range(1_000_000, 1_000_000 + len(mine)))
            assert mine[-1].price == counters.last_price[token]
            assert mine[-1].sequence == counters.last_sequence[token]
            assert all(one.volume < two.volume for one, two in pairwise(mine))


def test_generated_prices_stay_on_the_grid_within_the_limits_and_the_seed_decides_them():
    def walk(seed):
        traffic = Generated(instruments=2, count=5000, seed=seed, free=True, day_time="2025-10-01T09:15:00")
        found = []
        while traffic.due_ns is not None:
            line = traffic.step()
            found.append((line.token, line.price, line.quantity, line.exch_ms))
            assert line.price % 5 == 0
            assert line.lower <= line.price <= line.upper
            assert line.quantity % line.lot == 0
        return found

    assert walk(1) == walk(1) != walk(2)
    assert len({price for _, price, _, _ in walk(1)}) > 100


def test_the_exchanges_clock_begins_on_its_day_and_runs_at_its_speed():
    traffic = Generated(rate=100, count=1000, speed=60, day_time="2025-10-01T09:15:00")
    assert traffic.lines[0].exch_ms == 1_759_290_300_000
    stamps = []
    while traffic.due_ns is not None:
        due_ns = traffic.due_ns
        stamps.append(traffic.step().exch_ms)
        assert stamps[-1] == (1_759_290_300_000 + due_ns * 60 // 1_000_000) // 1000 * 1000
    assert stamps[-1] == 1_759_290_300_000 + 600_000


def test_packets_of_one_instrument_come_at_its_own_jittered_pace():
    traffic = Generated(instruments=10, per_token=2, count=2000)
    due = {line.token: [] for line in traffic.lines}
    while (due_ns := traffic.due_ns) is not None:
        due[traffic.step().token].append(due_ns / 1e9)
    gaps = [two - one for times in due.values() for one, two in pairwise(times)]
    assert min(gaps) >= 0.05 - 1e-6
    assert max(gaps) <= 0.95 + 1e-6
    assert 0.45 < sum(gaps) / len(gaps) < 0.55


def test_a_burst_comes_on_top_of_the_usual():
    traffic = Generated(rate=10, burst=Burst(1457, 0.1, 2.0), seconds=3, instruments=4)
    due = []
    while traffic.due_ns is not None:
        due.append(traffic.due_ns)
        traffic.step()
    assert due == sorted(due)
    within = [each for each in due if 2_000_000_000 <= each < 2_100_000_000]
    assert len(within) == 1457 + 1
    assert len(due) == 1457 + 30


def test_a_recording_is_played_exactly(tmp_path):
    path = write(tmp_path / "a.mqr", [tick(n) for n in range(1, 301)])
    with Simulator(play=path, speed=0) as sim, connected(sim, "54786") as ws:
        got = packets(ws, 300)
        assert sim.wait_finished(WAIT_S)
        wanted = [tick(n) for n in range(1, 301)]
        assert [(each.exch_ms, each.price, each.quantity, each.volume) for each in got] == [
            (each.exch_ms, each.price, each.quantity, each.day_volume) for each in wanted
        ]
        assert sim.counters.snapshots == {}  # before the first tick there is nothing to tell
        assert [each.sequence for each in got] == list(range(1_000_001, 1_000_301))


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_a_recording_is_due_as_its_stamps_say(tmp_path, speed):
    path = write(tmp_path / "a.mqr", [tick(n) for n in (1, 2, 6, 5, 100_000)])
    traffic = played(path, speed)
    due = []
    while traffic.due_ns is not None:
        due.append(traffic.due_ns * speed / 1e9)
        traffic.step()
    assert due == pytest.approx([0, 0.25, 1.25, 1.25, 1.25 + 3600])  # back in time: at once; a night: an hour


def test_the_session_of_a_real_option_is_played_exactly():
    path = shared("nifty_option_20251001.csv")
    with Simulator(play=path, speed=0) as sim, connected(sim, sim.lines[0].token) as ws:
        rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
        got = packets(ws, len(rows))
        assert [each.price for each in got] == [round(float(row[1]) * 100) for row in rows]
        assert [each.quantity for each in got] == [int(row[2]) for row in rows]
        assert got[-1].volume == sum(each.quantity for each in got)
        assert all(each.exch_ms % 1000 == 0 for each in got)


def test_a_source_can_be_given_with_tokens_of_ones_own():
    traffic = Recorded(MqrSource(BUNDLED), speed=0, tokens=("99",))
    with Simulator(traffic) as sim, connected(sim, "99") as ws:
        assert packets(ws, 1)[0].price > 0
        assert sim.lines[0].token == "99"


def test_a_recording_can_come_about_now_under_another_name(tmp_path):
    path = write(tmp_path / "a.mqr", [tick(n) for n in range(1, 4)])
    traffic = played(path, 0, rebase=True, symbols=("ANOTHER",))
    begun_ms = time.time_ns() // 1_000_000
    lines = [(line.symbol, line.price, line.exch_ms) for line in (traffic.step() for _ in range(3))]
    assert [each[:2] for each in lines] == [("ANOTHER", tick(n).price) for n in range(1, 4)]
    assert begun_ms <= lines[0][2] <= lines[1][2] <= lines[2][2] <= time.time_ns() // 1_000_000


def test_who_comes_in_the_middle_gets_the_snapshot_and_then_what_follows(tmp_path):
    path = write(tmp_path / "a.mqr", [tick(n) for n in range(1, 8)])
    with Simulator(play=path, speed=1000, hold=1) as sim, connected(sim, "54786") as first:
        seen = packets(first, 7)
        with connected(sim, "54786") as second:
            (late,) = packets(second, 1)
        assert late == seen[-1]
        assert sim.counters.snapshots == {"54786": 1}


def test_at_full_speed_nothing_passes_while_nobody_listens(tmp_path):
    path = write(tmp_path / "a.mqr", [tick(n) for n in range(1, 20_001)])
    with Simulator(play=path, speed=0) as sim:
        with connected(sim, "54786") as ws:
            before = packets(ws, 10)
        assert sim.wait_for(lambda counters: counters.open == 0, WAIT_S)
        stood = sim.counters.ticks
        assert before[-1].sequence <= 1_000_000 + stood < 1_020_000
        with connected(sim, "54786") as ws:
            again = packets(ws, 20_001 - stood)  # the snapshot, and the rest
        assert [each.sequence for each in again] == list(range(1_000_000 + stood, 1_020_001))


def test_the_start_waits_for_as_many_subscriptions_as_wanted():
    with Simulator(Generated(instruments=2, count=10, rate=1000), hold=2) as sim, connected(sim, "40001") as ws:
        packets(ws, 1)
        assert sim.counters.ticks == 0
        ws.send(request(["40002"]))
        assert sim.wait_finished(WAIT_S)
        assert sim.counters.ticks == 10


def test_the_start_can_be_an_order():
    with Simulator(Generated(count=10, rate=1000), hold=None) as sim, connected(sim, "40001") as ws:
        packets(ws, 1)
        assert sim.counters.ticks == 0
        sim.go()
        assert [each.sequence for each in packets(ws, 10)] == list(range(1_000_001, 1_000_011))


@pytest.mark.parametrize("speed", [0, 1.0])
def test_it_stands_still_behind_a_tick_until_it_is_to_go_on(tmp_path, speed):
    path = write(tmp_path / "a.mqr", [tick(n) for n in range(1, 10)])
    with Simulator(play=path, speed=speed, hold=None) as sim, connected(sim, "54786") as ws:
        for last in (2, 4):
            sim.go(last)
            assert [each.price for each in packets(ws, 2)] == [tick(n).price for n in (last - 1, last)]
            sim.fault("duplicate")  # the next that is told
            assert packets(ws, 1)[0].price == tick(last).price
        sim.go()
        assert [each.price for each in packets(ws, 5)] == [tick(n).price for n in range(5, 10)]
        assert sim.wait_finished(WAIT_S)


def test_packets_can_carry_the_time_they_were_sent_at():
    before_ns = time.perf_counter_ns()
    with Simulator(Generated(count=50, rate=5000), stamp=True) as sim, connected(sim, "40001") as ws:
        stamps = [each.average for each in packets(ws, 51)]
    assert stamps == sorted(stamps)
    assert before_ns < stamps[0] < stamps[-1] < time.perf_counter_ns()


def test_an_index_has_no_numbers():
    line = Line(0, "99926000", "NIFTY 50", exchange_type=1, price=2_500_000)
    line.happen(1_759_290_300_000, 2_500_005, 0, 0)
    assert packet(line.packet(2)).sequence == 0
