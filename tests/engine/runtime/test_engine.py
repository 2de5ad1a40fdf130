"""The same trades and the same state, however the ticks come: three deliveries, any speed, switched, paused, sought."""

from collections.abc import Callable, Iterator
from threading import Event

import msgspec
import pytest

from engine.assembly import Run, build
from engine.config import bundled
from engine.model.clock import VirtualClock
from engine.model.commands import (
    Bookmark,
    Flat,
    Hold,
    PauseEntries,
    Play,
    Seek,
    SeekEvent,
    SeekTime,
    SetSpeed,
    SkipSilence,
    Stall,
    Step,
    Stop,
    SwitchDelivery,
    Unlock,
)
from engine.model.errors import EXIT_FAULT
from engine.model.snapshot import Snapshot
from engine.model.state import state_hash
from engine.model.types import DELIVERIES, Tick
from engine.recording import MqrSource
from tests.support.builders import EAGER, ListSource, config, ms, nifty, ticks

DAY_HASH: dict[str, str] = {}


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about; fails when it never does."""
    pause = Event()
    for _ in range(20_000):
        if condition():
            return
        pause.wait(0.001)
    raise AssertionError("it never came")


def whole_day() -> MqrSource:
    return MqrSource(bundled("nifty-synthetic.mqr"))


def result(run: Run) -> tuple[int, int, str]:
    book = run.trader.state.book
    return book.entries, len(run.engine.exits.newest), state_hash(run.trader.dump())


@pytest.fixture(scope="module")
def day_result(tmp_path_factory) -> tuple[int, int, str]:
    """What the bundled day comes to in the default delivery."""
    with build(config(), whole_day(), "replay", speed=0.0, state_root=tmp_path_factory.mktemp("state")) as run:
        run.engine.start()
        assert run.engine.wait(60)
        run.engine.stop()
        assert len(run.engine.exits.newest) > 50
        return result(run)


def start(tmp_path, source=None, *overrides, **options) -> Run:
    run = build(
        config(*overrides),
        source or whole_day(),
        "replay",
        **({"speed": 0.0, "state_root": tmp_path / "state"} | options),
    )
    run.engine.start()
    return run


@pytest.mark.slow
@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("speed", [0.0, 1000.0])
def test_delivery_and_speed_change_nothing(tmp_path, day_result, delivery, speed):
    with start(tmp_path, None, f"engine.delivery={delivery}", speed=speed, pace=VirtualClock()) as run:
        assert run.engine.wait(60)
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
    run = build(config(), source, "replay", speed=0.0, state_root=tmp_path)
    source.engine = run.engine
    with run:
        run.engine.start()
        assert run.engine.wait(60)
        run.engine.stop()
        assert result(run) == day_result
        snapshot = run.engine.snapshot
        assert all(line.endswith("0 lost") for line in snapshot.outcomes)
        assert len(snapshot.outcomes) == 16
        assert len(snapshot.epochs) == 9
        log = (tmp_path / "engine.log").read_text()
        assert log.count(", 0 lost") == 32


def test_seeking_back_and_forth_ends_the_same(tmp_path, day_result):
    with start(tmp_path) as run:
        engine = run.engine
        assert engine.wait(60)
        for target in (20_000, 4_999, 30_001, 5_000, 12, 0, 17_777):
            engine.send(Hold())
            engine.send(Seek(target))
            until(lambda target=target: engine.cursor.last_seq == target and not engine.turn.inputs)
        engine.send(Play())
        until(lambda: engine.cursor.last_seq == 32_664)
        engine.stop()
        assert result(run) == day_result


def test_a_seek_is_exact_and_equals_running_there(tmp_path):
    stream = list(whole_day().ticks())[:9_000]
    with start(tmp_path / "a", ListSource(stream[:7_321]), "replay.snapshot_ticks=1000") as run:
        assert run.engine.wait(60)
        expected = state_hash(run.trader.dump())
        trades = len(run.engine.exits.newest)
    with start(tmp_path / "b", ListSource(stream), "replay.snapshot_ticks=1000") as run:
        engine = run.engine
        assert engine.wait(60)
        engine.send(Hold())
        engine.send(Seek(7_321))
        until(lambda: engine.cursor.last_seq == 7_321 and engine.cursor.expected == -1)
        assert state_hash(run.trader.dump()) == expected
        assert len(engine.exits.newest) == trades
        engine.send(Step(1))
        until(lambda: engine.cursor.last_seq == 7_322)
        engine.send(Step(-1))
        until(lambda: engine.cursor.last_seq == 7_321 and engine.cursor.expected == -1)
        assert state_hash(run.trader.dump()) == expected
        engine.send(SeekTime(stream[7_320].exch_ms - 1))
        until(lambda: engine.cursor.last_seq != 7_321 and engine.cursor.expected == -1)
        assert stream[engine.cursor.last_seq].exch_ms == stream[7_320].exch_ms


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_paused_stepped_and_played_on(tmp_path, delivery):
    stream = ticks([100.0] * 30)
    with start(tmp_path, ListSource(stream), f"engine.delivery={delivery}", paused=True) as run:
        engine = run.engine
        assert engine.cursor.last_seq == 0
        engine.send(Step(3))
        until(lambda: engine.cursor.last_seq == 3)
        engine.send(Step(1))
        until(lambda: engine.cursor.last_seq == 4)
        engine.send(SetSpeed(0.0))
        engine.send(SkipSilence(on=True))
        engine.send(Play())
        assert engine.wait(30)
        until(lambda: engine.snapshot.replay is not None and engine.snapshot.replay.ended)
        view = engine.snapshot.replay
        assert (view.tick, view.playing, view.skip_silence) == (30, False, True)


def test_flat_on_a_standing_replay_closes_verifies_and_stays_locked(tmp_path):
    stream = ticks([99.0, 100.0, 101.0, 102.0, 103.0])
    with start(tmp_path, ListSource(stream), *EAGER, paused=True) as run:
        engine = run.engine
        engine.send(Step(3))
        until(lambda: engine.cursor.last_seq == 3)
        assert run.trader.state.book.net(0) > 0
        engine.send(Flat("test"))
        until(lambda: engine.snapshot.flat.state == "FLAT")
        assert run.trader.state.book.net(0) == 0
        assert engine.snapshot.entries.locked == "flat: test"
        engine.send(Play())
        assert engine.wait(30)
        assert run.trader.state.book.entries == 1
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
    run = build(config(*EAGER, "engine.poll_interval_ms=10000"), source, "replay", speed=0.0, state_root=tmp_path)
    source.engine = run.engine
    assert rising.count() == 0
    with run:
        run.engine.start()
        assert run.engine.wait(30)
        assert run.trader.state.book.entries == 0
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
        assert run.engine.wait(30)
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

    monkeypatch.setattr(type(run.engine._effects), "carry_out", broken)
    with run:
        run.engine.start()
        assert run.engine.wait(30)
        assert run.engine.status.exit_status == EXIT_FAULT
        assert run.trader.state.gate.locked == "engine fault"
        monkeypatch.undo()
    log = (tmp_path / "engine.log").read_text()
    assert "engine failed: RuntimeError: edge" in log
    assert "Traceback" in log


def test_stop_ends_a_waiting_replay(tmp_path):
    with start(tmp_path, ListSource(ticks([100.0] * 5, step_ms=3_600_000)), speed=1.0) as run:
        run.engine.send(Stop())
        assert run.engine.wait(30)
        run.engine.stop()
        assert run.engine.snapshot.stopped


def test_a_snapshot_goes_through_a_wire_and_back(tmp_path):
    with start(tmp_path, None, "strategy.use_vwap=true", "strategy.use_bollinger_bands=true") as run:
        assert run.engine.wait(60)
        run.engine.send(Seek(10_000))
        until(lambda: run.engine.cursor.last_seq == 10_000)
        run.engine.stop()
        snapshot = run.engine.snapshot
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot) == snapshot
        assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot
        assert snapshot.ticks == 10_000
        assert snapshot.quotes[0].last > 0


def test_snapshots_are_painted_at_most_twenty_times_a_second(tmp_path):
    with start(tmp_path) as run:
        assert run.engine.wait(60)
        run.engine.stop()
        seconds = sum(epoch.stages["receive→decision"].count for epoch in run.engine.snapshot.epochs) / 32_664
        assert seconds == 1
        assert run.engine.snapshot.number < 400


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_every_stage_is_measured_one_tick_in_sixteen(tmp_path, delivery):
    with start(tmp_path, None, f"engine.delivery={delivery}") as run:
        assert run.engine.wait(60)
        run.engine.stop()
        stages = run.engine.snapshot.epochs[-1].stages
        assert stages["receive→decision"].count == 32_664
        sampled = {"wait", "decide", "act"} | ({"receive→inbox"} if delivery != "callback" else set())
        assert {name: stages[name].count for name in sampled} == dict.fromkeys(sampled, 32_664 // 16)
        assert stages["tick→order"].count == len(run.engine.exits.newest) + run.trader.state.book.entries


def test_refused_ticks_are_counted_with_the_first_of_each(tmp_path):
    stream = ticks([100.0, 0.0, 0.0, -1.0, 100.0])
    stream[4].exch_ms = ms("09:00:00")
    with start(tmp_path, ListSource(stream, (nifty(),))) as run:
        assert run.engine.wait(30)
        run.engine.stop()
        assert run.engine.snapshot.refused == {"non_positive": 3, "backwards": 1}
        assert run.trader.state.first_refused == {"non_positive": 2, "backwards": 5}


def test_a_flat_leaves_a_receipt_in_log_and_file(tmp_path):
    with start(tmp_path, ListSource(ticks([99.0, 100.0, 101.0])), *EAGER) as run:
        engine = run.engine
        assert engine.wait(30)
        engine.send(Flat("test"))
        until(lambda: engine.snapshot.flat.receipt != ())
        view = engine.snapshot.flat
        assert [leg.word for leg in view.legs] == ["DONE"]
        assert view.receipt[-1] == "  unresolved: nothing"
        until(lambda: list((tmp_path / "state").glob("flat-*.txt")) != [])
        (file,) = (tmp_path / "state").glob("flat-*.txt")
        until(lambda: file.read_text() == "\n".join(view.receipt) + "\n")
        assert file.stat().st_mode & 0o777 == 0o600


def test_going_back_is_no_way_round_the_lock(tmp_path):
    with start(tmp_path, ListSource(ticks([99.0, 100.0, 101.0, 102.0])), *EAGER, paused=True) as run:
        engine = run.engine
        engine.send(Step(3))
        until(lambda: engine.cursor.last_seq == 3)
        engine.send(Flat("test"))
        engine.send(PauseEntries())
        until(lambda: engine.snapshot.flat.state == "FLAT")
        engine.send(Seek(0))
        until(lambda: engine.cursor.last_seq == 0)
        assert engine.snapshot.entries.locked == "flat: test"
        assert engine.snapshot.entries.paused
        engine.send(Unlock())
        engine.send(Step(1))
        engine.send(Step(-1))
        until(lambda: engine.cursor.last_seq == 0 and not engine.turn.inputs)
        assert run.trader.state.gate.locked == ""


def test_a_run_that_is_recorded_only_goes_forward(tmp_path):
    options = ("recording.enabled=on", f"recording.directory={tmp_path / 'rec'}")
    with start(tmp_path, ListSource(ticks([100.0] * 20)), *options) as run:
        engine = run.engine
        assert engine.wait(30)
        engine.send(Seek(5))
        until(lambda: any("going back refused" in line for line in engine.snapshot.outcomes))
        assert engine.cursor.last_seq == 20


def test_next_and_previous_event(tmp_path):
    with start(tmp_path, None, paused=True) as run:
        engine = run.engine
        kinds = []
        for _ in range(3):
            before = engine.cursor.last_seq
            engine.send(SeekEvent(forward=True))
            until(lambda before=before: engine.cursor.last_seq > before and engine.cursor.expected == -1)
            kinds.append([event.kind for event in engine.playback._timeline.events][-1])
        assert kinds == ["entry", "exit", "exit"]
        last = engine.cursor.last_seq
        engine.send(Bookmark("here"))
        engine.send(SeekEvent(forward=False))
        until(lambda: engine.cursor.last_seq < last and engine.cursor.expected == -1)
        assert engine.cursor.last_seq == engine.playback._timeline.events[1].tick
        engine.send(SeekEvent(forward=True))
        until(lambda: engine.cursor.last_seq == last and engine.cursor.expected == -1)
        assert [event.text for event in engine.playback._timeline.events if event.kind == "bookmark"] == ["here"]


def test_the_chart_has_a_point_every_few_seconds_and_forgets_the_future(tmp_path):
    with start(tmp_path) as run:
        engine = run.engine
        assert engine.wait(60)
        whole = engine.history(0)
        assert 3_500 < len(whole) < 4_700
        engine.send(Seek(10_000))
        until(lambda: engine.cursor.last_seq == 10_000)
        assert engine.history(0)[-1][0] <= engine.now_ms
        engine.send(Play())
        until(lambda: engine.cursor.last_seq == 32_664)
        assert len(engine.history(0)) == pytest.approx(len(whole), abs=3)


def test_a_stall_stops_the_beat_and_it_comes_back(tmp_path):
    with start(tmp_path, ListSource(ticks([100.0]))) as run:
        beats = run.engine.stats.beats
        run.engine.send(Stall(0.05))
        until(lambda: run.engine.stats.beats > beats + 1)
