"""The board repaints what changed and nothing else, and lets nothing through to the terminal that is not text."""

import asyncio
import gc
import sys

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region

from tui.shell.board import Board, _regions, painted, strip_of
from tui.shell.themes import style_of
from tui.shell.tuning import GC_THRESHOLDS, SWITCH_INTERVAL_S, settle, tuned
from tui.terminal.diff import cells_of, pen_of


def run_board(script, **more):
    async def main():
        board = Board(**more)
        rows: set[int] = set()

        class Host(App):
            def compose(self):
                yield board

            def _display(self, screen, renderable):
                if isinstance(renderable, LayoutUpdate):
                    rows.update(range(renderable.region.height))
                elif isinstance(renderable, ChopsUpdate):
                    rows.update(y for y, _, _ in renderable.spans)
                super()._display(screen, renderable)

        async with Host(ansi_color=True).run_test(size=(20, 6)) as pilot:
            await pilot.pause()
            await script(board, pilot, rows)

    asyncio.run(main())


def lines(*texts):
    return [((text, "up"),) for text in texts]


def test_only_changed_lines_are_rendered_again():
    async def script(board, pilot, rows):
        board.show(lines("a", "b", "c", "d", "e", "f"))
        await pilot.pause()
        rows.clear()
        assert board.show(lines("a", "X", "c", "d", "Y", "Z")) == 3
        await pilot.pause()
        assert rows == {1, 4, 5}
        rows.clear()
        assert board.show(lines("a", "X", "c", "d", "Y", "Z")) == 0
        await pilot.pause()
        assert rows == set()

    run_board(script)


def test_rows_that_are_painted_at_once_are_not_left_to_textual():
    sizes, found = [], {}

    def paint(size, changed):
        sizes.append(size)
        found.update(changed)
        return "no" not in str(found.get(0))

    async def script(board, pilot, rows):
        board.show(lines("a", "b"))
        await pilot.pause()
        rows.clear()
        board.show(lines("a", "X"))
        await pilot.pause()
        assert (rows, sizes, list(found)) == (set(), [(20, 6)], [1])
        assert cells_of(found[1]) == cells_of((text, pen_of(style)) for text, style, _ in board.render_line(1))
        board.show(lines("no", "X"))
        await pilot.pause()
        assert rows == {0}
        assert board.render_line(0).text.rstrip() == "no"

    run_board(script, paint=paint)


def test_a_new_theme_or_number_of_lines_repaints_everything():
    async def script(board, pilot, rows):
        board.show(lines("a", "b"))
        await pilot.pause()
        for change in (lambda: setattr(board, "theme", "mono"), lambda: board.show(lines("a"))):
            rows.clear()
            change()
            await pilot.pause()
            assert rows == set(range(6))
        assert board.lines == lines("a")

    run_board(script)


def test_the_screen_shows_the_text_as_it_is_without_markup():
    async def script(board, pilot, rows):
        board.show(lines("[bold]x[/] @click", "[/]"))
        await pilot.pause()
        assert board.render_line(0).text == "[bold]x[/] @click   "
        assert board.render_line(1).text.rstrip() == "[/]"
        assert board.can_focus
        assert board.size == (20, 6)

    run_board(script)


@pytest.mark.parametrize("evil", ["\x1b[2J", "a\x07b", "\u202eabc", "\x9b31m", "a\nb", "a\tb", "\x00"])
def test_nothing_but_text_reaches_the_terminal(evil):
    text = strip_of(((evil, "up"),), 12, "ansi").text
    assert not set(text) & set("\x1b\x07\u202e\x9b\n\t\x00")
    assert strip_of(((evil, "up"),), 12, "ansi").cell_length == 12
    assert "".join(words for words, _ in painted(((evil, "up"),), 12, "ansi")).strip() == text.strip()


def test_a_line_is_cut_and_filled_to_the_width():
    assert strip_of((("abcdef", ""), ("你好", "down")), 8, "ansi").text == "abcdef你"
    assert strip_of((("abcdef", ""), ("你好", "down")), 7, "ansi").text == "abcdef "
    strip = strip_of((("ab", "up"),), 4, "truecolor")
    assert [(text, style) for text, style, _ in strip] == [
        ("ab", style_of("truecolor", "up")),
        ("  ", style_of("truecolor", "")),
    ]
    assert strip_of((), 0, "ansi").cell_length == 0


def test_neighbours_become_one_region():
    assert _regions([0, 1, 2, 5, 7, 8], 9) == [Region(0, 0, 9, 3), Region(0, 5, 9, 1), Region(0, 7, 9, 2)]


def test_tuning_is_taken_back():
    before = sys.getswitchinterval(), gc.get_threshold()
    with tuned():
        assert gc.get_threshold() == GC_THRESHOLDS
        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)
        settle()
        assert gc.get_freeze_count() > 0
        gc.disable()  # a screen that breaks before its first frame
    assert gc.isenabled()
    assert (sys.getswitchinterval(), gc.get_threshold()) == before
    assert gc.get_freeze_count() == 0
