"""Whatever frames come, the terminal shows what it should show; and few bytes are needed for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style

from tests.support.terminals.emulator import Emulator
from tests.support.thorough import examples
from tui.shell.board import strip_of
from tui.shell.themes import STYLES, THEMES, style_of
from tui.terminal.diff import Cells, _is_narrow, cells_of, change_pen, on_blank, pen_of
from tui.text.rows import fit

TEXT = st.lists(st.sampled_from([*"ab 1─▲●你好👍", "e\u0301"]), max_size=8).map("".join)
LINE = st.lists(st.tuples(TEXT, st.sampled_from(sorted(STYLES))), max_size=5).map(tuple)
FRAME = st.tuples(st.integers(1, 20), st.lists(LINE, min_size=1, max_size=5))
SEEN_ON_BLANK = {"4", "7", "9"}


def drawn(frame_width, lines, theme):
    return [strip_of(fit(line, frame_width), frame_width, theme) for line in lines]


def looks(cells):
    """Cells as an eye sees them: on a blank only its ground."""
    rows = []
    for row in cells:
        kept = []
        for char, codes in row:
            pen = frozenset(codes)
            if char in (" ", "") and not pen & SEEN_ON_BLANK:
                pen = frozenset(code for code in pen if code[:2] in ("48", "40", "41", "44", "45", "46", "47"))
            kept.append((char, pen))
        rows.append(kept)
    return rows


def full(width, strips):
    """The same strips written in full on a fresh terminal, as Textual would."""
    screen = Emulator(width, len(strips))
    for y, strip in enumerate(strips):
        screen.feed(f"\x1b[{y + 1};1H")
        for text, style, _ in strip:
            codes = ";".join(code for code in pen_of(style) if code)
            screen.feed(f"\x1b[0;{codes}m{text}" if codes else f"\x1b[m{text}")
    return looks(screen.cells)


@pytest.mark.slow
@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.tuples(FRAME, st.sampled_from(["take", "take", "take", "refuse", "forget"])), max_size=6),
    st.sampled_from(sorted(THEMES)),
)
def test_the_differences_add_up_to_the_frame(steps, theme):
    cells, screen = Cells(), Emulator(0, 0)
    for (width, lines), fate in steps:
        height = len(lines)
        if (width, height) != (screen.width, screen.height):
            screen = Emulator(width, height)
            screen.cells[0][0] = ("?", frozenset())  # what a resize leaves behind is anyone's guess
            cells.resize(width, height)
        strips = drawn(width, lines, theme)
        for y, strip in enumerate(strips):
            cells.put(0, y, strip)
        if fate == "forget":
            cells.forget()
            screen.cells[-1][-1] = ("?", frozenset())
        if fate != "refuse":
            screen.feed(cells.frame())
            cells.commit()
            assert looks(screen.cells) == full(width, strips)
            assert cells.frame() == ""


@given(st.integers(0, 12), st.text(alphabet="xy你", min_size=1, max_size=6))
def test_a_piece_of_a_line_is_put_where_it_belongs(x, text):
    cells, screen = Cells(), Emulator(10, 1)
    cells.resize(10, 1)
    cells.put(0, 0, [Segment("0123456789")])
    screen.feed(cells.frame())
    cells.commit()
    cells.put(x, 0, [Segment(text)])
    screen.feed(cells.frame())
    width = len(cells_of([(text, ("", "", ""))])[0])
    if x + width <= 10:
        assert "".join(char for char, _ in screen.cells[0]) == "0123456789"[:x] + text + "0123456789"[x + width :]


@given(st.sampled_from(sorted(STYLES)), st.sampled_from(sorted(STYLES)), st.sampled_from(sorted(THEMES)))
def test_a_change_of_pen_gives_the_new_pen(old, new, theme):
    before, after = pen_of(style_of(theme, old)), pen_of(style_of(theme, new))
    changed, fresh = Emulator(1, 1), Emulator(1, 1)
    changed.feed(change_pen(("", "", ""), before) + change_pen(before, after) + "x")
    fresh.feed(change_pen(("", "", ""), after) + "x")
    assert changed.cells == fresh.cells


def test_one_changed_digit_costs_a_move_and_a_digit():
    cells = Cells()
    cells.resize(80, 24)
    cells.put(0, 5, [Segment("NIFTY 24,901.35")])
    cells.frame()
    cells.commit()
    cells.put(0, 5, [Segment("NIFTY 24,901.40")])
    assert cells.frame() == "\x1b[6;14H40"


def test_a_small_frame_is_sent_bare_and_a_large_one_is_held_together():
    cells = Cells()
    cells.resize(100, 20)
    for y in range(20):
        cells.put(0, y, [Segment("x" * 100)])
    assert cells.frame().startswith("\x1b[?2026h")
    assert cells.frame().endswith("\x1b[?2026l")


def test_what_passes_as_narrow_is_narrow():
    narrow = [chr(code) for code in range(0x20, 0x3000) if _is_narrow(chr(code))]
    assert len(narrow) > 1500
    assert all(get_character_cell_size(char) == 1 for char in narrow)


def test_a_default_colour_is_no_colour():
    assert pen_of(Style.parse("bold default on default")) == ("1", "", "")
    assert on_blank(pen_of(Style.parse("dim red on blue"))) == ("", "", "44")
    assert on_blank(pen_of(Style.parse("reverse red"))) == ("7", "31", "")
