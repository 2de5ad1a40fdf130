"""A recorded session of a terminal (asciicast v2) as a moving SVG: no script, fonts by name, each frame paints over those before it."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

from rich.style import Style
from rich.text import Text

from tests.support.terminals.emulator import Emulator
from tui.shell.picture import CELL, EDGE, GROUND, LINE, TYPE, colours, escaped

Cell = tuple[str, frozenset[str]]
_BLANK: Cell = (" ", frozenset())
_CAPTION: frozenset[str] = frozenset({"7"})
_GAP = 4  # unchanged cells that are rather painted again than parted
_WORD = re.compile(r"[!-~]+|[^\x00-\x20\x7f]")  # a word, or one glyph that fonts give a width of their own
_STILL = "@media (prefers-reduced-motion:reduce){g{animation:none!important}}"


class Event(NamedTuple):
    """One line of the recording: when, `o` what the program wrote or `m` a caption, and the text."""

    at_s: float
    kind: str
    text: str


class Frame(NamedTuple):
    """What is on the terminal from `at_s` on, the caption as its last row."""

    at_s: float
    rows: list[list[Cell]]

    def text(self) -> str:
        """The frame as lines of text."""
        return "\n".join("".join(char for char, _ in row).rstrip() for row in self.rows)


def write_cast(path: Path, size: tuple[int, int], events: Iterable[Event]) -> None:
    """Keep a recording as asciicast v2."""
    head = {"version": 2, "width": size[0], "height": size[1], "env": {"TERM": "xterm-256color"}}
    lines = [head, *([round(event.at_s, 3), event.kind, event.text] for event in events)]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def read_cast(path: Path) -> tuple[tuple[int, int], list[Event]]:
    """Size and events of a recording."""
    head, *lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return (head["width"], head["height"]), [Event(*line) for line in lines]


def frames(size: tuple[int, int], events: Sequence[Event], step_s: float) -> list[Frame]:
    """What is seen at the end of each step, where it differs from what was seen before."""
    terminal, caption = Emulator(*size), ""
    found: list[Frame] = []
    for step, group in groupby(events, key=lambda event: int(event.at_s / step_s)):
        for event in group:
            if event.kind == "m":
                caption = event.text
            else:
                terminal.feed(event.text)
        last: list[Cell] = [(char, _CAPTION) for char in f" {caption} ".ljust(size[0])]
        found.append(Frame(step * step_s, [*(list(row) for row in terminal.cells), last]))
    return found


def moving(shown: Sequence[Frame], whole_s: float) -> str:
    """The frames as one SVG that begins again after `whole_s` seconds."""
    width, height = len(shown[0].rows[0]), len(shown[0].rows)
    across, down = width * CELL + 2 * EDGE, height * LINE + 2 * EDGE
    inks = _Inks()
    layers: list[str] = []
    rules: list[str] = [_STILL]
    before = [[_BLANK] * width for _ in range(height)]
    for number, frame in enumerate(shown):
        layers.append(f'<g id="f{number}">{_painted(before, frame.rows, inks)}</g>')
        if number:
            at = f"{100 * frame.at_s / whole_s:.2f}%"
            rules.append(f"@keyframes k{number}{{0%{{visibility:hidden}}{at}{{visibility:visible}}}}")
            rules.append(f"#f{number}{{animation:k{number} {whole_s:g}s step-end infinite}}")
        before = frame.rows
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {down:.0f}" {TYPE}>'
    style = "<style>" + "\n".join([*inks.rules(), *rules]) + "</style>"
    ground = f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>'
    return "\n".join([head, style, ground, *layers, "</svg>"]) + "\n"


class _Inks:
    """Short names of the inks that are used."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, bool], str] = {}

    def name(self, ink: str, bold: bool) -> str:
        return self._names.setdefault((ink, bold), f"c{len(self._names)}")

    def rules(self) -> Iterator[str]:
        for (ink, bold), name in self._names.items():
            yield f".{name}{{fill:{ink}{';font-weight:bold' if bold else ''}}}"


def _painted(before: list[list[Cell]], rows: list[list[Cell]], inks: _Inks) -> str:
    """Paper, then words, of all that changed."""
    papers: dict[str, str] = {}
    words: dict[str, str] = {}
    for y, (old, row) in enumerate(zip(before, rows, strict=True)):
        for first, last in _changed(old, row):
            papers[GROUND] = papers.get(GROUND, "") + _box(first, last, y)
            for pen, group in groupby(range(first, last), key=lambda x: row[x][1]):
                columns = [*group]
                style = _style(pen)
                ink, paper = colours(style)
                if paper:
                    papers[paper] = papers.get(paper, "") + _box(columns[0], columns[-1] + 1, y)
                name = inks.name(ink, bool(style.bold))
                for at, word in _words([row[x][0] for x in columns]):
                    text = f'<text x="{EDGE + (columns[0] + at) * CELL:.0f}" y="{EDGE + y * LINE + 14}">'
                    words[name] = words.get(name, "") + f"{text}{escaped(word)}</text>"
    paths = [f'<path fill="{paper}" d="{boxes}"/>' for paper, boxes in papers.items()]
    return "".join(paths + [f'<g class="{name}">{text}</g>' for name, text in words.items()])


def _changed(old: list[Cell], row: list[Cell]) -> Iterator[tuple[int, int]]:
    """The stretches of a row that differ, near ones as one, and none that begins or ends within a word."""
    columns = [x for x in range(len(row)) if old[x] != row[x]]
    while columns:
        first = last = columns.pop(0)
        while columns and columns[0] - last <= _GAP:
            last = columns.pop(0)
        while first and row[first - 1][0] != " ":
            first -= 1
        while last + 1 < len(row) and (row[last + 1][0] != " " or old[last + 1] != row[last + 1]):
            last += 1
        columns = [x for x in columns if x > last]
        yield first, min(last + 2, len(row))  # a glyph from another font may be wider than its cell


def _box(first: int, last: int, y: int) -> str:
    """Whole pixels: of what is below nothing may shine through at an edge."""
    left, right = floor(EDGE + first * CELL), ceil(EDGE + last * CELL)
    return f"M{left} {EDGE + y * LINE}h{right - left}v{LINE}h{left - right}z"


def _words(chars: list[str]) -> Iterator[tuple[int, str]]:
    """Each word of the cells with the column it begins at."""
    text = "".join(char[:1] or " " for char in chars)
    for found in _WORD.finditer(text):
        yield found.start(), found[0]


@cache
def _style(pen: frozenset[str]) -> Style:
    spans = Text.from_ansi(f"\x1b[{';'.join(sorted(pen, key=len))}mx").spans
    return Style.null() if not spans else Style.combine(Style.parse(str(span.style)) for span in spans)
