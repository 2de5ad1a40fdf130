"""The log pane by its rendered lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import EdgeView, LogLine, clean
from tests.support.screens.snapshots import log, snapshot, view
from tests.support.thorough import examples
from tui.panes import log as pane
from tui.shell.board import strip_of
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui


def text(shown, width: int, height: int) -> list[str]:
    return plain(pane.rows(shown, width, height)).split("\n")


def test_the_newest_lines_are_shown_in_the_sessions_zone() -> None:
    assert text(view(), 100, 3) == [
        "17:30:28.000 INFO  feed     line 28 of the log",
        "17:30:29.000 ERROR engine   line 29 of the log",
        "17:30:30.000 INFO  trader   line 30 of the log",
    ]


@pytest.mark.parametrize("glyphs", [view().glyphs, ASCII])
@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, f"17:30:29 ERROR line 29 of the log{'engine':>27}"),
        (80, f"17:30:29 ERROR line 29 of the log{'engine':>47}"),
        (100, "17:30:29.000 ERROR engine   line 29 of the log"),
        (120, "17:30:29.000 ERROR engine   line 29 of the log"),
        (200, "17:30:29.000 ERROR engine   line 29 of the log"),
    ],
)
def test_the_message_comes_before_its_source_where_there_is_little_room(width, shown, glyphs) -> None:
    assert text(view(glyphs=glyphs), width, 2)[0] == shown


def test_a_long_message_leaves_no_room_for_its_source() -> None:
    assert text(view(log=told("word " * 20)), 80, 1) == ["17:30:01 INFO  " + ("word " * 13)[:64] + "…"]


def told(*texts: str, level: str = "INFO") -> tuple[LogLine, ...]:
    return tuple(LogLine(n, (1_763_640_000 + n) * 10**9, level, "trader", words) for n, words in enumerate(texts, 1))


def test_levels_have_styles_beside_their_words() -> None:
    lines = pane.rows(view(), 100, 4)
    assert [(line[1], line[3][1]) for line in lines] == [
        (("WARN  ", "warn"), "warn"),
        (("INFO  ", "good"), ""),
        (("ERROR ", "alert"), "alert"),
        (("INFO  ", "good"), ""),
    ]
    assert pane.rows(view(), 100, 5)[0][3] == ("line 26 of the log", "dim")


def test_scrolled_up_the_chosen_line_stands_lowest_and_selected() -> None:
    shown = view(ui=Ui(log_follow=False, log_top=12))
    lines = pane.rows(shown, 100, 3)
    assert [line[0][1] for line in lines] == ["dim", "dim", "select"]
    assert {style for _, style in lines[-1]} == {"select"}
    assert plain(lines).endswith("17:30:12.000 WARN  trader   line 12 of the log")
    assert width_of(lines[-1]) == 100
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
    assert pane.rows(shown, 100, 1)[0][3:5] == (("line 3", "select"), ("0 of the log", ""))
    assert pane.found(view(ui=Ui(search="[.*"))) == []


def test_the_title_says_that_the_file_lags() -> None:
    lags = view(snapshot(edges=(EdgeView("log", 1_204, 30, clean("log: the disk does not answer")),)))
    assert pane.title(lags) == "LOG INFO  the file lags, 1,204 wait"
    assert pane.title(view(snapshot(edges=(EdgeView("log", 3, 30, clean("")),)))) == "LOG INFO"


def test_on_a_match_the_title_says_the_how_manieth_and_the_match_stands_out_in_the_selected_line() -> None:
    shown = view(ui=Ui(search="line 1", log_follow=False, log_top=10, focus="log"))
    assert pane.title(shown) == "LOG INFO  /line 1 2/11  line 10 of 30, f follows"
    assert pane.rows(shown, 100, 1)[0][3:5] == (("line 1", "focus"), ("0 of the log", "select"))
    between = view(ui=Ui(search="line 1", log_follow=False, log_top=5))
    assert "11 found" in pane.title(between)


def test_over_the_whole_screen_a_long_line_goes_on_below_it() -> None:
    whole = "one two three " * 12 + "x" * 90
    zoomed = view(log=told("first", whole, "last"), ui=Ui(zoom=True, focus="log", search="three"))
    lines = text(zoomed, 60, 20)
    assert lines[0].startswith("17:30:01 INFO  first")
    assert "".join(line[15:] for line in lines[1:-1]).replace(" ", "") == whole.replace(" ", "").replace("trader", "")
    assert all(line[:15].strip() == "" for line in lines[2:-1])
    assert plain(pane.rows(zoomed, 60, 20)).count("three") == 12
    assert text(zoomed, 60, 2) == [lines[-2], lines[-1]]  # from the bottom: what is newest is always seen
    assert len(text(view(log=told("first", whole)), 60, 20)) == 2


def test_a_selected_line_that_goes_on_below_is_a_bar_over_the_whole_width() -> None:
    zoomed = view(log=told("word " * 30), ui=Ui(zoom=True, focus="log", log_follow=False))
    lines = [line for line in pane.rows(zoomed, 60, 20) if "word" in plain([line])]
    assert len(lines) > 2
    assert all(style == "select" for line in lines for words, style in line if words)


def test_text_is_no_markup() -> None:
    evil = "[red]x[/red] [link=file:///etc]y[/link] \\[bold] {z}"
    assert evil in text(view(log=told(evil)), 100, 1)[0]
    assert evil in strip_of(pane.rows(view(log=told(evil)), 100, 1)[0], 100, "ansi").text


def test_columns_go_before_the_text_does() -> None:
    assert text(view(), 50, 1) == ["17:30:30 INFO  line 30 of the log"]
    assert text(view(), 30, 1) == ["INFO  line 30 of the log"]
    assert text(view(), 14, 1) == ["line 30 of th…"]


def test_an_empty_log_says_why() -> None:
    assert text(view(log=(), log_hidden=9, ui=Ui(log_level="ERROR")), 60, 4) == [
        "nothing logged, 9 others: l shows them"
    ]


LINES = st.lists(st.tuples(st.integers(-(2**70), 2**70), st.text(max_size=6), st.text(max_size=80)), max_size=12)


@pytest.mark.slow
@settings(max_examples=examples(200))
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
        ui = Ui(search=search, log_follow=follow, log_top=top, zoom=top % 2 == 0)
        shown = view(log=kept, ui=ui, glyphs=glyphs)
        drawn = pane.rows(shown, width, height)
        assert len(drawn) <= max(0, height)
        assert all(style in STYLES for line in drawn for _, style in line)
        assert isinstance(pane.title(shown), str)
        assert all(width_of(line) == width for line in drawn)
        assert glyphs is not ASCII or plain(drawn).isascii()
