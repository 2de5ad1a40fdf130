"""Cells of the CSV that others open: no text becomes a formula in a spreadsheet, numbers stay numbers. Knows no file."""

import re

_MARK = "'"  # which a spreadsheet takes for "this is text"
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.][0-9]+)?")
# What a formula begins with, behind spaces as well; the wide forms are folded into the others by some programs.
_FORMULA = re.compile(r"[ \xa0]*[=+\-@\t\r\n|%＝＋－＠]")


def cell(text: str) -> str:
    """`text` as a cell that is shown and never computed."""
    return _MARK + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def text_of(written: str) -> str:
    """The text that `cell` wrote."""
    return written[1:] if written.startswith(_MARK) and _FORMULA.match(written, 1) else written
