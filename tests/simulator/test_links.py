"""Links that end, hang, fall silent or are refused, each in its own way, and counted."""

import select
import socket

import pytest
import websocket

from tests.simulator import Generated, Quiet, Simulator
from tests.support.venues.simulator_client import (
    WAIT_S,
    connected,
    handshake,
    masked,
    packet,
    packets,
    raw,
    read,
    read_until,
    request,
    until_over,
)

TOKEN = "40001"
PONG = b"\x81\x04pong"


def traffic():
    return Generated(count=20, rate=5000, seed=2)


@pytest.mark.parametrize("code", [1000, 1001, 1011])
def test_a_close_has_its_code_and_comes_behind_everything_sent(code):
    with Simulator(traffic(), script=f"at tick 20: close {code}") as sim, connected(sim, TOKEN) as ws:
        got, how = until_over(ws)
        assert (len(got), how) == (21, f"{code} ")
        ws.send_close()
        ws.shutdown()
        assert sim.wait_for(lambda counters: counters.open == 0, WAIT_S)
        assert sim.counters.closes == {f"server {code}": 1}


def test_1006_is_an_end_without_a_word_behind_everything_sent():
    with Simulator(traffic(), script="at tick 20: disconnect 1006") as sim, raw(sim, TOKEN) as sock:
        read(sock, len(PONG) + 21 * 125)
        assert sock.recv(1) == b""


def test_a_reset_is_one():
    with Simulator(Quiet()) as sim, raw(sim) as sock:
        read(sock, len(PONG))
        sim.fault("reset")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
        assert sim.counters.closes == {"reset": 1}


def test_a_half_open_link_says_nothing_and_so_do_the_next():
    with Simulator(traffic(), hold=None) as sim, raw(sim) as sock:
        read(sock, len(PONG))
        sim.fault("half_open 1")
        sock.sendall(masked(b"ping") + masked(request([TOKEN]).encode()))
        with socket.create_connection(("127.0.0.1", sim.port), WAIT_S) as second:
            assert sim.wait_for(lambda counters: counters.connects == 2, WAIT_S)
            second.sendall(handshake(sim))
            with connected(sim, TOKEN) as ws:  # the third is served again
                packets(ws, 1)
            assert not select.select([sock, second], [], [], 0)[0]
        assert sim.counters.refusals == {"half_open": 1}
        assert sim.counters.subscriptions <= 1


def test_silence_lets_pongs_through_and_a_new_link_is_not_silent():
    with Simulator(traffic(), hold=None) as sim, connected(sim, TOKEN) as ws:
        packets(ws, 1)
        sim.fault("silence")
        sim.go()
        assert sim.wait_finished(WAIT_S)
        ws.send("ping")
        assert ws.recv() == "pong"
        assert sim.counters.withheld == {TOKEN: 20}
        with connected(sim, TOKEN) as again:
            assert packets(again, 1)[0].sequence == 1_000_020


def test_a_silence_for_some_time_ends():
    with Simulator(Generated(rate=1000)) as sim, connected(sim, TOKEN) as ws:
        last = packets(ws, 5)[-1].sequence
        while not sim.counters.withheld:  # a machine that is busy elsewhere may sleep through one
            sim.fault("silence 0.05")
            sim.wait_for(lambda counters: bool(counters.withheld), 0.2)
        missing = 0
        while not missing:
            (newer,) = packets(ws, 1)
            missing, last = newer.sequence - last - 1, newer.sequence
        assert missing <= sim.counters.withheld[TOKEN]


def test_one_instrument_can_be_silent():
    with Simulator(Generated(instruments=2, count=100, rate=5000)) as sim:
        sim.fault(f"silence_token {TOKEN}")
        with connected(sim, TOKEN, "40002") as ws:
            assert sim.wait_finished(WAIT_S)
            sent = sim.counters.sent
            assert set(sent) == {"40002"}
            assert {each.token for each in packets(ws, sent["40002"])} == {"40002"}
            sim.fault("recover")
            ws.send(request([TOKEN], action=0))
            ws.send(request([TOKEN]))
            assert packets(ws, 1)[0].token == TOKEN


def test_pongs_can_be_muted_and_recover():
    with Simulator(Quiet()) as sim, connected(sim) as ws:
        sim.fault("mute_pong")
        ws.send("ping")
        assert sim.wait_for(lambda counters: counters.pings == 1, WAIT_S)
        sim.fault("recover")
        ws.ping("x")
        assert ws.recv_data(control_frame=True) == (10, b"x")


