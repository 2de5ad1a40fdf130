"""A flat in a closed market is held until it opens: in a running engine, over a restart, and where the engine is dead."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.link.flat_news import flat_news
from engine.model.commands import Flat
from engine.serving import offline_flat, place_of
from engine.serving.journalled import left_in
from engine.serving.remote import HeldError
from tests.support.builders import config
from tests.support.scripted_feed import ScriptedRun
from tests.support.waiting import until

KEEPING = ("strategy.consecutive_green_ticks=1", "risk.use_trail_stop=false", "session.end_buffer_minutes=0")


def hours(from_minutes: int) -> tuple[str, ...]:
    """A market that opens for an hour in so many minutes from now, every day."""
    opens = datetime.now(UTC) + timedelta(hours=5, minutes=30 + from_minutes)
    closes = opens + timedelta(hours=1)
    return (f"session.start={opens:%H:%M}", f"session.end={closes:%H:%M}", "session.calendar=none")


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[Path]:
    """The folder of a paper run that has ended with something held, long ago."""
    run = ScriptedRun(tmp_path, *KEEPING)
    with run.run:
        run.tick(100)
        run.tick(101)
        run.worked()
        assert run.held
    return tmp_path


def flattened(folder: Path, *, anyway: bool = False, opens_in: int = 60) -> tuple[bool, list[str]]:
    place = place_of(folder / "state")
    account = left_in(place).account
    assert account is not None
    told: list[str] = []
    chosen = config(*hours(opens_in))
    return offline_flat.flatten(chosen, place, account, {}, told.append, anyway=anyway), told


def test_a_dead_engines_flat_is_held_too_and_a_restart_goes_on_with_it(left_behind):
    with pytest.raises(HeldError, match=r"HELD until .*: the market is closed, nothing was sent") as held:
        flattened(left_behind)
    assert held.value.exit_status == 75
    assert "nothing runs that would go on: start the engine" in str(held.value)
    assert "by itself" not in str(held.value)
    again = ScriptedRun(left_behind, *KEEPING, *hours(60))
    with again.run:
        until(lambda: again.run.engine.snapshot.flat.state == "HELD", lambda: again.run.engine.snapshot.flat)
        assert again.held
        again.run.engine.send(Flat("me"), 7)
        until(lambda: any(view.ticket == 7 for view in again.run.engine.snapshot.commands))
        news = flat_news(again.run.engine.snapshot, 7)
        assert (news.state, news.outcome) == ("HELD", "ACCEPTED")
        assert news.reason.startswith("HELD until ")
        assert "it goes on by itself" in news.reason
        again.run.engine.send(Flat("me", anyway=True), 8)
        assert again.done(8) == "DONE"
        assert not again.held


def test_anyway_closes_what_a_dead_engine_held(left_behind):
    verified, told = flattened(left_behind, anyway=True)
    assert verified
    assert "FLAT verified" in told[0]


def test_in_an_open_market_nothing_is_held(left_behind):
    assert flattened(left_behind, opens_in=-30)[0]
