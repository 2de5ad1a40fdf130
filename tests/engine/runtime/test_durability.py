"""Entries wait while the journal is behind its disk, by a command of the engine's own, and go on by themselves."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest

from engine.assembly import Run
from engine.journal import JOURNAL_FILE
from engine.model.commands import HoldEntries, Unlock
from engine.model.events import LevelsMoved
from engine.model.types import PositionState
from engine.runtime.durability import BEHIND, SILENT, Durability
from tests.support.processes.process_harness import unstarted_run
from tests.support.waiting import until

MS = 1_000_000


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with unstarted_run(tmp_path) as built:
        built.engine.prepare()
        yield built


class Fresh:
    """A watch that has just looked, or has not for a while."""

    problems: Mapping[str, str] = MappingProxyType({})
    free_mb = 1
    beat_ns = 0

    def do(self, _errand: object) -> None:
        raise AssertionError("nothing is to be done")


class Posts(list):  # type: ignore[type-arg]
    def __call__(self, command: object) -> None:
        self.append(command)


def row(run: Run) -> None:
    """Something that is to be kept."""
    assert run.journal is not None
    run.journal.write(LevelsMoved(PositionState(0, 1, 1, 1, 1, 1, 1, None, 0, 1, 0)))  # type: ignore[arg-type]


def all_kept(run: Run) -> None:
    assert run.journal is not None
    until(lambda: run.journal is not None and not run.journal.waiting)


@pytest.mark.parametrize("holds", [True, False])
def test_entries_wait_for_a_late_journal_and_what_is_shown_is_marked(run: Run, holds: bool) -> None:
    all_kept(run)
    posts, watch = Posts(), Fresh()
    durability = Durability(run.journal, watch, posts, holds=holds)  # type: ignore[arg-type]
    durability.look(1_000 * MS, 70)
    with closing(sqlite3.connect(run.folder / JOURNAL_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the journal's own writing waits for this
        row(run)
        durability.look(2_000 * MS, 80)
        durability.look(2_390 * MS, 90)
        assert (posts, durability.late_ns, durability.since_ms) == ([], 390 * MS, 0)
        for at_ms in (2_450, 2_500, 2_990):
            durability.look(at_ms * MS, at_ms)
        assert posts == [HoldEntries(BEHIND)] * holds
        assert durability.since_ms == 0
        durability.look(3_010 * MS, 3_010)
        assert durability.since_ms == 70  # the engine's time a beat before the row was seen
        other.execute("ROLLBACK")
    all_kept(run)
    durability.look(3_100 * MS, 3_100)
    assert (durability.late_ns, durability.since_ms) == (0, 0)
    assert posts == [HoldEntries(BEHIND), HoldEntries()] * holds


def test_a_disk_that_answers_nobody_keeps_entries_back(run: Run) -> None:
    all_kept(run)
    posts, watch = Posts(), Fresh()
    durability = Durability(run.journal, watch, posts, holds=True)  # type: ignore[arg-type]
    watch.beat_ns = 1_000 * MS
    durability.look(3_900 * MS, 1)
    assert posts == []
    durability.look(4_100 * MS, 1)
    assert posts == [HoldEntries(SILENT)]
    watch.beat_ns = 4_200 * MS
    durability.look(4_300 * MS, 1)
    assert posts == [HoldEntries(SILENT), HoldEntries()]


def test_what_is_held_back_is_no_operators_to_unlock_and_no_account_keeps_it(run: Run) -> None:
    state = run.trader.state
    before = state.dump()
    assert "gate.held" not in before
    run.trader.on_command(HoldEntries(BEHIND), 1)
    run.trader.on_command(Unlock(), 2)
    assert state.gate.objection() == f"halted: {BEHIND}"
    held = state.dump()
    assert held["gate.held"] == BEHIND
    assert "gate.held" not in state.keep(3).fields
    run.trader.on_command(HoldEntries(), 4)
    assert state.gate.objection() == ""
    assert state.dump() == before
    state.load(held)
    assert state.gate.held == BEHIND
    state.load(before)
    assert state.gate.held == ""
