"""An engine in a process of its own: its signals, its watchdogs, its socket, its start and its end. Knows no screen."""

from engine.serving.flat_file import lay_flat
from engine.serving.launch import await_answer, launch
from engine.serving.state_dirs import EngineDir, find_place, place_of

__all__ = ["EngineDir", "await_answer", "find_place", "launch", "lay_flat", "place_of"]
