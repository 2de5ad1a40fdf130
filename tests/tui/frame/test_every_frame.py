"""Every pane and every dialog at every size: in ASCII only ASCII, without colours no colour, in a theme no ground but its own."""

import re
from itertools import chain, product
from typing import get_args

import pytest
from msgspec.structs import replace

from tests.support.screens.live_snapshots import ORDERS, busy, in_trouble
from tests.support.screens.snapshots import OPEN_MS, SNAPSHOT, apart, lost, paper, view
from tui.frame import screen
from tui.panes.layout import PANES
from tui.shell.board import strip_of
from tui.shell.themes import THEMES, style_of
from tui.terminal.diff import Cells
from tui.text.glyphs import ASCII, UNICODE, Glyphs
from tui.text.rows import Line, plain, width_of
from tui.view.model import Attachment, Dialog, Ui

SIZES = [(60, 15), (80, 24), (100, 30), (120, 30), (120, 40), (200, 60)]
LOOKS = (
    *(Ui(focus=pane.name, zoom=zoom, candles=zoom) for pane, zoom in product(PANES, (False, True))),
    *(Ui(focus="positions", dialog=dialog, instrument=0) for dialog in get_args(Dialog) if dialog),
)
AT_BROKER = tuple(
    Ui(dialog=dialog, instrument=0, order_number=198) for dialog in ("orders", "order", "withdraw", "flat")
)
HISTORY = tuple((OPEN_MS + 60_000 * n, 15_500 + (n * 7919) % 300) for n in range(140))
_SGR = re.compile(r"\x1b\[([\d;]*)m")


def frames(width: int, height: int, glyphs: Glyphs = UNICODE, theme: str = "ansi") -> list[list[Line]]:
    """All of them, over a link; the panes also in a replay and while the link is lost."""
    panes = LOOKS[: 2 * len(PANES)]
    at_broker = (busy(trade_mode="live-sim"), in_trouble(orders=ORDERS))
    shown = chain(
        product((SNAPSHOT, lost()), panes), product((paper(),), LOOKS), product(at_broker, (*panes, *AT_BROKER))
    )
    found = []
    for seen, ui in shown:
        attachment = Attachment() if seen.replay else apart()
        look = view(seen, ui=replace(ui, theme=theme), glyphs=glyphs, attachment=attachment, history=HISTORY)
        lines = screen.frame(look, width, height)
        assert [width_of(line) for line in lines] == [width] * height
        found.append(lines)
    return found


def written(lines: list[Line], width: int, theme: str) -> str:
    """What goes to the terminal for a whole frame."""
    cells = Cells()
    cells.resize(width, len(lines))
    for row, line in enumerate(lines):
        cells.put(0, row, strip_of(line, width, theme))
    return cells.frame()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_in_ascii_every_frame_is_ascii_and_no_letter_of_ours_is_a_question_mark(width, height):
    for ascii_lines, lines in zip(frames(width, height, ASCII), frames(width, height), strict=True):
        shown, whole = plain(ascii_lines), plain(lines)
        assert shown.isascii()
        assert shown.count("?") <= whole.count("?")


def test_without_colours_no_colour_is_written():
    for lines in frames(80, 24, theme="mono"):
        codes = {code for codes in _SGR.findall(written(lines, 80, "mono")) for code in codes.split(";") if code}
        assert codes <= {"0", "1", "2", "4", "7"}


@pytest.mark.parametrize("theme", ["truecolor", "light"])
def test_a_theme_with_a_ground_paints_all_of_it_and_no_other(theme):
    grounds = {style.bgcolor.triplet for style in THEMES[theme].values()}
    usual = style_of(theme, "").bgcolor.triplet
    for lines in frames(80, 24, theme=theme):
        text = written(lines, 80, theme)
        painted = {tuple(map(int, found)) for found in re.findall(r"48;2;(\d+);(\d+);(\d+)", text)}
        assert usual in painted <= grounds
        assert "49" not in {code for codes in _SGR.findall(text) for code in codes.split(";")}
