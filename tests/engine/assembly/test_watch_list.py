"""A run whose list of instruments changes: what was added trades, what was removed is gone, and each recording verifies alone."""

import json
from pathlib import Path

import pytest

from engine.assembly import Run, build
from engine.assembly.watch_list import NOTE, Watched, watched
from engine.backtest.verification import verify
from engine.journal import JOURNAL_FILE, read_events
from engine.model.commands import Command, Seek, Unwatch, Watch
from engine.model.events import InstrumentsChanged, TradeClosed
from engine.model.types import Instrument
from engine.recording import MqrSource
from engine.text.sanitize import CleanText
from engine.venues.simulated.source import mock_source
from tests.support.builders import EAGER, config
from tests.support.waiting import until, until_turn

FIRST, MORE, LAST = CleanText("FIRST"), CleanText("MORE"), CleanText("LAST")


class MockRun:
    """A generated run that is stepped by hand: as fast as it goes up to a tick, where it stands still."""

    def __init__(self, folder: Path, *overrides: str, delivery: str = "callback") -> None:
        self.folder = folder
        keys = ("feed.symbols=[FIRST, LAST]", f"recording.directory={folder / 'kept'}", f"engine.delivery={delivery}")
        chosen = config(*EAGER, "engine.poll_interval_ms=1", *keys, *overrides)
        source = mock_source(chosen)
        self.run: Run = build(chosen, source, "mock", speed=0.0, paused=True, state_root=folder / "state")
        self.engine = self.run.engine
        self.state = self.engine.trader.state
        self.tickets = 0
        self.engine.start()

    def to(self, tick: int) -> "MockRun":
        """Let it come to that tick."""
        self.engine.send(Seek(tick))
        until_turn(
            self.engine,
            lambda: self.engine.cursor.last_seq == tick and not self.engine.inbox,
            lambda: str(self.engine.problem),
        )
        return self

    def ask(self, command: Command) -> tuple[str, str]:
        """Have it carried out: what became of it, and why."""
        self.tickets += 1
        self.engine.send(command, self.tickets)
        until(lambda: self._outcome()[0] in {"DONE", "REFUSED"}, self._outcome)
        return self._outcome()

    def _outcome(self) -> tuple[str, str]:
        views = [each for each in self.engine.snapshot.commands if each.ticket == self.tickets]
        return (views[0].state, views[0].reason) if views else ("", "")

    def end(self) -> list[Path]:
        """End it well: its recordings, oldest first."""
        self.run.close()
        return recordings(self.folder)


def recordings(folder: Path) -> list[Path]:
    """Those of a run in the order of their beginning, which stands in them."""
    return sorted((folder / "kept").glob("*.mqr"), key=lambda path: MqrSource(path).header.started_wall_ns)


def names(path: Path) -> list[tuple[str, bool]]:
    """The instruments that a recording names, and whether each is off the list."""
    return [(each.symbol, each.removed is True) for each in MqrSource(path).header.instruments]


@pytest.mark.slow
@pytest.mark.parametrize("delivery", ["polling", "queued", "callback"])
def test_what_is_added_trades_and_what_is_removed_is_gone_and_every_recording_is_the_same_again(
    tmp_path: Path, delivery: str
) -> None:
    run = MockRun(tmp_path, delivery=delivery).to(4_000)
    assert run.ask(Watch((MORE,))) == ("DONE", "")
    run.to(12_000)
    traded = [each for each in run.engine.exits.newest if each.instrument == 2]
    assert traded
    tick = 12_000
    while run.state.objection_to_leaving(2):
        assert run.ask(Unwatch((MORE,))) == ("REFUSED", f"MORE: {run.state.objection_to_leaving(2)}")
        tick += 200
        run.to(tick)
    assert run.ask(Unwatch((MORE,))) == ("DONE", "")
    run.to(tick + 3_000)
    seen = run.engine.snapshot
    assert [quote.instrument for quote in seen.quotes] == [0, 1]
    assert run.ask(Watch((MORE,), watch_only=True)) == ("DONE", "")
    run.to(tick + 6_000)
    assert run.state.instrument_states[2].instrument.watch_only
    assert run.state.instrument_states[2].last_tick is not None
    exits = run.engine.exits.count
    first, *others = run.end()
    assert names(first) == [("FIRST", False), ("LAST", False)]
    assert [names(path)[2] for path in others] == [("MORE", False), ("MORE", True), ("MORE", False)]
    found = [verify(path, None, ()) for path in (first, *others)]
    assert [(each.outcome, each.reason) for each in found] == [("same", "")] * 4
    assert sum(each.exits_recorded for each in found) == exits
    assert not (tmp_path / "state" / NOTE).exists()


