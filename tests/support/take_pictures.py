"""Takes the README's pictures: the real program in a real terminal. `python -m tests.support.take_pictures FOLDER`."""

import re
import sys
import tempfile
from io import StringIO
from pathlib import Path
from xml.sax.saxutils import escape

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from tests.support.paths import BUNDLED
from tests.support.terminal import Tmux, tmux

_INK = [(40, 42, 54), (238, 83, 80), (95, 200, 120), (240, 200, 90), (90, 150, 240), (180, 130, 240), (90, 200, 215)]
_THEME = TerminalTheme((17, 18, 23), (214, 218, 226), [*_INK, (190, 195, 205)], [*_INK, (235, 238, 245)])
_SPEED = "10"
_MOMENT = "11:31:20"
_CELL, _LINE, _EDGE = 8.4, 18, 12  # pixels
_RUN = re.compile(r"[!-~]+|[^\x00-\x7f]")  # a word, or one glyph that fonts give a width of their own
_TYPE = """font-family="'DejaVu Sans Mono','Menlo','Consolas',monospace" font-size="14\""""


def _picture(terminal: Tmux, width: int, target: Path) -> None:
    """Draw what is on the terminal as SVG, every word in its place whatever the font."""
    rows = list(AnsiDecoder().decode(terminal.screen(colours=True)))  # one decoder: colours go on over line ends
    size = (width * _CELL + 2 * _EDGE, len(rows) * _LINE + 2 * _EDGE)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" {_TYPE}>',
        f'<rect width="100%" height="100%" rx="8" fill="{_THEME.background_color.hex}"/>',
    ]
    console = Console(width=width, force_terminal=True, file=StringIO())
    for number, row in enumerate(rows):
        column = 0
        for segment in row.render(console):
            parts.append(_span(segment.text.rstrip("\n"), segment.style, column, number))
            column += len(segment.text)
    target.write_text("\n".join([*filter(None, parts), "</svg>"]) + "\n", encoding="utf-8")


def _span(text: str, style: Style | None, column: int, row: int) -> str:
    """One styled piece of a line: its background, and its words each at its own place."""
    ink, paper = _colours(style)
    left, top = _EDGE + column * _CELL, _EDGE + row * _LINE
    shapes = ""
    if paper:
        shapes = f'<rect x="{left:.1f}" y="{top}" width="{len(text) * _CELL:.1f}" height="{_LINE}" fill="{paper}"/>'
    bold = ' font-weight="bold"' if style and style.bold else ""
    for found in _RUN.finditer(text):
        x = left + found.start() * _CELL
        shapes += f'<text x="{x:.1f}" y="{top + 14}" fill="{ink}"{bold}>{escape(found[0])}</text>'
    return shapes


def _colours(style: Style | None) -> tuple[str, str]:
    """Ink and paper of a style; no paper where it is the terminal's own."""
    ink, paper = _THEME.foreground_color.hex, ""
    if style and style.color and not style.color.is_default:
        ink = style.color.get_truecolor(_THEME).hex
    if style and style.bgcolor and not style.bgcolor.is_default:
        paper = style.bgcolor.get_truecolor(_THEME).hex
    if style and style.reverse:
        ink, paper = paper or _THEME.background_color.hex, ink
    return ink, paper


def _lively(terminal: Tmux) -> None:
    """Bring the replay to a moment with a position open, and let it play there for a while."""
    terminal.sees("REPLAY")
    terminal.keys("t", "i", "g", *_MOMENT, "Enter")
    terminal.sees(_MOMENT[:5])
    terminal.keys("Space")
    for _ in range(40):
        terminal.read_it()
    terminal.sees("LONG")


def main(target: Path) -> None:
    """Take all pictures into `target`."""
    target.mkdir(exist_ok=True)
    args = ("replay", str(BUNDLED), "--paused", "--speed", _SPEED, "--set", "risk.max_position_value_percent=100")
    for width, height in ((120, 40), (80, 24)):
        with tempfile.TemporaryDirectory() as home, tmux(Path(home), width, height, *args) as terminal:
            _lively(terminal)
            _picture(terminal, width, target / f"screen_{width}x{height}.svg")
            if width == 120:
                terminal.keys("!")
                terminal.sees("EMERGENCY FLAT")
                _picture(terminal, width, target / "flat_plan.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
