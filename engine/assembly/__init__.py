"""Puts a run together: the only folder that knows every other. Config and source in, a ready engine out."""

from engine.assembly.assemble import build
from engine.assembly.configuration import load
from engine.assembly.run import Run
from engine.venues.supply import LiveSupply

__all__ = ["LiveSupply", "Run", "build", "load"]
