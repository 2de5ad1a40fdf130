"""kill -9 of a whole engine, at random moments and after every row of a flat: the next one goes on with the same account."""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.journal import JOURNAL_FILE, read_events
from engine.model.clock import VirtualClock
from engine.model.commands import Flat, Play, Unlock
from tests.soak.crash_engine import Round, experiment, figures
from tests.support.brokers import LateBroker
from tests.support.builders import DAY, EAGER, ms
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.processes.restart_harness import RestartHarness
from tests.support.thorough import LONG, every
from tests.support.waiting import until

pytestmark = pytest.mark.slow

KILLS = 6 if LONG else 3
_TIMED = ("mock.date=" + DAY, "recording.enabled=off")


class Cut(NamedTuple):
    """An engine that was started on a journal which ends with `row`, within a flat that had come to `state`."""

    row: str
    state: str
    shell: OperatorShell


def flat_journal(folder: Path, kind: str) -> tuple[Path, int]:
    """The journal of a mock run with a whole flat, and its last row before that.

    The broker answers at once (`prompt`), or late: an exit is under way when the flat comes, or an entry (`entering`).
    """
    broker = LateBroker(1)
    restarts = RestartHarness(folder, VirtualClock(ms("09:30:00") * 1_000_000), "mock")
    harness, journal = restarts.start(broker=None if kind == "prompt" else broker)
    harness.prices(99, 100)
    if kind != "entering":
        harness.answer(*broker.answers()).prices(105)
    before = journal.durable + journal.waiting
    harness.command(Flat("me"))
    while harness.trader.state.flat.state != "FLAT":
        harness.answer(*broker.answers()).beat()
    journal.close("stopped")
    return restarts.path, before


def cut(source: Path, number: int, target: Path) -> None:
    """Leave in `target` what a kill after event `number` would have left."""
    target.parent.mkdir(parents=True)
    shutil.copyfile(source, target)
    target.with_name("mode").write_text("mock\n")
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER events_stay")
        for table, column in (("events", "number"), ("fills", "event"), ("orders", "event")):
            connection.execute(f"DELETE FROM {table} WHERE {column} > ?", (number,))
        connection.execute("UPDATE runs SET ended_ns = NULL")


def finished(folder: Path, source: Path, number: int, row: str) -> Cut:
    """Start an engine on the journal that was cut after `number`; no tick ever comes to it."""
    shell = OperatorShell(folder, *EAGER, *_TIMED)
    cut(source, number, shell.state / JOURNAL_FILE)
    flats = [row["state"] for row in shell.journal("FlatChanged")]
    with shell.start("--quiet", "--paused"):
        shell.sees(lambda seen: seen.flat.state == "FLAT")
        if flats[-1:] != ["FLAT"]:
            until(lambda: shell.receipts and shell.receipts[-1].read_text().endswith("nothing\n"))
            until(lambda: "RESUMED" in shell.log)
            until(lambda: shell.journal("FlatChanged")[-1]["state"] == "FLAT")
        # What is shown may be ahead of a slow disk, and the engine is killed now.
        until(lambda: "locked" in [row["state"] for row in shell.journal("EntriesChanged")])
    return Cut(row, flats[-1] if flats else "", shell)


class Runs(NamedTuple):
    """Engines that are killed at random, and those that find a flat cut short, all at once."""

    rounds: "Future[list[Round]]"
    cuts: "list[Future[Cut]]"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("killed")
    with ThreadPoolExecutor(4) as pool:
        rounds = pool.submit(experiment, folder / "engines", KILLS, seed=3)
        cuts = []
        for at, kind in enumerate(("prompt", "late", "entering")):
            source, before = flat_journal(folder / kind, kind)
            rows = every(2, list(read_events(source, after=before))[:-1], at)
            cuts += [
                pool.submit(finished, folder / f"{kind}{row.number}", source, row.number, row.kind) for row in rows
            ]
        yield Runs(rounds, cuts)


# ── At random moments ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def rounds(runs: Runs) -> list[Round]:
    return runs.rounds.result()


def test_an_engine_that_is_killed_again_and_again_keeps_its_account(rounds: list[Round], record_property) -> None:
    assert [each.problem for each in rounds] == [""] * KILLS
    record_property("ready_s", max(each.ready_s for each in rounds))


def test_the_kills_landed_while_it_traded(rounds: list[Round]) -> None:
    """How much comes about between two kills is up to the machine, and what few of them meet up to chance."""
    assert rounds[-1].fills > 0
    assert sum(each.acknowledged for each in rounds) > 0
    assert sum(each.held for each in rounds) > 0 or not LONG


def test_the_figures_name_what_is_wrong(rounds: list[Round]) -> None:
    wrong = rounds[-1]._replace(acknowledged=rounds[-1].rows + 2, problem="2 rows are gone")
    assert "lost 2;" in figures([wrong])[1]
    assert figures([wrong])[-1] == "kill 1: 2 rows are gone"


def test_nobody_is_shown_what_a_kill_could_still_take_back(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--quiet")
        held = shell.holds().positions[0].state.quantity
        shell.kill()
        assert shell.net() == held


# ── In the middle of a flat ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_flat_that_was_killed_after_any_row_is_finished_by_the_next_engine(runs: Runs) -> None:
    cuts = [each.result() for each in runs.cuts]
    assert {"EntriesChanged", "FlatChanged", "Submit", "FillBooked", "StateKept"} <= {each.row for each in cuts}
    assert {"LOCKED", "CANCELLING", "CLOSING", "VERIFYING", "FLAT"} <= {each.state for each in cuts}
    for each in cuts:
        was_over = each.state == "FLAT"
        assert each.shell.net() == 0, each
        # A journal whose disk is slow holds entries back beside the lock.
        changes = [row for row in each.shell.journal("EntriesChanged") if row["state"] not in {"held", "released"}]
        assert changes[-1]["reason"] == "flat: me", each
        resumed = [line for path in each.shell.receipts for line in path.read_text().splitlines() if "RESUMED" in line]
        assert len(resumed) == (0 if was_over else 1), (each, each.shell.log)
        assert ("RESUMED" in each.shell.log) == (not was_over), each


def test_what_is_held_is_not_bought_a_second_time(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--quiet").holds()
        shell.kill()
        for unlocked in (False, True):
            shell.start("--quiet", "--paused")
            ticks = shell.snapshot.ticks
            shell.command(*((Unlock(),) if unlocked else ()), Play())
            shell.sees(lambda seen, ticks=ticks: seen.ticks > ticks + 5)
            shell.kill()
        orders = [row["order"] for row in shell.journal("Submit")]
    assert [order["side"] for order in orders] == ["BUY"]
