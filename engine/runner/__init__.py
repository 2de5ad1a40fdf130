"""Runs the trader: turns, delivery modes, replay control, beat, snapshots. Edges reach it through ports only."""

from engine.runner.check import check_for
from engine.runner.engine import Engine
from engine.runner.epochs import Epochs
from engine.runner.keeping import Keeper
from engine.runner.picture import Picture
from engine.runner.playback import Playback
from engine.runner.rewind import take_over
from engine.runner.rounds import Rounds
from engine.runner.telling import LOGGERS
from engine.runner.turn import Turn
from engine.runner.vitals import Vitals, settle

__all__ = [
    "LOGGERS",
    "Engine",
    "Epochs",
    "Keeper",
    "Picture",
    "Playback",
    "Rounds",
    "Turn",
    "Vitals",
    "check_for",
    "settle",
    "take_over",
]
