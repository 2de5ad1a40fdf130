"""A replay that is paused, stepped, sought and played on: exact at every tick, and the same in the end."""

from pathlib import Path

import pytest

from engine.assembly import build
from engine.model.bars import HIGH, VOLUME
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
    Step,
    Unlock,
)
from engine.model.state import state_hash
from engine.model.types import DELIVERIES
from tests.support.builders import EAGER, ListSource, config, ms, nifty, tick, ticks
from tests.support.day_replays import result, start, whole_day
from tests.support.waiting import PATIENCE_S, until, until_turn


def test_seeking_back_and_forth_ends_the_same(tmp_path, day_result):
    with start(tmp_path) as run:
        engine = run.engine
        assert engine.wait(PATIENCE_S)
        for target in (20_000, 4_999, 30_001, 5_000, 12, 0, 17_777):
            engine.send(Hold())
            engine.send(Seek(target))
            until_turn(engine, lambda target=target: engine.cursor.last_seq == target and not engine.turn.inputs)
        engine.send(Play())
        until_turn(engine, lambda: engine.cursor.last_seq == 32_664)
        engine.stop()
        assert result(run) == day_result


def test_a_seek_is_exact_and_equals_running_there(tmp_path):
    stream = list(whole_day().ticks())[:9_000]
    with start(tmp_path / "a", ListSource(stream[:7_321]), "replay.snapshot_ticks=1000") as run:
        assert run.engine.wait(PATIENCE_S)
        expected = state_hash(run.trader.state.dump())
        trades = len(run.engine.exits.newest)
    with start(tmp_path / "b", ListSource(stream), "replay.snapshot_ticks=1000") as run:
        engine = run.engine
        assert engine.wait(PATIENCE_S)
        engine.send(Hold())
        engine.send(Seek(7_321))
        until_turn(engine, lambda: engine.cursor.last_seq == 7_321 and engine.cursor.expected == -1)
        assert state_hash(run.trader.state.dump()) == expected
        assert len(engine.exits.newest) == trades
        engine.send(Step(1))
        until_turn(engine, lambda: engine.cursor.last_seq == 7_322)
        engine.send(Step(-1))
        until_turn(engine, lambda: engine.cursor.last_seq == 7_321 and engine.cursor.expected == -1)
        assert state_hash(run.trader.state.dump()) == expected
        engine.send(SeekTime(stream[7_320].exch_ms - 1))
        # On its way it stands at a saved state for a moment, with nothing expected either.
        until_turn(
            engine,
            lambda: stream[engine.cursor.last_seq].exch_ms == stream[7_320].exch_ms and engine.cursor.expected == -1,
        )


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_paused_stepped_and_played_on(tmp_path, delivery):
    stream = ticks([100.0] * 30)
    with start(tmp_path, ListSource(stream), f"engine.delivery={delivery}", paused=True) as run:
        engine = run.engine
        assert engine.cursor.last_seq == 0
        engine.send(Step(3))
        until_turn(engine, lambda: engine.cursor.last_seq == 3)
        engine.send(Step(1))
        until_turn(engine, lambda: engine.cursor.last_seq == 4)
        engine.send(SetSpeed(0.0))
        engine.send(SkipSilence(on=True))
        engine.send(Play())
        assert engine.wait(PATIENCE_S)
        until(lambda: engine.snapshot.replay is not None and engine.snapshot.replay.ended)
        view = engine.snapshot.replay
        assert (view.tick, view.playing, view.skip_silence) == (30, False, True)


def test_going_back_is_no_way_round_the_lock(tmp_path):
    with start(tmp_path, ListSource(ticks([99.0, 100.0, 101.0, 102.0])), *EAGER, paused=True) as run:
        engine = run.engine
        engine.send(Step(3))
        until_turn(engine, lambda: engine.cursor.last_seq == 3)
        engine.send(Flat("test"))
        engine.send(PauseEntries())
        until(lambda: engine.snapshot.flat.state == "FLAT")
        engine.send(Seek(0))
        until_turn(engine, lambda: engine.cursor.last_seq == 0)
        assert engine.snapshot.entries.locked == "flat: test"
        assert engine.snapshot.entries.paused
        engine.send(Unlock())
        engine.send(Step(1))
        engine.send(Step(-1))
        until_turn(engine, lambda: engine.cursor.last_seq == 0 and not engine.turn.inputs)
        assert run.trader.state.gate.locked == ""


