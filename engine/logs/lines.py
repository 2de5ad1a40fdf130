"""From a log record to clean lines of text; knows nothing of where they go."""

import logging
import traceback
from collections.abc import Iterator
from datetime import datetime, tzinfo

from engine.model.ports import LogLine
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

ROOT = "myquant"
LINE_LIMIT = 1_000  # characters
FRAMES_LIMIT = 40  # of a traceback, the innermost
_LEVEL_NAMES = (
    (logging.CRITICAL, "FATAL"),
    (logging.ERROR, "ERROR"),
    (logging.WARNING, "WARN"),
    (logging.INFO, "INFO"),
)


def component_of(record: logging.LogRecord) -> str:
    """`feed` for a record of the logger `myquant.feed`; the bare root counts as the engine."""
    return record.name[len(ROOT) + 1 :] or "engine"


def level_name(level: int) -> str:
    """`INFO`, `WARN`, …: at most five letters, so that the columns stand."""
    return next((name for floor, name in _LEVEL_NAMES if level >= floor), "DEBUG")


def texts_of(record: logging.LogRecord) -> Iterator[CleanText]:
    """The message on one line, then a traceback's lines, all cleaned; raises what the message's arguments raise."""
    yield one_line(record.getMessage())
    if record.exc_info and record.exc_info[1]:
        for block in traceback.format_exception(record.exc_info[1], limit=-FRAMES_LIMIT):
            yield from map(one_line, block.rstrip("\n").split("\n"))


def one_line(text: str) -> CleanText:
    """`text` without secrets and control characters; line ends show as ␤, tabs as spaces."""
    text = redact(text)  # before it is cut: half a secret would not be found
    text = text[: 2 * LINE_LIMIT].replace("\r\n", "␤").replace("\n", "␤").replace("\r", "␤").replace("\t", "    ")
    return clean(text, LINE_LIMIT)


class Stamper:
    """Writes lines with their time in one zone: `2025-10-01T09:20:49.000+05:30 INFO  trader   text`."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._second = -1
        self._before, self._after = "", ""

    def bytes_of(self, line: LogLine) -> bytes:
        """The line as it stands in the file, its end included."""
        second, ns = divmod(line.wall_ns, 10**9)
        if second != self._second:
            try:
                text = datetime.fromtimestamp(second, self._zone).isoformat()
            except (ValueError, OverflowError, OSError):  # a clock far off must not cost a line
                text = f"{second:019d}"[:19]
            self._second, self._before, self._after = second, text[:19], text[19:]
        stamp = f"{self._before}.{ns // 10**6:03d}{self._after}"
        return f"{stamp} {line.level:<5} {line.component:<8} {line.text}\n".encode("utf-8", "replace")
