"""A recording of a run at a real broker is replayed with a broker that says nothing, and comes out the same."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly import Run, build
from engine.backtest.verification import verify
from engine.model.commands import PauseEntries, ResumeEntries, Seek
from engine.model.events import TradeClosed
from engine.model.marks import DeskMark, InputMark, Mark
from engine.model.order_reports import Accepted, OrderAnswer, OrderSeen
from engine.recording import MqrSource
from engine.recording.format import SYNC, encode_mark
from engine.recording.info import inspect_file
from engine.trading.orders import desk
from tests.simulation.recorded import FAULTS, Files, recorded_run, same
from tests.simulation.recorded_histories import NOTHING_TRADED, told
from tests.simulation.trading_days import LIVELY, play, run_at_exchange, wandering
from tests.simulator.exchange.settings import Delays
from tests.support.builders import config
from tests.support.recorded_runs import after_seek, at_the_end, rewrite
from tests.support.thorough import every, examples
from tests.support.waiting import until


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run with faults of all kinds."""
    files = recorded_run(tmp_path_factory.mktemp("recorded"), wandering(300, step_ms=500), script=FAULTS)
    return files.paths[0]


def changed(path: Path, change: Callable[[OrderAnswer], OrderAnswer | None]) -> Path:
    """The recording with its answers changed (None: left out)."""

    def mark_of(mark: Mark) -> Mark | None:
        if not isinstance(mark, InputMark) or mark.answer is None:
            return mark
        answer = change(mark.answer)
        return None if answer is None else replace(mark, answer=answer)

    return rewrite(path, mark_of)


def test_it_comes_out_the_same(recording: Path) -> None:
    found = verify(recording, None, ())
    assert same(found), found.reason
    assert (found.exits_recorded > 5, found.checkpoints > 10) == (True, True)
    assert found.damage == ()


def test_what_it_holds_is_told(recording: Path) -> None:
    marks = inspect_file(MqrSource(recording)).marks
    assert marks["orders"] == 1
    assert marks["answer"] > 100
    assert marks["beat"] > 10


def test_an_answer_that_is_another_makes_a_difference_with_a_name(recording: Path) -> None:
    made: list[OrderSeen] = []

    def dearer(answer: OrderAnswer) -> OrderAnswer:
        if isinstance(answer, OrderSeen) and answer.report.filled and not made:
            made.append(answer)
            return replace(answer, report=replace(answer.report, average=answer.report.average + 5))
        return answer

    found = verify(changed(recording, dearer), None, ())
    assert found.outcome == "different"
    assert "orders." in found.reason or "exit" in found.reason


def test_an_answer_that_is_missing_makes_a_difference(recording: Path) -> None:
    def lost(answer: OrderAnswer) -> OrderAnswer | None:
        return None if isinstance(answer, OrderSeen) else answer

    assert verify(changed(recording, lost), None, ()).outcome == "different"


def test_each_file_of_a_run_that_goes_on_in_another_comes_out_the_same(tmp_path: Path) -> None:
    stream = wandering(300, step_ms=500)
    files = Files(tmp_path)
    run = run_at_exchange(stream, script=FAULTS, delays=Delays(), recorder=files.recorder, checkpoint_ticks=20)
    for number, each in enumerate(stream, 1):
        play(run, [each])
        if len(files.paths) < 5 and number > 50 * len(files.paths) and run.trader.orders.desk.blotter.open:
            files.go_on(run)
    assert len(files.paths) == 5
    run.end()
    found = files.verified()
    assert [each.reason for each in found if not same(each)] == []
    assert sum(each.exits_recorded for each in found) == len(run.events_of(TradeClosed))


def test_seeking_back_and_forth_comes_out_the_same(recording: Path, tmp_path: Path) -> None:
    rules = (*LIVELY, "replay.snapshot_ticks=30", "recording.enabled=off")
    run: Run
    with build(config(*rules), MqrSource(recording), "replay", speed=0.0, paused=True, state_root=tmp_path) as run:
        run.engine.start()
        for target in (200, 40, 171, 33, 0, 290, 100, 299):
            assert after_seek(run, target).difference == "", target
        run.engine.send(Seek(1000))
        view = at_the_end(run)
    assert (view.same, view.difference, view.incomparable) == (view.total, "", "")


def test_a_replay_shows_the_orders_as_they_were(recording: Path, tmp_path: Path) -> None:
    rules = (*LIVELY, "replay.snapshot_ticks=30", "recording.enabled=off")
    run: Run
    with build(config(*rules), MqrSource(recording), "replay", speed=0.0, paused=True, state_root=tmp_path) as run:
        run.engine.start()
        after_seek(run, 300)
        until(lambda: run.engine.snapshot.ticks == 300)
        seen = run.engine.snapshot
        after_seek(run, 0)
        until(lambda: not run.engine.snapshot.ticks)
        before = run.engine.snapshot
    assert {order.purpose for order in seen.orders} == {"ENTRY", "EXIT"}
    assert len(seen.orders) > 10
    assert seen.live is not None
    assert seen.live.budget.day == len(seen.orders)
    assert (before.orders, before.live is None, seen.broker_account) == ((), False, "")


