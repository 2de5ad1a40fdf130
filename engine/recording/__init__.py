"""Recordings: written while the engine runs, read for replay, made from and turned into CSV files."""

from engine.recording.csv_layout import CsvLayout
from engine.recording.format import Header
from engine.recording.naming import recording_path, recording_path_for
from engine.recording.reader import MqrSource
from engine.recording.recorder import FileRecorder

__all__ = ["CsvLayout", "FileRecorder", "Header", "MqrSource", "recording_path", "recording_path_for"]
