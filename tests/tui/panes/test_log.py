"""The log pane by its rendered lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import LogLine
from tests.support.snapshots import log, view
from tui.panes import log as pane
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui


def text(shown, width: int, height: int) -> list[str]:
    return plain(pane.rows(shown, width, height)).split("\n")


def test_the_newest_lines_are_shown_in_the_sessions_zone() -> None:
    assert text(view(), 80, 3) == [
        "17:30:28.000 INFO  feed     line 28 of the log",
        "17:30:29.000 ERROR engine   line 29 of the log",
        "17:30:30.000 INFO  trader   line 30 of the log",
    ]


def test_levels_have_styles_beside_their_words() -> None:
    lines = pane.rows(view(), 80, 4)
    assert [(line[1], line[3][1]) for line in lines] == [
        (("WARN  ", "warn"), "warn"),
        (("INFO  ", "good"), ""),
        (("ERROR ", "alert"), "alert"),
        (("INFO  ", "good"), ""),
    ]
    assert pane.rows(view(), 80, 5)[0][3] == ("line 26 of the log", "dim")


def test_scrolled_up_the_chosen_line_stands_lowest_and_selected() -> None:
    shown = view(ui=Ui(log_follow=False, log_top=12))
    lines = pane.rows(shown, 80, 3)
    assert [line[0][1] for line in lines] == ["dim", "dim", "select"]
    assert plain(lines).endswith("17:30:12.000 WARN  trader   line 12 of the log")
    assert width_of(lines[-1]) == 80
    assert pane.title(shown) == "LOG INFO  line 12 of 30, f follows"


def test_at_the_top_the_pane_stays_full_and_the_selection_moves() -> None:
    lines = pane.rows(view(ui=Ui(log_follow=False, log_top=2)), 80, 5)
    assert [line[0][1] for line in lines] == ["dim", "select", "dim", "dim", "dim"]
    forgotten = pane.rows(view(log=log()[10:], ui=Ui(log_follow=False, log_top=2)), 80, 5)
    assert forgotten[0][0][1] == "select"


def test_while_it_follows_a_line_is_selected_only_with_the_focus() -> None:
    assert [line[0][1] for line in pane.rows(view(), 80, 2)] == ["dim", "dim"]
    assert [line[0][1] for line in pane.rows(view(ui=Ui(focus="log")), 80, 2)] == ["dim", "select"]


def test_what_was_searched_for_stands_out_and_is_counted() -> None:
    shown = view(ui=Ui(search="LINE 3"), log_hidden=1_204)
    assert pane.title(shown) == "LOG INFO  1,204 hidden  /LINE 3 2 found"
    assert pane.found(shown) == [3, 30]
    assert pane.rows(shown, 80, 1)[0][3:5] == (("line 3", "select"), ("0 of the log", ""))
    assert pane.found(view(ui=Ui(search="[.*"))) == []


def test_columns_go_before_the_text_does() -> None:
    assert text(view(), 50, 1) == ["17:30:30.000 INFO  line 30 of the log"]
    assert text(view(), 30, 1) == ["INFO  line 30 of the log"]
    assert text(view(), 14, 1) == ["line 30 of th…"]


def test_an_empty_log_says_why() -> None:
    assert text(view(log=(), log_hidden=9, ui=Ui(log_level="ERROR")), 60, 4) == ["nothing logged, 9 below ERROR"]


LINES = st.lists(st.tuples(st.integers(-(2**70), 2**70), st.text(max_size=6), st.text(max_size=80)), max_size=12)


@pytest.mark.slow
@settings(max_examples=200)
@given(
    lines=LINES,
    search=st.text(max_size=3),
    follow=st.booleans(),
    top=st.integers(-2, 20),
    width=st.integers(-1, 120),
    height=st.integers(-1, 15),
)
def test_any_log_at_any_size(lines, search: str, follow: bool, top: int, width: int, height: int) -> None:
    kept = tuple(LogLine(n, wall_ns, level, level, words) for n, (wall_ns, level, words) in enumerate(lines, 1))
    for glyphs in (view().glyphs, ASCII):
        ui = Ui(search=search, log_follow=follow, log_top=top)
        shown = view(log=kept, ui=ui, glyphs=glyphs)
        drawn = pane.rows(shown, width, height)
        assert len(drawn) <= max(0, height)
        assert all(style in STYLES for line in drawn for _, style in line)
        assert isinstance(pane.title(shown), str)
        assert all(width_of(line) == width for line in drawn)
        assert glyphs is not ASCII or plain(drawn).isascii()
