"""What recordings are called, those of runs by mode, symbol and local start time. Knows no file's contents and no retention."""

import re
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from engine.model.errors import InputError, reason
from engine.model.types import TradeMode
from engine.recording.stamps import zone_named

_MOST_SYMBOL = 40
_MOST_ALIKE = 99  # recordings of one symbol begun in one second
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}", re.ASCII)
_OTHER = re.compile(r"[^A-Za-z0-9_]+", re.ASCII)
_NAMED = re.compile(
    r"(replay|mock|paper|live-sim|live)-[A-Za-z0-9_]{1,40}-([0-9]{8}-[0-9]{6})(?:-(?:[2-9]|[1-9][0-9]))?\.mqr", re.ASCII
)


def recording_path(folder: Path, name: str) -> Path:
    """`folder`/`name` for a name that stays inside the folder; raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name:.90}' is not a file name; allowed: 1 to 80 of A-Z a-z 0-9 _ . -, not first a dot")
    return folder / name


def recording_path_for(folder: Path, mode: TradeMode, symbol: str, at_ns: int, zone: str) -> Path:
    """A path in `folder` that is free, such as `paper-NIFTY25NOV2526000CE-20261120-091455.mqr`.

    `at_ns` is UTC, the name tells it in `zone`. Raises InputError for a folder with too many recordings of one second.
    """
    started = datetime.fromtimestamp(at_ns // 1_000_000_000, zone_named(zone))
    plain = _OTHER.sub("_", symbol)[:_MOST_SYMBOL].strip("_") or "unnamed"
    name = f"{mode}-{plain}-{started:%Y%m%d-%H%M%S}"
    for attempt in range(1, _MOST_ALIKE + 1):
        path = recording_path(folder, f"{name}.mqr" if attempt == 1 else f"{name}-{attempt}.mqr")
        if not (path.exists() or path.is_symlink()):
            return path
    raise InputError(f"{folder / name}: {_MOST_ALIKE} recordings of that second are there already")


def is_named_by_us(name: str) -> bool:
    """Whether `name` is one that `recording_path_for` gives: what a person has named is not ours."""
    return _NAMED.fullmatch(name) is not None


def mode_named(name: str) -> str:
    """The mode of the run that a recording called `name` is of; "" where a person has named it."""
    found = _NAMED.fullmatch(name)
    return found[1] if found else ""


class NamedRun(NamedTuple):
    """A recording of a run as its name tells of it: when that began, in which mode, and the file."""

    began: datetime
    mode: str
    path: Path


def runs_in(folder: Path, zone: tzinfo) -> list[NamedRun]:
    """The recordings in `folder` of runs that were no replays, the oldest first; names tell the time in `zone`. Raises InputError."""
    try:
        names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {reason(error)}") from error
    found = []
    for name in names:
        if (named := _NAMED.fullmatch(name)) and named[1] != "replay":
            with suppress(ValueError):  # 20251340-… is no date
                began = datetime.strptime(named[2], "%Y%m%d-%H%M%S").replace(tzinfo=zone)
                found.append(NamedRun(began, named[1], folder / name))
    return sorted(found)
