"""Pictures of the screen, as text and as SVG: the one exporter there is. Draws nothing itself; knows no widget.

Fonts are named, never fetched; every word has its own place, so that a picture is the same whatever font there is.
"""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.terminal_theme import TerminalTheme

Row = Sequence[tuple[str, Style]]

_INK: Final = [
    (40, 42, 54),
    (238, 83, 80),
    (95, 200, 120),
    (240, 200, 90),
    (90, 150, 240),
    (180, 130, 240),
    (90, 200, 215),
]
_THEME: Final = TerminalTheme((17, 18, 23), (214, 218, 226), [*_INK, (190, 195, 205)], [*_INK, (235, 238, 245)])
GROUND: Final = _THEME.background_color.hex
CELL, LINE, EDGE = 8.4, 18, 12  # pixels
_WORD = re.compile(r"[!-~]+|[^\x00-\x20\x7f]")  # a word, or one glyph that fonts give a width of their own
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
TYPE = """font-family="'DejaVu Sans Mono','Menlo','Consolas',monospace" font-size="14\""""
_FAINT = ' fill-opacity="0.6"'
_MOST = 1000  # files of ours in one folder
_NAME = "myquant-"
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class PictureError(Exception):
    """No picture was saved, and why."""


def svg(rows: Iterable[Row], width: int, ground: str = GROUND) -> str:
    """What is on a screen of `width` cells as SVG, its margin in `ground`; texts are escaped, and what XML cannot say is a question mark."""
    parts: list[str] = []
    count = 0
    for count, row in enumerate(rows, 1):
        column = 0
        for text, style in row:
            parts.append(_span(_NO_XML.sub("?", text), style, column, count - 1))
            column += cell_len(text)
    across, down = width * CELL + 2 * EDGE, count * LINE + 2 * EDGE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {down:.0f}" {TYPE}>'
    margin = f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>'
    return "\n".join([head, margin, *filter(None, parts), "</svg>"]) + "\n"


def _span(text: str, style: Style, column: int, row: int) -> str:
    """One styled piece of a line: its background, and its words each at its own place."""
    ink, paper = colours(style)
    left, top = EDGE + column * CELL, EDGE + row * LINE
    shapes = ""
    if paper and text:
        wide = cell_len(text) * CELL
        shapes = f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{LINE}" fill="{paper}"/>'
    looks = ' font-weight="bold"' if style.bold else ""
    looks += ' text-decoration="underline"' if style.underline else ""
    looks += _FAINT if style.dim else ""
    for found in _WORD.finditer(text):
        x = left + cell_len(text[: found.start()]) * CELL
        shapes += f'<text x="{x:.1f}" y="{top + 14}" fill="{ink}"{looks}>{escaped(found[0])}</text>'
    return shapes


def escaped(text: str) -> str:
    """Text that is no markup; `xml.sax` would load half of the network for it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def colours(style: Style) -> tuple[str, str]:
    """Ink and paper of a style; no paper where it is the terminal's own."""
    ink, paper = _THEME.foreground_color.hex, ""
    if style.color and not style.color.is_default:
        ink = style.color.get_truecolor(_THEME).hex
    if style.bgcolor and not style.bgcolor.is_default:
        paper = style.bgcolor.get_truecolor(_THEME).hex
    if style.reverse:
        ink, paper = paper or _THEME.background_color.hex, ink
    return ink, paper


def save(folder: Path, text: str, picture: str) -> Path:
    """Write a text and its SVG into new private files in `folder`, whole or not at all; the path of the text.

    Raises OSError, and PictureError where the folder has as many as it may.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sum(name.startswith(_NAME) for name in os.listdir(folder)) >= _MOST:
        raise PictureError(f"{folder} has {_MOST // 2} of them: remove some")
    path = folder / f"{_NAME}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    written: list[Path] = []
    try:
        for target, content in ((path, text), (path.with_suffix(".svg"), picture)):
            part = target.with_name(f".{target.name}.part")
            written.append(part)
            descriptor = os.open(part, _WRITE, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                file.write(content)
            os.rename(part, target)
            written[-1] = target
    except OSError:
        for each in written:  # half a picture is none
            with suppress(OSError):
                each.unlink()
        raise
    return path