def test_a_run_that_is_recorded_only_goes_forward(tmp_path):
    options = ("recording.enabled=on", f"recording.directory={tmp_path / 'rec'}")
    with start(tmp_path, ListSource(ticks([100.0] * 20)), *options) as run:
        engine = run.engine
        assert engine.wait(PATIENCE_S)
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
            until_turn(engine, lambda before=before: engine.cursor.last_seq > before and engine.cursor.expected == -1)
            kinds.append([event.kind for event in engine.playback._parts.timeline.events][-1])
        assert kinds == ["entry", "exit", "exit"]
        last = engine.cursor.last_seq
        engine.send(Bookmark("here"))
        engine.send(SeekEvent(forward=False))
        until_turn(engine, lambda: engine.cursor.last_seq == engine.playback._parts.timeline.events[1].tick)
        engine.send(SeekEvent(forward=True))
        until_turn(engine, lambda: engine.cursor.last_seq == last and engine.cursor.expected == -1)
        assert [event.text for event in engine.playback._parts.timeline.events if event.kind == "bookmark"] == ["here"]


def test_the_chart_has_the_whole_day_and_forgets_the_future(tmp_path):
    with start(tmp_path) as run:
        engine = run.engine
        assert engine.wait(PATIENCE_S)
        whole = engine.history(0)
        assert 370 < len(whole) <= 400
        engine.send(Seek(10_000))
        until_turn(engine, lambda: engine.cursor.last_seq == 10_000)
        at_ms = engine.now_ms
        assert engine.history(0)[-1][0] <= at_ms
        engine.send(Play())
        until_turn(engine, lambda: engine.cursor.last_seq == 32_664)
        again = engine.history(0)
        assert len(again) == pytest.approx(len(whole), abs=2)
        assert max(bar[HIGH] for bar in again) == max(bar[HIGH] for bar in whole)
        assert {bar[:VOLUME] for bar in whole[:-1]} - {bar[:VOLUME] for bar in again} <= {
            bar[:VOLUME] for bar in whole if bar[0] <= at_ms < bar[0] + 120_000
        }


def test_a_stretch_that_is_played_again_tells_the_same_silences_and_none_twice(tmp_path: Path) -> None:
    late_ms = {50: 3_000, 80: 4_000, 110: 8_100}  # each is news for another reason, or only counted
    stream, added_ms = ticks([100.0] * 400, step_ms=100), 0
    for number, each in enumerate(stream):
        added_ms += late_ms.get(number, 0)
        each.exch_ms += added_ms
    chosen = config("recording.enabled=off", "replay.snapshot_ticks=7", "risk.max_tick_gap_ms=1000")
    with build(chosen, ListSource(stream), "replay", speed=0, state_root=tmp_path) as run:
        engine = run.engine
        engine.start()
        until_turn(engine, lambda: engine.cursor.last_seq == 400)
        told = [(event.tick, event.text) for event in engine.playback._parts.timeline.events]
        assert told == [(51, "3.1 s"), (111, "8.2 s (and 1 before)")]
        engine.send(Seek(63))
        until_turn(engine, lambda: engine.cursor.last_seq == 63)
        engine.send(Play())
        until_turn(engine, lambda: engine.cursor.last_seq == 400)
        assert [(event.tick, event.text) for event in engine.playback._parts.timeline.events] == told


def _losing() -> ListSource:
    return ListSource(ticks([99, 100, *[60] * 40]))


def _losing_with_the_last_tick() -> ListSource:
    return ListSource(ticks([99, 100, 60]))


def _one_falls_silent() -> ListSource:
    stream = [tick(1, 99, "09:30:00"), tick(2, 100, "09:30:01")]
    stream += [tick(seq, 100, ms("09:30:00") + seq * 500, instrument=1) for seq in range(3, 120)]
    return ListSource(stream, (nifty(), nifty()))


@pytest.mark.parametrize("source", [_losing, _losing_with_the_last_tick, _one_falls_silent])
def test_a_flat_that_a_replay_begins_by_itself_ends_the_same_at_any_speed(tmp_path, source):
    rules = (*EAGER, "risk.base_sl_points=99", "risk.max_daily_loss=1000", 'operator.on_silence="flat"')
    found = set()
    for speed in (0.0, 1000.0):
        for delivery in DELIVERIES:
            where = {"speed": speed, "state_root": tmp_path / f"{speed:.0f}-{delivery}"}
            with start(tmp_path, source(), *rules, f"engine.delivery={delivery}", **where) as run:
                assert run.engine.wait(PATIENCE_S)
                run.engine.stop()
                assert run.trader.state.flat.shown == "FLAT"
                found.add(result(run))
    assert len(found) == 1
