"""What is left out is left out, on one side only, and both sides decide the same."""

import logging

import pytest

from engine.bench.baseline.hints import ProfiledFunction, hint_of, profile
from engine.bench.baseline.parts import Part, PartPair, _engine, measure_pair, parts, whole
from engine.bench.baseline.ratio_pass import RatioPass, ratio_pass
from engine.bench.baseline.reference import source_hash, work
from engine.runtime import LOGGERS
from tests.support.builders import EAGER, config
from tests.support.paths import ROOT

FILE = ROOT / "tests" / "golden" / "replay_filters.mqr"
TICKS = 2200
ALL = config("strategy.use_macd=true", "strategy.use_vwap=true", "strategy.use_atr=true")


def part_named(name: str) -> Part:
    (found,) = [part for part in parts(ALL) if part.name == name]
    return found


def test_the_parts_are_those_that_are_switched_on() -> None:
    always = {"recorder", "journal", "snapshots", "log", "latency", "decoding"}
    assert {part.name for part in parts(ALL)} == always | {
        f"indicator {each}" for each in ("ema crossover", "macd", "vwap", "atr")
    }
    assert {part.name for part in parts(config("strategy.use_ema_crossover=false"))} == always


@pytest.mark.parametrize("part", parts(ALL), ids=lambda part: part.name)
def test_its_code_is_where_the_profile_looks_for_it(part: Part) -> None:
    names = [str(path.relative_to(ROOT / "engine")) for path in (ROOT / "engine").rglob("*.py")]
    for place in part.places:
        assert any(name.startswith(place) for name in names), place


@pytest.mark.parametrize("left_out", [False, True])
@pytest.mark.parametrize("name", ["recorder", "journal"])
def test_each_side_works_every_tick_and_only_one_has_the_part(name: str, left_out: bool) -> None:
    with _engine(whole(config()), FILE, part_named(name), left_out=left_out) as engine:
        assert min(step() for step in engine) > 0
        assert (engine.ticks, engine._run.engine.cursor.position) == (TICKS, TICKS)
        assert (getattr(engine._run, name) is None) is left_out


def test_latency_is_counted_on_one_side_only() -> None:
    for left_out, counted in ((False, TICKS), (True, 0)):
        with _engine(config(), FILE, part_named("latency"), left_out=left_out) as engine:
            for step in engine:
                step()
            assert engine._run.engine.epochs.all_ticks().count == counted


def test_an_indicator_is_left_out_without_another_decision() -> None:
    """Nobody enters on either side: what is compared is the indicator and not other trades."""
    cfg = whole(config(*EAGER, "strategy.use_ema_crossover=true"))
    for left_out in (False, True):
        with _engine(cfg, FILE, part_named("indicator ema crossover"), left_out=left_out) as engine:
            for step in engine:
                step()
            state = engine._run.engine.trader.state
            assert state.gate.paused
            assert all(state.position(inst) is None for inst in state.instrument_states)
            assert (state.instrument_states[0].strategy.fast is None) is left_out


@pytest.mark.parametrize("left_out", [False, True])
def test_the_mute_side_logs_nothing(left_out: bool) -> None:
    seen: list[logging.LogRecord] = []
    keep, root = logging.Handler(), logging.getLogger("myquant")
    keep.emit = seen.append  # type: ignore[method-assign]
    with _engine(config(*EAGER), FILE, part_named("log"), left_out=left_out) as engine:
        root.addHandler(keep)
        for step in engine:
            step()
        root.removeHandler(keep)
    assert bool(seen) is not left_out
    assert not any(logger.disabled for logger in LOGGERS.values())


def test_a_pair_is_told_in_us_a_tick() -> None:
    assert PartPair(1000, 9_000_000, 7_000_000).us_per_tick == 2.0
    found = measure_pair(whole(config()), FILE, part_named("snapshots"))
    assert found.ticks == TICKS
    assert found.with_ns > 0 < found.without_ns


def test_a_ratio_is_one_of_costs() -> None:
    assert RatioPass(1000, 6_000_000, 2000, 2_000_000).ratio == 6.0
    found = ratio_pass(config(), FILE)
    assert (found.ticks, found.items) == (TICKS, 2 * TICKS)
    assert found.engine_ns > 0 < found.reference_ns


def test_further_work_costs_the_engine_s_side() -> None:
    """Twenty times a tick's work is seen beside any neighbour."""
    assert ratio_pass(config(), FILE, further=100.0).ratio > 20


def test_the_reference_is_the_same_work_each_time() -> None:
    assert work(100) > 0
    assert len(source_hash()) == 16
    assert source_hash() == source_hash()


def test_the_hint_names_the_function_that_takes_most() -> None:
    seen = [
        ProfiledFunction("journal/rows.py", 10, "row_of", 0.1),
        ProfiledFunction("runtime/persistence.py", 66, "keep", 0.3),
        ProfiledFunction("trading/trader.py", 90, "on_tick", 9.0),
    ]
    assert hint_of(seen, part_named("journal")) == "engine/runtime/persistence.py:66 keep (75% of its own)"
    assert hint_of(seen, part_named("recorder")) == ""


def test_the_profile_is_of_the_engine() -> None:
    found = {(each.place, each.name) for each in profile(whole(config()), FILE)}
    assert {("trading/trader.py", "on_tick"), ("runtime/turn.py", "take"), ("recording/recorder.py", "tick")} <= found
