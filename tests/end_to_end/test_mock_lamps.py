"""Generated data that misbehaves on command, a real engine and the real heartbeat: which lamp turns, and why."""

from collections.abc import Iterator

import pytest

from engine import Fault, Run, SwitchDelivery
from engine.assembly import build
from engine.model.commands import Stall
from engine.presentation.health import Health
from engine.presentation.lamps import Lamp
from engine.venues.simulated.source import mock_source
from tests.support.builders import config
from tests.support.screens.lamp_snapshots import GOOD
from tests.support.screens.snapshots import view
from tests.support.waiting import until, until_turn
from tui.input import keys
from tui.view.faults import BY_ACTION, ENTRIES
from tui.view.model import Ui

SECOND = 1_000_000_000


@pytest.fixture
def run(tmp_path) -> Iterator[Run]:
    """A generated session at a thousand times its pace."""
    cfg = config(f"recording.directory={tmp_path / 'kept'}", "engine.delivery=queued")
    with build(cfg, mock_source(cfg), "mock", speed=1000.0, state_root=tmp_path / "state") as it:
        it.engine.start()
        until_turn(it.engine, lambda: it.engine.cursor.position > 200)
        yield it


def lamps(run: Run, health: Health, later_ns: int = 0) -> dict[str, Lamp]:
    snapshot = run.engine.snapshot
    return {lamp.name: lamp for lamp in health.judge(snapshot, snapshot.taken_ns + later_ns, GOOD)}


def wait_for(run: Run, fault: Fault, happened) -> None:
    run.engine.send(fault)
    until(happened)
    before = run.engine.snapshot.number
    until(lambda: run.engine.snapshot.number > before + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "text"),
    [(Fault("drop", 3), "1 gaps"), (Fault("duplicate", 3), "3 repeated"), (Fault("reorder", 1), "1 late")],
)
def test_the_sequence_lamp_tells_what_was_lost_repeated_or_late(run, fault, text) -> None:
    health = Health()
    assert lamps(run, health)["SEQUENCE"].word == "OK"
    client = run.trader.state.instrument_states[0].tick_filter

    def happened() -> bool:
        return bool(
            client.sequence_gaps or client.refused.get("duplicate", 0) >= 3 or client.refused.get("out_of_order")
        )

    wait_for(run, fault, happened)
    lamp = lamps(run, health)["SEQUENCE"]
    assert lamp.word == "LATE"
    assert text in lamp.text
    assert "in the last minute" in lamp.because


def test_prices_that_are_none_halt_entries_and_are_counted(run) -> None:
    wait_for(run, Fault("bad_price", 10), lambda: run.engine.snapshot.refused.get("nan", 0) >= 10)
    told = [line.text for line in run.logs.lines_since(0, 1000)]
    assert any("refused: nan" in line for line in told)
    assert any("too many bad ticks in a row" in line for line in told)


def test_a_silent_line_turns_the_data_lamp_and_is_counted_as_a_gap(run) -> None:
    health = Health()
    assert lamps(run, health)["DATA"].word == "OK"
    assert lamps(run, health, 60 * SECOND)["DATA"].word in {"STALE", "DEAD", "QUIET"}
    gaps = run.trader.state.instrument_states[0].gaps
    wait_for(run, Fault("stall", 60), lambda: run.trader.state.instrument_states[0].gaps > gaps)


def test_an_engine_that_is_held_turns_its_lamp_and_names_the_cause(run) -> None:
    health = Health()
    assert lamps(run, health)["ENGINE"].word == "OK"
    run.engine.send(Stall(0.01))
    lamp = lamps(run, health, 3 * SECOND)["ENGINE"]
    assert lamp.word in {"STALE", "DEAD"}
    assert lamp.because


def test_the_palette_offers_faults_where_data_is_generated(run) -> None:
    run.engine.send(SwitchDelivery("callback"))
    listed = {action for _, _, action in keys.palette(view(run.engine.snapshot, ui=Ui(text="dev")))}
    assert {action for _, _, action in ENTRIES} == set(BY_ACTION) - {"stall"}
    assert set(BY_ACTION) <= listed
