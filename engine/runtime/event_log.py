"""Puts what came about into the log, once the orders are out. Decides nothing."""

import logging
from collections.abc import Iterable

from engine.logs import log_trade
from engine.model.events import AnyEvent
from engine.trading.event_text import TRADES, EventText, detail_for

LOGGERS = {
    name: logging.getLogger(f"myquant.{name}")
    for name in ("engine", "feed", "trader", "broker", "journal", "recording")
}


def tell(events: Iterable[AnyEvent], event_text: EventText) -> None:
    """Put `events` into the log in their order, in the words of `event_text`; a detail only where the log has details."""
    for event in events:
        detail = detail_for(event)
        if detail and not LOGGERS[detail].isEnabledFor(logging.DEBUG):
            continue
        line = event_text.tell(event)
        if line is None:
            continue
        if line.keep:
            log_trade("%s", line.text, component=line.component, level=line.level, trade=isinstance(event, TRADES))
        else:
            LOGGERS[line.component].log(line.level, "%s", line.text)
