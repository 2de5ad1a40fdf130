"""Where a baseline's files lie, and how the JSON one is read again."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from engine.bench.baseline.report import BaselineReport
from engine.model.errors import DiskError, InputError, reason
from engine.outside.files import create_private, regular_size, told

_LARGEST: Final = 16 << 20  # bytes


def file_names(folder: Path) -> tuple[Path, Path]:
    """The CSV and the JSON file of a baseline that begins now."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return folder / f"baseline_metrics_{stamp}.csv", folder / f"baseline_{stamp}.json"


def write_json(path: Path, report: object) -> None:
    """Write a report into a new file; raises DiskError."""
    try:
        with os.fdopen(create_private(path), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None


def read_json(path: Path) -> BaselineReport:
    """The report that `path` holds; raises InputError."""
    if regular_size(path) > _LARGEST:
        raise InputError(f"{path}: is larger than any baseline; allowed: the JSON file of one")
    with told(path):
        content = path.read_bytes()
    try:
        report = msgspec.json.decode(content, type=BaselineReport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no baseline: {error}; allowed: the JSON file of one") from None
    if not report.gate.ratio > 0:
        raise InputError(f"{path}: gate.ratio {report.gate.ratio:g}: allowed: more than 0")
    return report
