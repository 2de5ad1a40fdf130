"""Which command is carried out where: each has a declared reach, and beyond it is refused in one place."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config import bundled
from engine.link.protocol import AnyCommand
from engine.model import commands
from engine.model.commands import REACH, Command, Fault, HoldEntries, Stall
from engine.model.events import CommandRefused
from engine.model.sources import is_generated
from engine.recording import MqrSource
from engine.recording.csv_source import CsvSource
from engine.runtime.dispatch import Dispatch
from engine.venues.simulated.source import mock_source
from tests.support.builders import config, nifty
from tests.support.turn_parts import turn_parts

KINDS = [kind for kind in vars(commands).values() if isinstance(kind, type) and issubclass(kind, Command)]


def test_every_command_has_a_reach() -> None:
    assert set(REACH) == {*KINDS} - {Command}
    assert set(REACH) - {HoldEntries} == {*AnyCommand.__args__}  # which the engine alone gives


@pytest.mark.parametrize("generated", [False, True])
@pytest.mark.parametrize("kind", [kind for kind, reach in REACH.items() if reach == "generated data"])
def test_a_test_tool_does_nothing_but_on_generated_data(kind: type[Command], generated: bool) -> None:
    parts = turn_parts((nifty(),))
    told: list[object] = []
    parts.effects.carry_out = told.extend  # type: ignore[method-assign,assignment]
    done: list[Fault] = []
    dispatch = Dispatch(parts, None, None, None, lambda: None, done.append, generated=generated)  # type: ignore[arg-type]
    dispatch.carry_out(Stall(0.0) if kind is Stall else Fault("drop"))
    refusals = [event for event in told if isinstance(event, CommandRefused)]
    assert refusals == ([] if generated else [CommandRefused(kind.__name__, "only on generated data")])
    assert bool(done) == (generated and kind is Fault)


def test_what_is_generated_is_known_by_the_source(tmp_path: Path) -> None:
    drawn = MqrSource(bundled("nifty-synthetic.mqr"), False)
    assert is_generated(mock_source(config()))
    assert is_generated(drawn)
    drawn.header = replace(drawn.header, source="SmartAPI NIFTY")
    assert not is_generated(drawn)
    assert not hasattr(CsvSource, "generated")
    assert not is_generated(None)
