"""Reading the log file of a test and writing to the log as the engine's parts do."""

import logging
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

from engine.logs import LogBook

INDIA = timezone(timedelta(hours=5, minutes=30))
SECOND = 10**9
START_NS = 1_759_290_649 * SECOND
STAMP = "2025-10-01T09:20:49.000+05:30"
"""`START_NS` as a line of the log gives it."""

Open = Callable[..., LogBook]


def lines(directory: Path, name: str = "engine.log") -> list[str]:
    return (directory / name).read_text().splitlines()


def logger(component: str = "feed") -> logging.Logger:
    return logging.getLogger(f"myquant.{component}")
