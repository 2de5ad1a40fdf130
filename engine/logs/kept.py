"""Lines that must not be lost: how they are logged, and how they are known."""

import logging

from engine.logs.lines import ROOT


def log_trade(
    text: str, *args: object, component: str = "trader", level: int = logging.INFO, trade: bool = False
) -> None:
    """Log an entry, exit or P&L: never suppressed by rate or by a configured level, and in the file before the program ends.

    `trade`: a screen shows it among trades alone.
    """
    logger = logging.getLogger(f"{ROOT}.{component}")
    logger.handle(logger.makeRecord(logger.name, level, "", 0, text, args, None, extra={"keep": True, "trade": trade}))


def is_kept(record: logging.LogRecord) -> bool:
    """Whether the line was marked as one that must not be lost (`extra={"keep": True}`)."""
    return bool(getattr(record, "keep", False))
