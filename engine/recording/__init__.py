"""Recordings: written while the engine runs, read for replay, made from and turned into CSV files."""

from engine.recording.convert import ExportReport, ImportReport, export_csv, import_file
from engine.recording.csv_layout import CsvLayout
from engine.recording.format import Header
from engine.recording.naming import recording_path, recording_path_for
from engine.recording.reader import MqrSource
from engine.recording.recorder import FileRecorder

__all__ = [
    "CsvLayout",
    "ExportReport",
    "FileRecorder",
    "Header",
    "ImportReport",
    "MqrSource",
    "export_csv",
    "import_file",
    "recording_path",
    "recording_path_for",
]
