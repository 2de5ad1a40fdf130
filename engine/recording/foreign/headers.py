"""Rows of data that name the columns instead, where files were joined: the header once more, or another one. Knows no values."""

from codecs import BOM_UTF8
from typing import Literal

from engine.recording.foreign.cells import UnclosedError, split
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.sample import names_columns
from engine.recording.foreign.vocabulary import plain_name, role_of


def header_in(form: FileForm, cells: list[bytes]) -> Literal["header", "other header"] | None:
    """What a row behind the header is, where it names columns: those of the file, whatever their case, or others.

    Behind another one each cell may be something else, although it can be read.
    """
    cells = [cells[0].removeprefix(BOM_UTF8), *cells[1:]]
    names = _names(cells)
    own = [_names(_cells_of(line, form.delimiter)[: len(cells)]) for line in form.headers]
    if any(names) and names in own:
        return "header"
    if not names_columns(cells) and sorted(names) not in map(sorted, own):
        return None
    called = [plain_name(each) for each in form.names]
    for role, place in form.places.items():
        found = role_of(cells[place].decode(errors="replace"))
        meant = found is not None and (found[0] == role or (role == "price" and found[0] == "close"))
        if not meant and names[place] not in called[place : place + 1]:
            return "other header"
    return "header" if form.begin else None  # a person denies that there is one, or it stands behind rows without any


def _names(cells: list[bytes]) -> list[str]:
    return [plain_name(cell.decode(errors="replace")) for cell in cells]


def _cells_of(line: bytes, delimiter: bytes) -> list[bytes]:
    try:
        return split(line, delimiter)
    except UnclosedError:
        return []
