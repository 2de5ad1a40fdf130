"""The log of the running program: written by its own thread, never waited for by those who log; knows nothing of what is logged."""

from engine.logs.book import LogBook
from engine.logs.kept import log_trade

__all__ = ["LogBook", "log_trade"]
