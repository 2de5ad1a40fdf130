"""Packets that no exchange should send, to a paper run: each is worked or counted by its reason, and the link is kept."""

import time
from pathlib import Path

import pytest

from engine.model.commands import Flat, Unlock
from engine.model.types import FLAG_LATE
from engine.runtime.durability import BEHIND
from tests.simulator import Simulator
from tests.simulator.framing import BINARY, TEXT, frame
from tests.support.venues.failing_links import (
    KEYS,
    PATIENT,
    assert_nothing_went_back,
    exchange,
    holding,
    opened_positions,
)
from tests.support.venues.live_harness import HOLDING, LiveHarness, assert_same, noon, quick_login
from tests.support.venues.wire_samples import QUOTE, encode_packet

pytestmark = pytest.mark.slow

MANY = 3_000
SIZES = (0, 1, 50, 52, 122, 124, 378, 380, 443)


def send(sim: Simulator, *messages: tuple[int, bytes]) -> None:
    """Have the exchange send messages of our own to every client, one frame each."""

    def carry_out() -> None:
        for client in sim._floor.clients:
            for opcode, payload in messages:
                client.data(frame(opcode, payload))

    sim._do(carry_out)


def handmade(sim: Simulator, **other: float | bytes) -> tuple[int, bytes]:
    """A packet like the newest of the first instrument but for `other`; without a number of its own."""
    line = sim.lines[0]
    fields = {"sequence": 0, "exch_ms": line.exch_ms, "price": line.price, "quantity": 75}
    name = other.pop("token", line.token.encode())
    kind = int(other.pop("exchange_type", line.exchange_type))  # type: ignore[arg-type]
    packet = bytearray(encode_packet(QUOTE, kind, "", **(fields | other)))  # type: ignore[arg-type]
    assert isinstance(name, bytes)
    packet[2 : 2 + len(name)] = name
    return BINARY, bytes(packet)


def counted(live: LiveHarness, worked: int = 0, **bad: int) -> None:
    """Wait until every good packet and `worked` others were worked, and exactly `bad` were dropped; the link is the first."""
    sim = live.sim
    live.all_worked()
    frames = sim.counters.all_sent + worked + sum(bad.values())
    live.until(lambda: live.arrived >= sim.counters.all_sent + worked and live.view.bad == bad)
    assert live.arrived == sim.counters.all_sent + worked
    live.until(lambda: live.view.frames >= frames)
    assert len(live.ups) == 1
    assert live.losses == []


def bounded(script: str = "", count: int = 300) -> Simulator:
    """An exchange whose traffic ends after `count` packets."""
    sim = exchange(script)
    sim._pace._traffic._count = count
    return sim


def test_wrong_lengths_and_modes_cost_no_link(tmp_path: Path) -> None:
    script = "\n".join(f"at tick {100 + 10 * n}: length {size}" for n, size in enumerate(SIZES))
    script += "\nat tick 200: mode 0\nat tick 210: mode 5\nat tick 220: mode 255"
    with bounded(script) as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        counted(live, length=len(SIZES), mode=3)
        assert holding(live) == held
    assert len([note for note in live.notes if note.startswith("bad packet")]) == 2  # one of each kind
    assert_nothing_went_back(live)


def test_fields_that_cannot_be_and_texts_that_mean_nothing_cost_no_link(tmp_path: Path) -> None:
    with bounded() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        send(
            sim,
            handmade(sim, exchange_type=99),
            handmade(sim, token=b""),
            handmade(sim, token="४०००१".encode()),
            handmade(sim, token=b"4" * 25),  # no NUL behind it: a token, and nobody's
            handmade(sim, exchange_type=1),  # this token, of another exchange
            handmade(sim, exch_ms=-1),
            handmade(sim, price=2**63 - 1),
            handmade(sim, price=-(2**63)),
            handmade(sim, price=0),
            handmade(sim, buy_total=float("nan"), sell_total=float("inf")),  # totals that nobody looks at
            (TEXT, b"pong"),
            (TEXT, b"PONG"),
            (TEXT, b""),
            (TEXT, b"\xff\xfe"),
            (TEXT, b"[1,2]"),
            (TEXT, b'{"correlationID":"batch0","errorCode":"E1001","errorMessage":"Invalid \x1b[2J"}'),
            (BINARY, b"\x00"),
            (TEXT, b'{"correlationID":"batch0","errorCode":"E1001","errorMessage":"Invalid Request Payload"}'),
        )
        counted(live, 4, exchange=1, token=2, unknown_token=2, time=1, text=5, mode=1)
        assert holding(live) == held
        assert live.refused == {"too_large": 1, "non_positive": 2}
    assert "subscription refused: E1001 Invalid Request Payload, for" in " ".join(live.notes)
    assert not [note for note in live.notes if "\x1b" in note]
    assert_nothing_went_back(live)


