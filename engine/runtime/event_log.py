"""Puts what came about into words, once the orders are out: lines for the log, and the few that a screen keeps. Decides nothing."""

import logging
from collections.abc import Iterable

from engine.logs import log_trade
from engine.model.events import AnyEvent
from engine.trading.event_text import EventText

LOGGERS = {
    name: logging.getLogger(f"myquant.{name}")
    for name in ("engine", "feed", "trader", "broker", "journal", "recording")
}
_KEPT_OUTCOMES = 16


class EventLog:
    """Tells facts to the log; `outcomes` keeps what became of the newest commands, the newest last."""

    def __init__(self, event_text: EventText) -> None:
        self._narrator = event_text
        self.outcomes: tuple[str, ...] = ()

    def outcome(self, text: str) -> None:
        """Keep what became of a command, for a screen."""
        self.outcomes = (*self.outcomes, text)[-_KEPT_OUTCOMES:]

    def facts(self, facts: Iterable[AnyEvent]) -> None:
        """Put `facts` into the log, in their order."""
        for fact in facts:
            line = self._narrator.tell(fact)
            if line is None:
                continue
            if line.keep:
                log_trade("%s", line.text, component=line.component, level=line.level)
            else:
                LOGGERS[line.component].log(line.level, "%s", line.text)
