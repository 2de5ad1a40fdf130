"""The log of the running program: written by its own thread, never waited for by those who log; knows nothing of what is logged."""

from engine.logs.book import LEVELS, LogBook, log_trade
from engine.model.ports import LogLine

__all__ = ["LEVELS", "LogBook", "LogLine", "log_trade"]