@pytest.mark.parametrize("script", ["every 7 ticks: duplicate", "every 7 ticks: older"])
def test_repeated_and_late_packets_move_nothing(tmp_path: Path, script: str) -> None:
    fault = script.rpartition(" ")[2]
    with bounded(script) as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        counted(live, worked=300 // 7)
        assert holding(live) == held
        assert live.refused == {"duplicate" if fault == "duplicate" else "backwards": 300 // 7}
        assert [inst.last_price for inst in live.instrument_states] == [line.price for line in sim.lines]
    assert_same(live.verified())


def test_a_number_that_comes_too_late_moves_nothing_whatever_its_price(tmp_path: Path) -> None:
    with (
        bounded() as sim,
        LiveHarness(tmp_path, sim, *KEYS, "risk.base_sl_points=1", supply=quick_login(PATIENT)) as live,
    ):
        live.ticking()
        live.all_worked()
        exits = live.portfolio.trades
        line = sim.lines[0]
        send(sim, handmade(sim, sequence=line.sequence - 3, price=5))  # a crash that is old news
        live.until(lambda: live.refused.get("out_of_order") == 1)
        assert live.portfolio.trades == exits
        assert live.instrument_states[0].last_price == line.price
    assert_same(live.verified())


def test_numbers_that_jump_are_counted_where_they_are_chained(tmp_path: Path) -> None:
    script = "at tick 100: jump 3\nat tick 200: jump 5"
    keys = (*HOLDING, *noon(), "smartapi.sequence=chained")
    with bounded(script) as sim, LiveHarness(tmp_path, sim, *keys, supply=quick_login(PATIENT)) as live:
        live.ticking()
        counted(live)
        assert sum(inst.tick_filter.sequence_gaps for inst in live.instrument_states) == 2
        assert live.engine.snapshot.entries.halted in {"", BEHIND}  # a slow disk may hold entries back
    assert [each["missing"] for each in live.journal("SequenceGap")] == [3, 5]
    assert_same(live.verified())


def test_too_many_jumps_halt_entries_until_somebody_unlocks(tmp_path: Path) -> None:
    keys = (*HOLDING, *noon(), "smartapi.sequence=auto")
    script = "every 20 ticks: jump 1"
    with bounded(script, 500) as sim, LiveHarness(tmp_path, sim, *keys, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        counted(live)
        live.until(lambda: live.engine.snapshot.entries.halted == "10 gaps in the exchange's sequence")
        assert holding(live) == held  # exits go on, nothing is thrown away
        live.engine.send(Unlock(), 1)
        live.until(lambda: live.engine.snapshot.entries.halted == "")
    gaps = live.journal("SequenceGap")
    assert len(gaps) >= 10
    assert {each["missing"] for each in gaps} == {1}
    assert_same(live.verified())


def test_more_than_twenty_bad_packets_in_ten_seconds_make_a_new_link(tmp_path: Path, record_property) -> None:
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        send(sim, *[(BINARY, b"\x02short")] * 20)
        live.until(lambda: live.view.bad == {"length": 20})
        at_ns = time.perf_counter_ns()
        assert live.losses == []
        send(sim, (TEXT, b"instead of a packet"))
        live.ticking(times=2)
        assert holding(live) == held
        record_property("up_again_s", round((live.ups[1][0] - at_ns) / 1e9, 3))
    (loss,) = [loss.reason for _, loss in live.losses]
    assert loss.startswith("too many bad packets, the last: text")
    assert live.view.bad == {"length": 20, "text": 1}
    assert_nothing_went_back(live)


def test_many_packets_in_one_receipt_are_no_slow_handler(tmp_path: Path) -> None:
    keys = (*KEYS, "risk.max_positions_per_day=0", "engine.handler_budget_ms=20")  # the last of them wait longer
    with exchange(rate=20.0) as sim, LiveHarness(tmp_path, sim, *keys, supply=quick_login(PATIENT)) as live:
        live.ticking()
        for _ in range(3):
            before = live.arrived
            send(sim, *[handmade(sim)] * MANY)  # as on subscribing to many instruments: some µs each, and all at once
            live.until(lambda before=before: live.arrived >= before + MANY)
        live.two_beats()
        assert live.engine.switch.mode == "callback"


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step_s", [300, -300])
def test_a_clock_that_is_set_decides_nothing(tmp_path: Path, monkeypatch, step_s: int) -> None:
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        before_ms = live.engine.now_ms
        real = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: real() + step_s * 1_000_000_000)
        live.until(lambda: live.engine.turn._late_before_ns > 0)
        stepped_at = live.arrived
        live.until(lambda: live.arrived > stepped_at + 100)
        live.two_beats()
        assert holding(live) == held
        assert 0 <= live.engine.now_ms - before_ms < 60_000
        assert live.view.clock_ms is not None
        assert live.view.clock_ms == pytest.approx(-1000 * step_s, abs=5_000)  # what is wrong with it is shown
        live.engine.send(Flat("operator"), 1)
        live.until(lambda: holding(live) == [] and live.engine.snapshot.flat.state == "FLAT")
        live.engine.send(Unlock(), 2)
        live.until(lambda: len(holding(live)) == len(live.instrument_states))  # and entries are allowed again
    steps = [each["step_ms"] for each in live.journal("ClockStepped")]
    assert [round(step / 1000) for step in steps] == [step_s]
    assert live.losses == []
    assert not [tick for tick in live.recorded()[stepped_at:] if tick.flags & FLAG_LATE]
    assert_same(live.verified())
