"""What a report shows of a sweep stands in its file from its end on, and is read without numpy."""

from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from engine.backtest.sweep.looks import Looks
from engine.backtest.sweep.sweep_file import SweepFile
from engine.model.errors import InputError
from engine.model.sweep_result import KeyMap, SweepReport

_FACT: Final = "report"


def keep(store: SweepFile, found: SweepReport) -> None:
    """Write down what a report shows."""
    store.note(_FACT, msgspec.json.encode(found).decode())


def read(path: Path, looks: Looks) -> SweepReport | None:
    """What is to be shown of the sweep at `path`; that held-out days are looked at is entered. Raises InputError, DiskError.

    What was written at its end holds as long as nothing was done since: None where it does not, or the end was not reached.
    """
    with closing(SweepFile.opened(path)) as file:
        if (found := _kept(file)) is None:
            return None
        looks.look(found.held_out)
        summary = replace(found.summary, file=str(path), same=file.fact("same"), looks=looks.looks(found.held_out))
    return replace(found, summary=summary)


def _kept(file: SweepFile) -> SweepReport | None:
    """What was written at the end; None where that was not reached, or the sweep went on since."""
    if not (text := file.fact(_FACT)):
        return None
    try:
        found = msgspec.json.decode(text, type=SweepReport)
    except msgspec.DecodeError as error:
        raise InputError(f"{file.path}: damaged: {error}") from None
    if not all(map(_is_whole, found.maps)) or len({tuple(row.values) for row in found.summary.rows}) > 1:
        raise InputError(f"{file.path}: damaged: rows of one table are not alike")
    then = found.summary.units_done, len(found.summary.missing)
    return found if then == (len(file.finished()), len(file.failures())) else None


def _is_whole(found: KeyMap) -> bool:
    """Whether a map has a cell for each pair of values, and one of each at least."""
    widths = [len(medians) for medians in found.medians]
    return bool(widths) and widths == [len(found.across_texts)] * len(found.down_texts)