def test_behind_a_command_of_ones_own_it_is_another_run_and_before_it_the_recorded_one(
    recording: Path, tmp_path: Path
) -> None:
    rules = (*LIVELY, "replay.snapshot_ticks=30", "recording.enabled=off")
    run: Run
    with build(config(*rules), MqrSource(recording), "replay", speed=0.0, paused=True, state_root=tmp_path) as run:
        engine = run.engine
        engine.start()
        after_seek(run, 150)
        for command in (PauseEntries(), ResumeEntries()):
            engine.send(command)
        assert after_seek(run, 250).incomparable == "a command was given at tick 150"
        assert after_seek(run, 100).incomparable == ""
        engine.send(Seek(1000))
        view = at_the_end(run)
    assert (view.same, view.difference, view.incomparable) == (view.total, "", "")


def test_a_replay_that_is_recorded_itself_comes_out_the_same_again(recording: Path, tmp_path: Path) -> None:
    rules = (*LIVELY, "recording.enabled=on", f"recording.directory={tmp_path / 'again'}")
    run: Run
    with build(config(*rules), MqrSource(recording), "replay", speed=0.0, state_root=tmp_path / "state") as run:
        run.engine.start()
        assert at_the_end(run).difference == ""
    (again,) = (tmp_path / "again").iterdir()
    found = verify(again, None, ())
    assert (found.outcome, found.reason, found.exits_same) == ("same", "", verify(recording, None, ()).exits_same)


def test_under_other_rules_its_ticks_are_traded_on_paper(recording: Path, tmp_path: Path) -> None:
    found = verify(recording, None, ("risk.base_sl_points=5",))
    assert (found.outcome, found.reason) == ("not comparable", "base_sl_points 3→5")
    assert len(found.exits) > 0


def test_one_that_does_not_say_how_its_orders_began_is_not_comparable(recording: Path) -> None:
    found = verify(rewrite(recording, lambda mark: None if isinstance(mark, DeskMark) else mark), None, ())
    assert found.outcome == "not comparable"
    assert found.reason == "its orders were real, and it does not say with what they began"


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "yesterday"},
        {"salt": "?"},
        {"run": -1},
        {"state": "{}"},
        {"state": "nonsense"},
        {"state": '{"limits":{}}'},
        {"state": None},
    ],
)
def test_what_it_says_of_its_orders_and_cannot_be_is_one_line(recording: Path, wrong: dict[str, object]) -> None:
    def wrongly(mark: Mark) -> Mark:
        if not isinstance(mark, DeskMark):
            return mark
        more = {"state": mark.state.replace('"net":[0]', '"net":[0,0]')} if wrong == {"state": None} else wrong
        return replace(mark, **more)

    path = rewrite(recording, wrongly)
    found = verify(path, None, ())
    assert found.outcome == "unreadable"
    assert "what it says of the orders that it begins with cannot be" in found.reason
    assert "\n" not in found.reason


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, examples(60) + 1))
def test_whatever_happens_it_comes_out_the_same_wherever_one_seeks(seed: int) -> None:
    assert told(seed) in {"", NOTHING_TRADED}


def test_cut_off_by_a_kill_anywhere_it_comes_out_the_same_or_says_that_there_is_nothing_to_compare(
    tmp_path: Path,
) -> None:
    stream, files, cut = wandering(16), Files(tmp_path), tmp_path / "cut.mqr"
    run = run_at_exchange(stream, delays=Delays(), recorder=files.recorder, checkpoint_ticks=1_000)
    for tick in stream:
        play(run, [tick])
        until(lambda: not files.recorder.waiting)
    files.recorder.close()
    whole = files.paths[0].read_bytes()
    outcomes = []
    for block in every(3, [*re.finditer(re.escape(SYNC), whole)]):
        cut.write_bytes(whole[: block.start()])
        found = verify(cut, None, ())
        outcomes.append((found.outcome, found.blank, same(found)))
        assert ("nothing to compare with" in found.reason) == found.blank
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {("not comparable", True, False), ("same", False, True)}


def test_a_long_state_stands_in_several_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_PIECE", 3_000)
    stream = wandering(120, step_ms=500)
    files = Files(tmp_path)
    run = run_at_exchange(stream, delays=Delays(), recorder=files.recorder, checkpoint_ticks=20)
    play(run, stream[:90])
    files.go_on(run)
    play(run, stream[90:]).end()
    assert all(same(found) for found in files.verified())
    marks = list(MqrSource(files.paths[1]).marks())
    assert sum(isinstance(mark, DeskMark) for mark in marks) > 1


@pytest.mark.slow
def test_what_is_recorded_beside_the_ticks_of_a_day_of_orders_stays_small(tmp_path: Path) -> None:
    files = recorded_run(tmp_path, wandering(3_600), "risk.max_positions_per_day=75")
    marks = list(MqrSource(files.paths[0]).marks())
    placed = [mark for mark in marks if isinstance(mark, InputMark) and isinstance(mark.answer, Accepted)]
    assert len(placed) > 140
    assert len(marks) < 3_000
    assert sum(len(encode_mark(mark)) for mark in marks if isinstance(mark, InputMark)) < 700_000
    assert max(len(encode_mark(mark)) for mark in marks) < 5_000


def test_an_answer_that_no_broker_gives_is_one_line(recording: Path) -> None:
    def strange(answer: OrderAnswer) -> OrderAnswer:
        if isinstance(answer, OrderSeen):
            return replace(answer, report=replace(answer.report, instrument=7, tag=f"{answer.report.tag[:-2]}9E"))
        return answer

    found = verify(changed(recording, strange), None, ())
    assert found.outcome == "not comparable"
    assert found.reason == "a broker's answer in it speaks of an instrument beyond those of its header"
