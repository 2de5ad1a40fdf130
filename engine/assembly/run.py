"""A built engine with the edges that outlive it. Knows how they end, not how they were made."""

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from msgspec import Struct

from engine.config import Config
from engine.logs import LogBook, log_trade
from engine.model.ports import Journal, Recorder, TickSource
from engine.model.types import TradeMode
from engine.runtime import Engine
from engine.trading.trader import Trader
from engine.venues.supply import LiveSupply


class Run(Struct):
    """A built engine in its state directory `folder`; `close` ends it and its edges in good order."""

    config: Config
    mode: TradeMode
    source: TickSource | LiveSupply
    folder: Path
    engine: Engine
    trader: Trader
    journal: Journal | None
    recorder: Recorder | None
    logs: LogBook
    edges: ExitStack

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Put a line into the log that must not be lost."""
        log_trade("%s", text, component="engine", level=logging.WARNING)

    def close(self) -> None:
        """Stop the engine, write what is waiting, release the state directory. Safe to call twice."""
        self.edges.close()