def test_what_cannot_be_is_refused_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    run = MockRun(tmp_path).to(10)
    cases: list[tuple[Command, str]] = [
        (Watch((FIRST,)), "FIRST: watched already"),
        (Watch((CleanText("?"),)), "'?': a symbol of 1 to 80"),
        (Unwatch((CleanText("FIRTS"),)), "FIRTS: not watched; did you mean FIRST?"),
        (Unwatch((FIRST, LAST)), "nothing would be left to follow"),
    ]
    for command, why in cases:
        state, reason = run.ask(command)
        assert (state, reason[: len(why)]) == ("REFUSED", why)
    assert [each.symbol for each in run.state.instruments] == ["FIRST", "LAST"]
    assert len(run.end()) == 1


def test_a_held_instrument_stays(tmp_path: Path) -> None:
    run = MockRun(tmp_path)
    tick = 2_000
    while not run.state.portfolio.net(0):
        tick += 50
        run.to(tick)
    assert run.ask(Unwatch((FIRST,))) == ("REFUSED", "FIRST: it is held")
    assert len(run.end()) == 1


def test_the_journal_tells_of_the_change_and_names_what_came_later(tmp_path: Path) -> None:
    run = MockRun(tmp_path).to(4_000)
    run.ask(Watch((MORE,)))
    tick = 4_000
    while not any(each.instrument == 2 for each in run.engine.exits.newest):
        tick += 500
        run.to(tick)
    run.end()
    events = [row.entry() for row in read_events(tmp_path / "state" / JOURNAL_FILE)]
    at = next(place for place, event in enumerate(events) if isinstance(event, InstrumentsChanged))
    assert events[at].added == ("MORE",)  # type: ignore[union-attr]
    assert events[at + 1].symbols == ("FIRST", "LAST", "MORE")  # type: ignore[union-attr]
    assert any(isinstance(event, TradeClosed) and event.trade.instrument == 2 for event in events[at:])


def test_a_start_behind_a_kill_has_the_list_and_one_behind_a_stop_what_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    run = MockRun(tmp_path).to(100)
    run.ask(Watch((MORE,), watch_only=True))
    run.ask(Unwatch((LAST,)))
    until(lambda: (state / NOTE).exists() and json.loads((state / NOTE).read_bytes())["removed"])
    note = (state / NOTE).read_bytes()
    run.end()
    assert not (state / NOTE).exists()
    (state / NOTE).write_bytes(note)  # as a kill leaves it
    again = MockRun(tmp_path)
    listed = [(each.symbol, each.removed is True, each.watch_only is True) for each in again.state.instruments]
    assert listed == [("FIRST", False, False), ("LAST", True, False), ("MORE", False, True)]
    again.to(again.engine.cursor.last_seq + 50)
    ticked = [inst.last_tick is not None for inst in again.state.instrument_states]
    assert ticked == [True, False, True]
    again.end()
    (state / NOTE).write_bytes(note)
    other = MockRun(tmp_path, "feed.symbols=[FIRST]")
    assert [each.symbol for each in other.state.instruments] == ["FIRST"]
    other.end()


@pytest.mark.parametrize(
    ("instruments", "kept"),
    [
        ("FIRST LAST", Watched(("FIRST", "LAST"))),
        ("FIRST LAST MORE", Watched(("FIRST", "LAST"), ("MORE",))),
        ("FIRST -LAST MORE -GONE", Watched(("FIRST", "LAST"), ("MORE",), ("LAST",))),
    ],
)
def test_the_note_says_what_has_become_of_the_list(instruments: str, kept: Watched) -> None:
    listed = [
        Instrument(CleanText(word.strip("-")), removed=True) if word.startswith("-") else Instrument(CleanText(word))
        for word in instruments.split()
    ]
    assert watched(("FIRST", "LAST"), listed) == kept
