"""Replays within this process, of the bundled day if nothing else is said, and what they come to."""

from engine.assembly import Run, build
from engine.config import bundled
from engine.model.state import state_hash
from engine.recording import MqrSource
from tests.support.builders import config


def whole_day() -> MqrSource:
    return MqrSource(bundled("nifty-synthetic.mqr"))


def result(run: Run) -> tuple[int, int, str]:
    portfolio = run.trader.state.portfolio
    return portfolio.entries, len(run.engine.exits.newest), state_hash(run.trader.state.dump())


def start(tmp_path, source=None, *overrides, **options) -> Run:
    run = build(
        config(*overrides),
        source or whole_day(),
        "replay",
        **({"speed": 0.0, "state_root": tmp_path / "state"} | options),
    )
    run.engine.start()
    return run
