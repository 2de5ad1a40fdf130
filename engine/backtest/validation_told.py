"""Who tells what came of the newest validation, and by which channels it was told: a file beside its record, so that of several processes one tells it.

Whoever is about to tell takes it on before. One that ends without having told holds up the others for a while only:
then it may be told twice, which is better than never.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.backtest.validation_record import Moment, Validation
from engine.outside.files import claim, put_aside_odd

TOLD_FILE: Final = "validation.told"
_LASTS: Final = timedelta(minutes=2)  # all channels one after the other take less
_LIMIT_BYTES: Final = 4_096
_NEVER: Final = datetime.fromtimestamp(0, UTC)


class Telling(Struct, frozen=True):
    """Of the validation of `date` that was made `at`: the channels by which it was `told`; who took it on, process `pid`, and when; "" = nobody is at it."""

    date: str = ""
    at: Moment = _NEVER
    told: tuple[str, ...] = ()
    by: str = ""
    pid: int = 0
    since: Moment = _NEVER


def take_on(folder: Path, found: Validation, by: str, channels: Iterable[str], now: datetime) -> tuple[str, ...] | None:
    """Those of `channels` that `by` is to tell `found` by; None where another one is at it, or a newer one is told.

    Raises OSError where that cannot be written down.
    """
    with _opened(folder) as file:
        known = _read(file)
        is_same = (known.date, known.at) == (found.date, found.at)
        is_recent = abs(now - known.since) < _LASTS
        if is_recent and (known.by not in {"", by} if is_same else known.at > found.at):
            return None
        known = known if is_same else Telling(found.date, found.at)
        wanted = tuple(name for name in channels if name not in known.told)
        if wanted:
            _write(file, replace(known, by=by, pid=os.getpid(), since=now))
        return wanted


def has_told(folder: Path, found: Validation, channels: Iterable[str], *, ends: bool) -> None:
    """Write down that `found` was told by `channels`; it `ends` where whoever took it on does no more. Raises OSError."""
    with _opened(folder) as file:
        known = _read(file)
        if (known.date, known.at) == (found.date, found.at):
            told = tuple(sorted({*known.told, *channels}))
            _write(file, replace(known, told=told, by="" if ends else known.by))


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The file, ours alone for the few lines of the block; raises OSError, BlockingIOError where it is another's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / TOLD_FILE
    put_aside_odd(path)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        if not claim(file):
            raise BlockingIOError("is being written by another process")
        yield file
    finally:
        os.close(file)


def _read(file: int) -> Telling:
    try:
        return msgspec.json.decode(os.pread(file, _LIMIT_BYTES, 0), type=Telling)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # nothing so far, or not by us
        return Telling()


def _write(file: int, telling: Telling) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, msgspec.json.encode(telling) + b"\n", 0)
    os.fsync(file)
