"""Sources that are files: how far they were read, and which names a recording may have. Opens none."""

import re
from collections.abc import Callable
from pathlib import Path

from engine.model.errors import InputError
from engine.model.ports import FileSource, TickSource
from engine.text.sanitize import clean

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}", re.ASCII)

Progress = Callable[[float], object]


def steps(source: TickSource, progress: Progress | None) -> Callable[[int], object]:
    """What to call now and then with the number of ticks done, so that `progress` hears which part of `source` that is."""
    if progress is None:
        return lambda _: None
    if isinstance(source, FileSource):
        return lambda _: progress(source.fraction_read())
    total = max(1, source.count())
    return lambda ticks: progress(ticks / total)


def recording_path(folder: Path, name: str) -> Path:
    """`folder`/`name` for a name that stays inside the folder; raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"'{clean(name, 90)}' is not a file name; allowed: 1 to 80 of A-Z a-z 0-9 _ . -, not first a dot"
        )
    return folder / name
