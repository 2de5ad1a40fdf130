"""Puts a run together: the only rooms that know every other. Config and source in, a ready engine out."""

from engine.assembly.assemble import build
from engine.assembly.live import LiveSupply, has_credentials, live_supply
from engine.assembly.run import Run
from engine.assembly.sources import mock_source

__all__ = ["LiveSupply", "Run", "build", "has_credentials", "live_supply", "mock_source"]