def test_pongs_can_be_late():
    with Simulator(Generated(), hold=None) as sim, connected(sim) as ws:
        sim.fault("pong_delay 50")
        ws.sock.sendall(masked(b"ping") + masked(request([TOKEN]).encode()))
        assert ws.recv_data()[0] == 2
        assert ws.recv_data() == (1, b"pong")


def test_everything_can_be_late_in_its_order():
    with Simulator(traffic(), hold=None) as sim, connected(sim, TOKEN) as ws:
        packets(ws, 1)
        sim.fault("delay 40")
        sim.go()
        ws.send("ping")
        assert sim.wait_for(lambda counters: counters.ticks == 20 and counters.pings == 1, WAIT_S)
        sim.fault("delay 0")
        got = [ws.recv_data() for _ in range(21)]
        numbers = [packet(data).sequence for opcode, data in got if opcode == 2]
        assert numbers == list(range(1_000_001, 1_000_021))
        assert (1, b"pong") in got
        assert sim.wait_finished(WAIT_S)


def test_what_is_late_is_not_there_yet():
    with Simulator(traffic(), hold=None) as sim, raw(sim, TOKEN) as sock:
        read(sock, len(PONG) + 125)
        sim.fault("delay 60000")
        sim.go()
        assert sim.wait_for(lambda counters: counters.ticks == 20, WAIT_S)
        assert not select.select([sock], [], [], 0)[0]
        assert not sim.counters.finished


def test_the_exchange_can_stop_reading():
    with Simulator(traffic(), hold=None) as sim, connected(sim, TOKEN) as ws:
        packets(ws, 1)
        sim.fault("stop_reading")
        ws.send("ping")
        sim.go()
        packets(ws, 20)  # data goes on
        assert sim.counters.pings == 0


def test_the_next_connects_are_refused_in_the_way_wanted():
    with Simulator(Quiet(), script="at 0s: refuse 2", hold=0) as sim:
        assert sim.wait_for(lambda counters: "refuse" in counters.faults, WAIT_S)
        for _ in range(2):
            with pytest.raises(ConnectionResetError), socket.create_connection(("127.0.0.1", sim.port), WAIT_S) as sock:
                sock.recv(1)  # an end in good order would give no error
        for status in ("401", "429"):
            sim.fault(status)
            with pytest.raises(websocket.WebSocketBadStatusException) as caught, connected(sim):
                raise AssertionError("it was let in")
            assert str(caught.value.status_code) == status
        with connected(sim):
            assert sim.counters.refusals == {"refuse": 2, "401": 1, "429": 1}


def test_throttling_ends_before_the_header_is_complete():
    with Simulator(Quiet()) as sim:
        sim.fault("throttle")
        with socket.create_connection(("127.0.0.1", sim.port), WAIT_S) as sock:
            sock.sendall(handshake(sim))
            data = read_until(sock, b"Swi")
            assert data == b"HTTP/1.1 101 Swi"
            assert sock.recv(1) == b""


def test_a_header_can_come_byte_by_byte():
    with Simulator(Quiet(), scale=0.0005) as sim:
        sim.fault("slow_header")
        with socket.create_connection(("127.0.0.1", sim.port), WAIT_S) as sock:
            sock.sendall(handshake(sim))
            assert sock.recv(100) == b"H"
            head = b"H" + read_until(sock, b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert read(sock, 6) == PONG
            assert sim.counters.refusals == {"slow_header": 1}


def test_the_exchange_can_be_down_for_a_while():
    with Simulator(Quiet()) as sim:
        sim.fault("down 0.05")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", sim.port), WAIT_S)
        while True:  # it comes back by itself
            try:
                with connected(sim):
                    break
            except ConnectionRefusedError:
                continue


def test_a_client_that_never_reads_holds_up_nobody_else():
    with Simulator(Generated(rate=20_000, count=400)) as sim, raw(sim, TOKEN) as stuck:
        read(stuck, len(PONG))
        for _ in range(20):  # more than the system keeps for a client
            sim.fault("huge")
        with connected(sim, TOKEN) as ws:
            last = packets(ws, 1)[0]
            while last.sequence < 1_000_400:
                last = packets(ws, 1)[0]
            assert not sim.counters.finished  # the first has not got everything
            assert sim.counters.open == 2


def test_a_client_that_falls_behind_for_good_is_cut_off():
    with Simulator(Quiet()) as sim, raw(sim):
        while not sim.counters.closes:
            sim.fault("huge")
        assert sim.counters.closes == {"slow": 1}
        assert sim.counters.faults["huge"] > 64


def test_a_half_open_client_does_not_count_against_the_limit():
    with Simulator(Quiet()) as sim, raw(sim), raw(sim), raw(sim):
        sim.fault("half_open")
        with connected(sim):
            assert sim.counters.open == 4
