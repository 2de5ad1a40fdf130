"""What the service says on standard error: lines with their time, by a thread of its own, so that nothing waits for a terminal."""

import logging
import os
import time
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from datetime import UTC
from itertools import count
from typing import Final

from engine.link.limits import Notes
from engine.logs.console import Console
from engine.logs.lines import ROOT, Stamper, component_of, level_name, texts_of
from engine.model.ports import LogLine
from engine.text.sanitize import clean

LOGGER: Final = logging.getLogger(f"{ROOT}.gateway")
_CLOSE_S = 1.0


class GatewayLog(logging.Handler):
    """Takes what the loggers `myquant…` of this process say, from INFO on, until `close`; UTC."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._console = Console(fd)
        self._stamper = Stamper(UTC)
        self._numbers = count(1)
        self._root = logging.getLogger(ROOT)
        self._root.setLevel(logging.INFO)
        self._root.propagate = False
        self._root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record over as lines; never waits."""
        level, component, at_ns = level_name(record.levelno), clean(component_of(record)), time.time_ns()
        lines = [LogLine(next(self._numbers), at_ns, level, component, text) for text in texts_of(record)]
        self._console.put([self._stamper.bytes_of(line) for line in lines])

    def close(self) -> None:
        """Show what waits."""
        self._root.removeHandler(self)
        self._console.close(_CLOSE_S)
        super().close()


class RefusalLog:
    """Counts what was refused, by kinds of which there are few, and logs each kind at most once a minute."""

    def __init__(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.counts: dict[str, int] = {}
        self._clock_ns = clock_ns
        self._notes = Notes(LOGGER.warning, of="http")

    def tell(self, kind: str, text: str) -> None:
        """Count one; `text` may repeat what came, and is cleaned by the log."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._notes.tell(kind, text, self._clock_ns())


class LibraryLog(logging.Handler):
    """What the logger of a library says, from WARNING on, counted like refusals; of a failure where it was raised."""

    def __init__(self, name: str, refusals: RefusalLog) -> None:
        super().__init__(logging.WARNING)
        self._refusals = refusals
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it in one line."""
        text = record.getMessage().strip()
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CancelledError):  # a request that our own end has cut off
            return
        if error is not None:
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = (
                f"internal error in {os.path.basename(place.filename)}:{place.lineno}: {type(error).__name__}: {error}"
            )
        self._refusals.tell(str(record.msg), text)
