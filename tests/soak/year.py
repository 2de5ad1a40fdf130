"""An engine whose journal is a year old, killed with SIGKILL at random moments: how soon each next one answers, and what it knows."""

import random
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from engine.journal import JOURNAL_FILE, SqliteJournal, verify
from engine.journal.fold import fold
from engine.journal.months import closed_files
from engine.model.clock import SystemClock, VirtualClock
from engine.model.commands import Play, Unlock
from tests.support.journal_harness import JournalHarness, chain_problems
from tests.support.processes.process_harness import BUSY, OperatorShell

READY_S: Final = 1.0
_DAY_NS = 86_400 * 10**9
_MONTHS = 12
_RUN_S = 0.6  # kills land within
_DURABLE_S = 60.0
_RULES = (
    *BUSY,
    "capital.initial_capital=1000000000",
    "risk.max_position_value_percent=1",
    "risk.max_positions_per_day=1000000",
)


class Restarts(NamedTuple):
    """What came of it: rows of the year before, its closed files, seconds to each first answer, and what was wrong.

    `fresh_s` are those of an account without a past, in turn with the others: what the machine needs at this hour.
    """

    rows: int
    files: int
    ready_s: list[float]
    fresh_s: list[float]
    problems: list[str]


def aged(folder: Path, trades_a_month: int) -> int:
    """A state directory with a year of trades, a run each month; how many rows its journal has in all."""
    folder.mkdir(0o700)
    clock = VirtualClock(SystemClock().wall_ns() - 31 * _MONTHS * _DAY_NS)
    rows = 0
    for _ in range(_MONTHS + 1):
        journal = SqliteJournal.open(folder, "mock", clock)
        harness = JournalHarness(journal, *_RULES, kept=journal.opened.kept)
        harness.now_ms = clock.wall_ns() // 1_000_000
        for _ in range(trades_a_month):
            harness.prices(100, 101, 102, 103, 80)
        rows = journal.write(harness.trader.state.keep(harness.now_ms))
        journal.wait_durable(rows, _DURABLE_S)
        journal.close("well")
        clock.advance(31 * _DAY_NS)
    return rows


def experiment(folder: Path, kills: int, trades_a_month: int = 500, seed: int = 1) -> Restarts:
    """Kill engines over a journal that is a year old, `kills` times, and as many over none."""
    chance = random.Random(seed)
    found = Restarts(0, 0, [], [], [])
    with OperatorShell(folder / "aged", *_RULES) as shell, OperatorShell(folder / "fresh", *_RULES) as fresh:
        rows = aged(shell.state, trades_a_month)
        for _ in range(kills):
            found.fresh_s.append(_killed(fresh, chance, found.problems))
            found.ready_s.append(_killed(shell, chance, found.problems))
        found.problems.extend(chain_problems(shell.state))
        return found._replace(rows=rows, files=len(closed_files(shell.state)))


def _killed(shell: OperatorShell, chance: random.Random, problems: list[str]) -> float:
    """Start an engine, let it trade for a moment, kill it; how long it took to answer (s)."""
    journal = shell.state / JOURNAL_FILE
    before = fold(journal) if "killed" in shell.said() else None  # a session that ended well is followed by a new one
    shell.start("--quiet", "--paused")
    ready_s, cash = shell.ready_s, str(shell.snapshot.account.cash)
    if before is not None and cash != (expected := str(before.state().fields["book.cash"])):
        problems.append(f"taken over cash {cash} instead of {expected}")
    shell.command(Unlock(), Play())
    Event().wait(chance.uniform(0, _RUN_S))
    shell.kill()
    shell.output.write_text("killed")
    problems.extend(filter(None, (verify(journal),)))
    return ready_s


def told(found: Restarts) -> str:
    """It in a line."""
    ready, fresh = (f"p50 {sorted(each)[len(each) // 2]:.2f} s, max {max(each):.2f} s" for each in found[2:4])
    kills = len(found.ready_s)
    return (
        f"{found.rows:,} rows, {found.files} closed files, {kills} kills: ready after {ready}; a fresh account {fresh}"
    )


def faults(found: Restarts) -> Sequence[str]:
    """What is not as it should be; where the machine has no time for a fresh account either, an old one gets half as much again."""
    most_s = max(READY_S, 1.5 * max(found.fresh_s))
    slow = [f"ready after {each:.2f} s" for each in found.ready_s if each > most_s]
    return [*found.problems, *slow]
