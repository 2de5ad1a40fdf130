"""A line to cells, after RFC 4180: quotes around a cell, doubled within it, blanks around both. Knows no columns."""

import re
from functools import cache
from typing import Final

DELIMITERS: Final = {"comma": b",", "semicolon": b";", "tab": b"\t", "pipe": b"|"}


class UnclosedError(ValueError):
    """A quote that is not closed, or text behind one that is."""


@cache
def _cell(delimiter: bytes) -> re.Pattern[bytes]:
    escaped = re.escape(delimiter)
    blank = rb" " if delimiter == b"\t" else rb"[ \t]"
    return re.compile(rb'%b*+(?:"((?:[^"]++|"")*+)"%b*+|([^%b]*+))(%b|\Z)' % (blank, blank, escaped, escaped))


def split(line: bytes, delimiter: bytes) -> list[bytes]:
    """The cells of a line that may hold quotes; raises UnclosedError."""
    if b'"' not in line:
        return line.split(delimiter)
    cells: list[bytes] = []
    match, place = _cell(delimiter).match, 0
    while True:
        found = match(line, place)
        if not found:
            raise UnclosedError
        quoted, bare, end = found.groups()
        if quoted is None:
            if bare[:1] == b'"':
                raise UnclosedError
            cells.append(bare)
        else:
            cells.append(quoted.replace(b'""', b'"') if b'"' in quoted else quoted)
        place = found.end()
        if not end:
            return cells
