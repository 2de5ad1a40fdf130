"""Recordings: written while the engine runs, read for replay, made from and turned into CSV files.

What writes one is resolved when it is asked for: who only reads does not carry it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.recording.csv_layout import CsvLayout
from engine.recording.format import Header
from engine.recording.reader import MqrSource

if TYPE_CHECKING:
    from engine.recording.naming import recording_path, recording_path_for
    from engine.recording.recorder import FileRecorder

__all__ = ["CsvLayout", "FileRecorder", "Header", "MqrSource", "recording_path", "recording_path_for"]

_FILES = {"FileRecorder": "recorder", "recording_path": "naming", "recording_path_for": "naming"}


def __getattr__(name: str) -> Any:
    """Import a name from the file that defines it."""
    if name not in _FILES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
