"""Runs the trader: turns, delivery modes, replay control, beat, snapshots. Edges reach it through ports only."""

from engine.runtime.engine import Engine
from engine.runtime.event_log import LOGGERS
from engine.runtime.process_stats import settle

__all__ = ["LOGGERS", "Engine", "settle"]
