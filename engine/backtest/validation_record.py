"""What came of a validation, and the newest one as it is remembered in a file: plain data, for whoever shows or tells it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from engine.backtest.divergence import Divergence
from engine.outside.files import keep_note, read_note
from engine.text.sanitize import CleanText, cleaned

RECORD_FILE: Final = "validation.json"
DayOutcome = Literal["same", "different", "missing", "failed", "no session", "not validated"]
WELL: Final[frozenset[DayOutcome]] = frozenset({"same", "no session"})
Moment = Annotated[datetime, Meta(tz=True)]
_LIMIT_BYTES: Final = 1 << 20


class FileOutcome(Struct, frozen=True):
    """One recording: how a replay of it came out, and the first difference or why it could not be compared."""

    file: CleanText
    outcome: CleanText
    reason: CleanText
    ticks: int
    exits: int


class Validation(Struct, frozen=True):
    """What came of a session day.

    `sizes` compare what the journal has booked with the replays, null where there is no journal of the day, or not all of
    its recordings were replayed; `notes` are sentences for a person.
    """

    date: str
    at: Moment
    outcome: DayOutcome
    reason: CleanText
    files: tuple[FileOutcome, ...] = ()
    sizes: Divergence | None = None
    notes: tuple[CleanText, ...] = ()


def keep(folder: Path, found: Validation) -> None:
    """Remember `found` in `folder`, for whoever shows or tells it; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_note(folder / RECORD_FILE, msgspec.json.encode(found))


def newest(folder: Path) -> Validation | None:
    """The newest validation that is remembered in `folder`; None where there is none that can be read."""
    try:
        text = read_note(folder / RECORD_FILE, _LIMIT_BYTES)
        return cleaned(msgspec.json.decode(text, type=Validation), 1_000)
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None
