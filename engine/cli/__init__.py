"""The command without a screen: what a script can rely on."""

from engine.cli.main import main

__all__ = ["main"]
