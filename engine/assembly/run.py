"""A built engine with the edges that outlive it. Knows how they end, not how they were made."""

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from engine.assembly.edge_watch import EdgeWatch
from engine.assembly.real_orders import RealOrders
from engine.config import Config
from engine.journal import Opened, SqliteJournal
from engine.journal.day_pages import DayPages
from engine.journal.exit_pages import ExitPages
from engine.logs import LogBook, log_trade
from engine.model.day_page import DayPage
from engine.model.exit_page import ExitPage
from engine.model.sources import TickSource
from engine.model.types import TradeMode
from engine.runtime import Engine
from engine.runtime.uptime import Uptime
from engine.text.sanitize import CleanText
from engine.trading.trader import Trader
from engine.venues.supply import LiveSupply

if TYPE_CHECKING:
    from engine.recording.daily_recorder import DailyRecorder


class RunParts(Struct):
    """What stands before the engine is built around it; `folder` is the state directory, `opened` what the run before has left."""

    config: Config
    mode: TradeMode
    name: CleanText
    trader: Trader
    journal: SqliteJournal | None
    recorder: "DailyRecorder | None"
    logs: LogBook
    folder: Path
    opened: Opened
    watch: EdgeWatch
    uptime: Uptime | None = None  # of a run that watches a market
    real: RealOrders | None = None  # of a run at a broker


class Run(RunParts, kw_only=True):
    """A built engine with what it was built around; `close` ends it and its edges in good order."""

    engine: Engine
    source: TickSource | LiveSupply
    edges: ExitStack
    pages: ExitPages | None  # of a run that keeps a journal
    day_pages: DayPages | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Put a line into the log that must not be lost."""
        log_trade("%s", text, component="engine", level=logging.WARNING)

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` out of the journal, as far as they have been read; from any thread, at once."""
        if self.pages is None:
            return ExitPage(first, last, rewinds, "UNREADABLE", reason="this run keeps no journal")
        return self.pages.page(first, last, rewinds)

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days of the journal, or the exits of the one at `date`; from any thread, at once."""
        if self.day_pages is None:
            return DayPage(date, today, rewinds, "UNREADABLE", reason="this run keeps no journal")
        return self.day_pages.page(date, today, rewinds)

    def close(self) -> None:
        """Stop the engine, write what is waiting, release the state directory. Safe to call twice."""
        self.edges.close()
