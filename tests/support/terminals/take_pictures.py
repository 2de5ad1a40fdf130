"""Takes the README's pictures: the real program in a real terminal, held at one moment. `python -m tests.support.terminals.take_pictures FOLDER`."""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style

from tests.support.paths import BUNDLED
from tests.support.terminals.terminal import Tmux, tmux
from tests.support.waiting import until
from tui.shell.picture import CELL, EDGE, LINE, svg

_MOMENT: Final = "10:39:20"
# Name: what is typed at the moment, and what is seen then; of one size the later ones go on from the earlier.
_SCENES: Final = {
    (120, 40): {
        "screen_120x40": ("", "164.30 stop"),
        "strategy": ("1z", "10:50"),
        "flat_plan": ("z!", "EMERGENCY FLAT"),
    },
    (80, 24): {"screen_80x24": ("", "164.30 stop")},
}
# What is measured, and so differs from run to run.
_MEASURED: Final = re.compile(r"[\d.,]+ ?(?:[µnm]?s\b|%|MB|beats)|[▁-█]+|[●·♥♡]|─+")

_WIDE, _WIDE_LEFT = 100, 74  # from here on panes stand beside each other, the right one of them behind that column
_LATE: Final = re.compile(r"(LATE|STALE)\b|[▲✖] *$", re.MULTILINE)


def pictures(*, calm: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each picture's name, and what is there as SVG by the program's own exporter; `calm`: with no lamp in alarm."""
    for (width, height), scenes in _SCENES.items():
        with tempfile.TemporaryDirectory() as home:
            args = ("replay", str(BUNDLED), "--paused", "--speed", "10", "--state-dir", f"{home}/state")
            with tmux(Path(home), width, height, *args) as terminal:
                terminal.sees("REPLAY")
                terminal.keys("t", "g", *_MOMENT, "Enter")
                terminal.sees(f"{_MOMENT}.000")
                for name, (keys, seen) in scenes.items():
                    terminal.keys(*keys)
                    terminal.sees(seen)
                    _settles(terminal, calm)
                    yield name, partial(_picture, terminal, width)


def _settles(terminal: Tmux, calm: bool) -> None:
    """Wait until nothing moves any more but what is measured."""
    before: list[str] = []

    def still() -> bool:
        nonlocal before
        terminal.read_it()
        screen = terminal.screen()
        earlier, before = before, lasting(screen.splitlines())
        return earlier == before and not (calm and _LATE.search(screen))

    until(still, terminal.screen)


def _picture(terminal: Tmux, width: int) -> str:
    rows = list(AnsiDecoder().decode(terminal.screen(colours=True)))  # one decoder: colours go on over line ends
    console = Console(width=width, force_terminal=True, file=StringIO())
    shown = [
        [(segment.text.rstrip("\n"), segment.style or Style.null()) for segment in row.render(console)] for row in rows
    ]
    return svg(shown, width)


def lines_of(picture: str) -> list[str]:
    """The lines of text that a picture shows, every word in its column."""
    rows: dict[int, dict[int, str]] = {}
    for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        row = (int(text.attrib["y"]) - EDGE) // LINE
        rows.setdefault(row, {})[round((float(text.attrib["x"]) - EDGE) / CELL)] = text.text or ""
    lines = [""] * (max(rows) + 1)
    for row, words in rows.items():
        for column, word in sorted(words.items()):
            lines[row] = lines[row].ljust(column) + word
    return lines


def lasting(lines: list[str]) -> list[str]:
    """The lines without what is measured anew in every run: figures with units, and the panes of latency and lamps."""
    wide = any(len(line) > _WIDE for line in lines)
    shown: list[str] = []
    left_out = False
    for line in lines:
        if "5 LOG" in line:
            left_out = False
        words = " ".join(_MEASURED.sub(" ", line[:_WIDE_LEFT] if wide and left_out else line).split())
        if wide or not left_out or line.startswith(" NIFTY"):
            shown.append(words)
        left_out = left_out or "3 LATENCY" in line or "EMERGENCY FLAT" in line
    shown[0] = shown[0].rstrip("▲✖ ")  # the worst lamp
    return shown


def main(target: Path) -> None:
    """Take all pictures into `target`."""
    target.mkdir(exist_ok=True)
    for name, look in pictures(calm=True):
        (target / f"{name}.svg").write_text(look(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
