"""What a served engine shows: nothing that is not on the disk, unless the disk stands still; and how a broken one ends."""

import sqlite3
import time
from contextlib import closing

import pytest

from engine.assembly import Run
from engine.journal import JOURNAL_FILE
from engine.model.commands import PauseEntries
from engine.model.errors import EXIT_FAULT
from engine.serving.served import DurableView
from tests.support.waiting import until

S = 1_000_000_000


# ── What screens are shown ──────────────────────────────────────────────────────────────────────────────────────────


def paint(run: Run) -> None:
    """A turn in which somebody pauses entries, and its picture."""
    with run.engine.turn.lock:
        run.engine._dispatch.carry_out(PauseEntries())
        run.engine._publisher.publish(time.perf_counter_ns())


def test_nobody_is_shown_what_is_not_on_the_disk(run: Run) -> None:
    run.engine.prepare()
    assert run.journal is not None
    until(lambda: not run.journal.waiting)
    served = DurableView(run)
    assert not served.snapshot.entries.paused
    with closing(sqlite3.connect(run.folder / JOURNAL_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the journal's own writing waits for this
        paint(run)
        assert run.engine.snapshot.entries.paused
        assert not served.snapshot.entries.paused
        other.execute("ROLLBACK")
    until(lambda: not run.journal.waiting)
    assert served.snapshot.entries.paused


def test_a_disk_that_stands_still_does_not_blind_the_screens(run: Run) -> None:
    run.engine.prepare()
    served = DurableView(run)
    first = served.snapshot
    with closing(sqlite3.connect(run.folder / JOURNAL_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        paint(run)
        assert served.snapshot is first
        with run.engine.turn.lock:
            run.engine._publisher.publish(first.taken_ns + 2 * S)
        assert served.snapshot.entries.paused


# ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_broken_engine_is_stopped_without_one_more_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> dict[str, object]:
        raise AssertionError("its state was touched")

    run.engine.start()
    run.engine.failure.broke(RuntimeError("one"))
    run.engine.failure.broke(RuntimeError("two"))
    monkeypatch.setattr(type(run.trader.state), "dump", fails)
    run.engine.stop()
    assert (run.engine.problem, run.engine.status.exit_status) == ("engine failed: RuntimeError: one", EXIT_FAULT)
    assert run.engine.snapshot.stopped
