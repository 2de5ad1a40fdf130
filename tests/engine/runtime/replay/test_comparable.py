"""When a replay cannot be compared with the recorded run, why, and until when."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.model.commands import (
    Lock,
)
from engine.model.marks import EventMark
from engine.model.run_views import CheckView
from engine.recording import MqrSource
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.comparable import incomparable
from tests.support.builders import config
from tests.support.recorded_runs import (
    BUSY,
    CHECKPOINTS,
    after_seek,
    at_the_end,
    replay,
    rewrite,
)
from tests.support.turn_parts import turn_parts
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_under_other_rules_nothing_is_compared_and_no_command_given(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, "risk.base_sl_points=16", "strategy.fast_ema=9") as run:
        found = at_the_end(run)
        assert found == CheckView(0, CHECKPOINTS, "", "fast_ema 18→9, base_sl_points 15→16")
        assert run.trader.state.flat.state == "NORMAL"
        assert run.trader.state.portfolio.entries > 10


def test_what_decides_nothing_may_differ(operated: Path, tmp_path: Path) -> None:
    other = (
        "replay.snapshot_ticks=7",
        "logging.level=debug",
        "instrument.token=5",
        "mock.seed=9",
        "engine.inbox_size=3",
    )
    with replay(operated, tmp_path, *other) as run:
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_why_not_comparable(plain: Path) -> None:
    header = MqrSource(plain).header
    rules, listed = config(*BUSY), header.instruments
    assert incomparable(header, rules, listed) == ""
    assert incomparable(replace(header, program_version="0.0.7"), rules, listed) == "", "only the rules count"
    lots = (replace(listed[0], lot_size=50),)
    assert incomparable(header, rules, lots) == "NIFTY lot_size 75→50"
    assert incomparable(header, rules, (replace(listed[0], symbol="X"),)) == "other instruments"
    without = {key: text for key, text in header.config.items() if key != "risk.gst_percent"}
    assert incomparable(replace(header, config=without), rules, listed) == "", "the default was in force"
    gst = config(*BUSY, "risk.gst_percent=5")
    assert incomparable(replace(header, config=without), gst, listed) == "gst_percent →5"
    gone = header.config | {"strategy.mood": "good", "engine.colour": "red"}
    assert incomparable(replace(header, config=gone), rules, listed) == "mood is gone"
    many = config(*BUSY, *(f"risk.{key}_percent=1" for key in ("commission", "stt", "exchange_charges", "gst")))
    text = "commission_percent 0.03→1, stt_percent 0.025→1, exchange_charges_percent 0.003→1 and 1 more"
    assert incomparable(header, many, listed) == text


def test_a_session_without_a_recorded_run_has_nothing_to_follow(plain: Path) -> None:
    source = MqrSource(rewrite(plain, lambda mark: mark if isinstance(mark, EventMark) else None))
    assert ReplayCheck(turn_parts(source.instruments, *BUSY), source).is_empty


def test_an_own_command_ends_the_comparison_until_going_back_before_it(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        playback = run.engine.playback
        assert playback is not None
        after_seek(run, 100)
        playback.interfered()
        assert not playback.gives_beats
        assert after_seek(run, 300) == CheckView(2, CHECKPOINTS, "", "a command was given at tick 100")
        assert not run.trader.state.gate.paused
        assert after_seek(run, 250).incomparable != "", "it goes on from a state of after the command"
        assert after_seek(run, 99) == CheckView(1, CHECKPOINTS)
        assert playback.gives_beats
        assert after_seek(run, 300) == CheckView(6, CHECKPOINTS)


def test_a_lock_of_now_is_carried_back_and_keeps_it_incomparable(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        playback = run.engine.playback
        assert playback is not None
        after_seek(run, 100)
        run.engine.send(Lock("mine"))
        until(lambda: run.engine.snapshot.entries.locked == "mine")
        playback.interfered()
        assert after_seek(run, 99).incomparable == "a command was given at tick 100"
