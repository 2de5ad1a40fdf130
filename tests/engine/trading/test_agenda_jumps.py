"""A price that jumped is believed after its second at whatever pace a recording is played, and verified so."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.assembly.recording_config import header_of
from engine.backtest.rerun import rerun
from engine.model.marks import StateMark
from engine.model.state import as_text, state_hash
from engine.model.types import Tick
from engine.recording import MqrSource
from tests.support.builders import EAGER, config, ms, nifty, tick
from tests.support.clock_runs import VirtualRun
from tests.support.clocked_runs import WIDE
from tests.support.recordings.recording_samples import MarkingWriter
from tests.support.thorough import examples

RULES = (*EAGER, *WIDE, "risk.jump_percent=5", "risk.base_sl_points=15", "capital.initial_capital=100000")
BEGIN = ms("09:30:00")


def stream(received_ms: int = 0) -> list[Tick]:
    """A is bought at 100 and jumps to 80; B goes on ticking, and rises once A's second is over."""
    moves = [(0, 99.0, 0), (0, 100.0, 200), (0, 80.0, 400)]
    moves += [(1, 50 - step * 0.1, 600 + step * 200) for step in range(12)]
    moves += [(1, 49.5, 3200), (1, 49.6, 3400), (0, 80.0, 6000), (1, 49.7, 6200)]
    return [
        tick(seq, price, BEGIN + at, instrument=inst, recv_wall_ns=(BEGIN + at + received_ms) * 1_000_000)
        for seq, (inst, price, at) in enumerate(moves, 1)
    ]


def played(ticks: list[Tick], beats_after: set[int]) -> VirtualRun:
    """A replay in which beats of the engine's own fall behind some of the ticks, as a pace has it."""
    run = VirtualRun(*RULES, instruments=(nifty(), nifty()))
    for each in ticks:
        run.play([each])
        if each.seq in beats_after:
            run.turn.beat()
    return run


@pytest.mark.parametrize("received_ms", [0, 60, -40])
def test_it_is_believed_between_two_ticks_of_others(received_ms):
    run = played(stream(received_ms), set())
    assert [exit_[:2] for exit_ in run.exits] == [("Stop Loss", 80.0)]
    assert run.inputs == [(8, BEGIN + 1400 + max(0, received_ms))]
    assert run.trader.state.portfolio.net(1) > 0  # with the cash that the exit had brought by then


@settings(max_examples=examples(30))
@given(st.sets(st.integers(1, 19)))
def test_the_pace_of_a_replay_decides_nothing(beats_after):
    at_once, paced = played(stream(), set()), played(stream(), beats_after)
    assert paced.trader.state.dump() == at_once.trader.state.dump()
    assert (paced.exits, paced.inputs) == (at_once.exits, at_once.inputs)


def recorded(path: Path, ticks: list[Tick]) -> Path:
    """A recording of a replay, with what its clock did between the ticks."""
    run = VirtualRun(*RULES, instruments=(nifty(), nifty()))
    told = 0
    with MarkingWriter(path, header_of(config(*RULES), "by hand", (nifty(), nifty()))) as writer:
        for each in ticks:
            run.play([each])
            for mark in run.marks[told:]:
                writer.append_mark(mark)
            told = len(run.marks)
            writer.append_tick(each)
            fields = run.trader.state.dump()
            writer.append_mark(StateMark(each.seq, state_hash(fields), as_text(fields)))
    return path


GAPS_MS = st.sampled_from((100, 400, 999, 1000, 1001, 3000))
WALK = st.lists(st.tuples(st.integers(0, 1), GAPS_MS, st.sampled_from((-20, -1, 0, 1, 1, 20))), min_size=1, max_size=40)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WALK, st.sampled_from((0, 60, -40)))
def test_a_recording_of_it_comes_out_the_same(tmp_path, walk, received_ms):
    at_ms, prices, ticks = BEGIN, [100.0, 60.0], []
    for seq, (inst, gap_ms, move) in enumerate(walk, 1):
        at_ms += gap_ms
        prices[inst] = max(5.0, prices[inst] + move)
        received_ns = (at_ms + received_ms) * 1_000_000
        ticks.append(tick(seq, prices[inst], at_ms, instrument=inst, recv_wall_ns=received_ns))
    path = tmp_path / "run.mqr"
    path.unlink(missing_ok=True)
    recorded(path, ticks)
    found = rerun(MqrSource(path), config(*RULES), (nifty(), nifty()))
    assert (found.difference, found.incomparable, found.same) == ("", "", found.checkpoints)
