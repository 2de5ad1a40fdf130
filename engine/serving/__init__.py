"""An engine in a process of its own: its signals, its watchdogs, its door, its start and its end. Knows no screen."""

from engine.serving.launch import await_answer, launch
from engine.serving.places import Place, find_place, place_of
from engine.serving.process import serve
from engine.serving.signals import block_signals
from engine.serving.wishes import lay_flat

__all__ = [
    "Place",
    "await_answer",
    "block_signals",
    "find_place",
    "launch",
    "lay_flat",
    "place_of",
    "serve",
]
