"""Puts a run together: the only rooms that know every other. Config and source in, a ready engine out."""

from engine.build.assemble import build
from engine.build.live import LiveSupply, has_credentials, live_supply
from engine.build.run import Run
from engine.build.sources import mock_source

__all__ = ["LiveSupply", "Run", "build", "has_credentials", "live_supply", "mock_source"]
