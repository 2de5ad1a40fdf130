"""An engine in a process of its own: its signals, its watchdogs, its door, its start and its end. Knows no screen."""

from engine.serving.launch import launch
from engine.serving.places import Place, find_place, place_of
from engine.serving.process import serve
from engine.serving.unit import unit_text

__all__ = ["Place", "find_place", "launch", "place_of", "serve", "unit_text"]
