"""Who takes the orders of a run: a venue's own broker in a live one, the simulated one everywhere else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.assembly import LiveSupply, build
from engine.model.broker_events import BrokerEvent
from engine.model.errors import InputError
from engine.model.types import Instrument, TradeMode
from engine.venues.simulated.broker import PaperBroker
from tests.support.builders import config, nifty
from tests.support.scripted_feed import ScriptedFeed


def taker(tmp_path: Path, mode: TradeMode, supply: LiveSupply) -> object:
    """The broker of a run that is built and closed again."""
    chosen = config(f"recording.directory={tmp_path / 'kept'}")
    with build(chosen, supply, mode, state_root=tmp_path / "state") as run:
        return run.engine._parts.effects._broker


class OwnBroker(PaperBroker):
    """A venue's own broker, as far as assembly is concerned."""


def own(instruments: tuple[Instrument, ...], post: Callable[[BrokerEvent], None]) -> OwnBroker:
    return OwnBroker(len(instruments), post)


WITH_BROKER = LiveSupply("venue", (nifty(),), ScriptedFeed, broker=own)


def test_a_live_run_takes_the_venues_own(tmp_path: Path) -> None:
    assert type(taker(tmp_path, "live", WITH_BROKER)) is OwnBroker


def test_a_paper_run_takes_the_simulated_one_also_where_the_venue_has_its_own(tmp_path: Path) -> None:
    assert type(taker(tmp_path, "paper", WITH_BROKER)) is PaperBroker


def test_a_live_run_without_a_broker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^venue: takes no orders; it can be traded on paper only$"):
        taker(tmp_path, "live", LiveSupply("venue", (nifty(),), ScriptedFeed))
