"""Who takes the orders of a run: a venue's own broker in a live one, the simulated one everywhere else."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.assembly import LiveSupply, build
from engine.assembly.real_orders import RealOrders
from engine.model.clock import Clock
from engine.model.errors import InputError
from engine.model.lanes_view import LanesView
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import OrderRequest
from engine.model.ports import OrderJournal
from engine.model.types import Instrument, TradeMode
from engine.text.sanitize import CleanText
from engine.venues.simulated.broker import PaperBroker
from tests.support.builders import config, nifty
from tests.support.scripted_feed import ScriptedFeed


def taker(tmp_path: Path, mode: TradeMode, supply: LiveSupply) -> object:
    """The broker of a run that is built and closed again."""
    chosen = config(f"recording.directory={tmp_path / 'kept'}")
    with build(chosen, supply, mode, state_root=tmp_path / "state", real=REAL if mode == "live" else None) as run:
        return run.engine._parts.effects._broker


class OwnLanes:
    """A venue's own lanes, as far as assembly is concerned."""

    def __init__(self, journal: OrderJournal, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock

    def ask(self, request: OrderRequest, row: int) -> None:
        """Nothing comes of it."""

    def start(self) -> None:
        """Nothing is opened."""

    def stop(self, timeout_s: float) -> None:
        """Nothing is open."""

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """One list is like another."""

    def view(self) -> LanesView:
        return LanesView()


def own(
    instruments: Sequence[Instrument], post: Callable[[OrderAnswer], None], journal: OrderJournal, clock: Clock
) -> OwnLanes:
    return OwnLanes(journal, clock)


REAL = RealOrders(CleanText("****3456"))
WITH_BROKER = LiveSupply("venue", (nifty(),), ScriptedFeed, broker=own)


def test_a_live_run_takes_the_venues_own_with_its_journal_and_the_engines_time(tmp_path: Path) -> None:
    chosen = config(f"recording.directory={tmp_path / 'kept'}")
    with build(chosen, WITH_BROKER, "live", state_root=tmp_path / "state", real=REAL) as run:
        lanes = run.engine._parts.effects._lanes
        assert isinstance(lanes, OwnLanes)
        assert lanes.journal is run.journal
        assert lanes.clock is run.engine._parts.clock


def test_a_paper_run_takes_the_simulated_one_also_where_the_venue_has_its_own(tmp_path: Path) -> None:
    assert type(taker(tmp_path, "paper", WITH_BROKER)) is PaperBroker


def test_a_live_run_without_a_broker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^venue: takes no orders; it can be traded on paper only$"):
        taker(tmp_path, "live", LiveSupply("venue", (nifty(),), ScriptedFeed))


def test_a_live_run_without_a_journal_is_refused(tmp_path: Path) -> None:
    chosen = config(f"recording.directory={tmp_path / 'kept'}", "journal.enabled=false")
    with pytest.raises(
        InputError, match=r"^journal\.enabled=false: no order is sent that the journal does not tell of"
    ):
        build(chosen, WITH_BROKER, "live", state_root=tmp_path / "state", real=REAL)


@pytest.mark.parametrize(("mode", "real"), [("live", None), ("live-sim", None), ("paper", REAL), ("mock", REAL)])
def test_orders_go_out_only_where_it_is_said_with_what_they_begin(
    tmp_path: Path, mode: TradeMode, real: RealOrders | None
) -> None:
    chosen = config(f"recording.directory={tmp_path / 'kept'}")
    with pytest.raises(InputError, match=r"by --live alone$"):
        build(chosen, WITH_BROKER, mode, state_root=tmp_path / "state", real=real)
