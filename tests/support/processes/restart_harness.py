"""Runs one after the other in one state directory, as a test starts, kills and looks at them."""

import shutil
from pathlib import Path

from engine.journal import JOURNAL_FILE, Opened, SqliteJournal
from engine.model.clock import VirtualClock
from engine.model.commands import Lock
from engine.model.types import TradeMode
from tests.support.builders import EAGER
from tests.support.journal_harness import JournalHarness
from tests.support.waiting import PATIENCE_S

READY = "READY: locked until you unlock (k)"


class RestartHarness:
    """One state directory and the runs in it, one after the other."""

    def __init__(self, folder: Path, clock: VirtualClock, mode: TradeMode = "paper") -> None:
        self.folder = folder
        self.path = folder / JOURNAL_FILE
        self.mode = mode
        self.clock = clock
        self.copies = 0
        folder.mkdir(exist_ok=True)

    def start(self, **more: object) -> tuple[JournalHarness, SqliteJournal]:
        """The next run: it takes over and locks as the program does."""
        journal = SqliteJournal.open(self.folder, self.mode, self.clock)
        opened = journal.opened
        harness = JournalHarness(journal, *EAGER, kept=opened.kept, prefix=f"P{opened.run}-", **more)  # type: ignore[arg-type]
        if opened.still_locked:
            harness.command(Lock(opened.still_locked))
        return harness, journal

    def peek(self) -> Opened:
        """What a start would find, without a trace of it."""
        self.copies += 1
        copy = self.folder.with_name(f"{self.folder.name}-{self.copies}")
        shutil.copytree(self.folder, copy)
        journal = SqliteJournal.open(copy, self.mode, self.clock)
        journal.close("looked")
        return journal.opened

    def kill(self, journal: SqliteJournal) -> None:
        """Let the run end as by a kill at this moment, with every row on the disk."""
        assert journal.wait_durable(journal.durable + journal.waiting, PATIENCE_S)
        killed = self.folder.with_name(f"{self.folder.name}-killed")
        killed.mkdir()
        for name in (JOURNAL_FILE, f"{JOURNAL_FILE}-wal"):
            shutil.copyfile(self.folder / name, killed / name)
        journal.close("goes on, unseen")
        shutil.rmtree(self.folder)
        killed.rename(self.folder)


def money(harness: JournalHarness) -> str:
    """What a report says of the money."""
    portfolio = harness.trader.state.portfolio
    return f"cash {portfolio.cash:.2f}, result of the day 2025-10-01 {portfolio.day_realised:+.2f}, entries {portfolio.entries}"
