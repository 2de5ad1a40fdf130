"""The same trades and the same state, however the ticks come: three deliveries, any speed, switched, paused, sought."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from engine.assembly import build
from engine.config import bundled
from engine.model.clock import VirtualClock
from engine.model.commands import (
    Flat,
    Play,
    Seek,
    Stall,
    Step,
    Stop,
    SwitchDelivery,
    Unlock,
)
from engine.model.errors import EXIT_FAULT
from engine.model.snapshot import Snapshot
from engine.model.types import DELIVERIES, Tick
from engine.recording import MqrSource
from tests.support.builders import EAGER, ListSource, config, ms, nifty, ticks
from tests.support.day_replays import result, start
from tests.support.waiting import PATIENCE_S, until, until_turn


@pytest.mark.slow
@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("speed", [0.0, 1000.0])
def test_delivery_and_speed_change_nothing(tmp_path, day_result, delivery, speed):
    with start(tmp_path, None, f"engine.delivery={delivery}", speed=speed, pace=VirtualClock()) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert result(run) == day_result
        assert run.engine.snapshot.merged == 0


class Switching(MqrSource):
    """Asks for the next delivery mode every 1,000 ticks."""

    engine = None

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        for each in super().ticks(first):
            if each.seq % 1000 == 0:
                self.engine.send(SwitchDelivery(DELIVERIES[each.seq // 1000 % 3]))
            yield each


def test_switching_every_thousand_ticks_loses_nothing(tmp_path, day_result):
    source = Switching(bundled("nifty-synthetic.mqr"))
    # The source is never so far ahead that it asks again before it was done, and a drain never too slow.
    chosen = config("engine.inbox_size=500", "engine.switch_drain_ms=10000")
    run = build(chosen, source, "replay", speed=0.0, state_root=tmp_path)
    source.engine = run.engine
    with run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert result(run) == day_result
        snapshot = run.engine.snapshot
        assert all(line.endswith("0 lost") for line in snapshot.outcomes)
        assert len(snapshot.outcomes) == 16
        assert len(snapshot.epochs) == 9
        log = (tmp_path / "engine.log").read_text()
        assert log.count(", 0 lost") == 32


def test_flat_on_a_standing_replay_closes_verifies_and_stays_locked(tmp_path):
    stream = ticks([99.0, 100.0, 101.0, 102.0, 103.0])
    with start(tmp_path, ListSource(stream), *EAGER, paused=True) as run:
        engine = run.engine
        engine.send(Step(3))
        until_turn(engine, lambda: engine.cursor.last_seq == 3)
        assert run.trader.state.portfolio.net(0) > 0
        engine.send(Flat("test"))
        until(lambda: engine.snapshot.flat.state == "FLAT")
        assert run.trader.state.portfolio.net(0) == 0
        assert engine.snapshot.entries.locked == "flat: test"
        engine.send(Play())
        assert engine.wait(PATIENCE_S)
        assert run.trader.state.portfolio.entries == 1
        engine.send(Unlock())
        until(lambda: engine.snapshot.entries.locked == "")


def test_commands_overtake_waiting_ticks(tmp_path):
    """A lock sent while a thousand ticks wait is in force before the next of them."""

    class Locking(ListSource):
        engine = None

        def ticks(self, first=1):
            for each in super().ticks(first):
                if each.seq == 900:
                    self.engine.send(Flat("now"))
                yield each

    rising = ListSource([])
    source = Locking(ticks([100.0 + (i % 7) for i in range(900)], step_ms=500))
    run = build(
        config(*EAGER, "engine.delivery=polling", "engine.poll_interval_ms=10000"),
        source,
        "replay",
        speed=0.0,
        state_root=tmp_path,
    )
    source.engine = run.engine
    assert rising.count() == 0
    with run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        assert run.trader.state.portfolio.entries == 0
        assert run.trader.state.gate.locked == "flat: now"


def test_a_raising_trader_halts_entries_and_falls_back_to_queued(tmp_path, monkeypatch):
    stream = ListSource(ticks([99.0, 100.0, 101.0, 102.0, 80.0, 81.0]))
    run = build(config(*EAGER, "engine.delivery=callback"), stream, "replay", speed=0.0, state_root=tmp_path)
    original = type(run.trader).on_tick

    def sometimes(self, each):
        if each.seq in {3, 4}:
            raise RuntimeError("bug")
        return original(self, each)

    monkeypatch.setattr(type(run.trader), "on_tick", sometimes)
    with run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert run.engine.switch.mode == "queued"
        assert run.trader.state.faults == 2
        assert [trade.reason for trade in run.engine.exits.newest] == ["Stop Loss"]
        assert run.trader.state.gate.halted == "trader raised RuntimeError"
        assert "raised at tick 3" in (tmp_path / "engine.log").read_text()


def test_a_broken_engine_locks_tells_and_ends_with_its_status(tmp_path, monkeypatch):
    run = build(config(*EAGER), ListSource(ticks([99.0, 100.0])), "replay", speed=0.0, state_root=tmp_path)

    def broken(*_):
        raise RuntimeError("edge")

    monkeypatch.setattr(type(run.engine._parts.effects), "carry_out", broken)
    with run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        assert run.engine.status.exit_status == EXIT_FAULT
        assert run.trader.state.gate.locked == "engine fault"
        monkeypatch.undo()
    log = (tmp_path / "engine.log").read_text()
    assert "engine failed: RuntimeError: edge" in log
    assert "Traceback" in log


def test_stop_ends_a_waiting_replay(tmp_path):
    with start(tmp_path, ListSource(ticks([100.0] * 5, step_ms=3_600_000)), speed=1.0) as run:
        run.engine.send(Stop())
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert run.engine.snapshot.stopped


def test_a_snapshot_goes_through_a_wire_and_back(tmp_path):
    with start(tmp_path, None, "strategy.use_vwap=true", "strategy.use_bollinger_bands=true") as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.send(Seek(10_000))
        until_turn(run.engine, lambda: run.engine.cursor.last_seq == 10_000)
        run.engine.stop()
        snapshot = run.engine.snapshot
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot) == snapshot
        assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot
        assert snapshot.ticks == 10_000
        assert snapshot.quotes[0].last > 0


def test_snapshots_are_painted_at_most_twenty_times_a_second(tmp_path):
    begun_s = time.perf_counter()
    with start(tmp_path) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        passed_s = time.perf_counter() - begun_s
        seconds = sum(epoch.stages["receive→decision"].count for epoch in run.engine.snapshot.epochs) / 32_664
        assert seconds == 1
        assert run.engine.snapshot.number < 20 * passed_s + 20


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_every_stage_is_measured_one_tick_in_sixteen(tmp_path, delivery):
    with start(tmp_path, None, f"engine.delivery={delivery}") as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        stages = run.engine.snapshot.epochs[-1].stages
        assert stages["receive→decision"].count == 32_664
        sampled = {"wait", "decide", "act"} | ({"receive→inbox"} if delivery != "callback" else set())
        assert {name: stages[name].count for name in sampled} == dict.fromkeys(sampled, 32_664 // 16)
        assert stages["tick→order"].count == len(run.engine.exits.newest) + run.trader.state.portfolio.entries


def test_refused_ticks_are_counted_with_the_first_of_each(tmp_path):
    stream = ticks([100.0, 0.0, 0.0, -1.0, 100.0])
    stream[4].exch_ms = ms("09:00:00")
    with start(tmp_path, ListSource(stream, (nifty(),))) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert run.engine.snapshot.refused == {"non_positive": 3, "backwards": 1}
        assert run.trader.state.first_refused == {"non_positive": 2, "backwards": 5}


def test_a_flat_leaves_a_receipt_in_log_and_file(tmp_path):
    with start(tmp_path, ListSource(ticks([99.0, 100.0, 101.0])), *EAGER) as run:
        engine = run.engine
        assert engine.wait(PATIENCE_S)
        engine.send(Flat("test"))
        until(lambda: engine.snapshot.flat.receipt != ())
        view = engine.snapshot.flat
        assert [leg.word for leg in view.legs] == ["DONE"]
        assert view.receipt[-1] == "  unresolved: nothing"
        until(lambda: list((tmp_path / "state").glob("flat-*.txt")) != [])
        (file,) = (tmp_path / "state").glob("flat-*.txt")
        until(lambda: file.read_text() == "\n".join(view.receipt) + "\n")
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_stall_stops_the_beat_and_it_comes_back(tmp_path):
    with start(tmp_path, ListSource(ticks([100.0]))) as run:
        beats = run.engine.stats.beats
        run.engine.send(Stall(0.05))
        until(lambda: run.engine.stats.beats > beats + 1)
