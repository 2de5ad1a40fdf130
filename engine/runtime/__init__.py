"""Runs the trader: turns, delivery modes, replay control, beat, snapshots. Edges reach it through ports only."""

from engine.runtime.engine import Engine
from engine.runtime.epochs import Epochs
from engine.runtime.event_log import LOGGERS
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.persistence import Persistence
from engine.runtime.process_stats import ProcessStats, settle
from engine.runtime.replay.playback import Playback
from engine.runtime.snapshot_builder import SnapshotBuilder
from engine.runtime.turn import Turn

__all__ = [
    "LOGGERS",
    "Engine",
    "Epochs",
    "Housekeeping",
    "Persistence",
    "Playback",
    "ProcessStats",
    "SnapshotBuilder",
    "Turn",
    "settle",
]
