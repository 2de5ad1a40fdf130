"""The braille chart: what lies where, and nothing that raises."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.snapshots import AT_MS, OPEN_MS, position, quote, snapshot, trade, view
from tui.panes import chart
from tui.text.canvas import AsciiCanvas, Canvas, trace
from tui.text.glyphs import ASCII, UNICODE
from tui.text.rows import plain, width_of

RISING = tuple((OPEN_MS + 1000 * n, 15_000 + n) for n in range(1_001))
QUIET = snapshot(quotes=(quote(0, 16_000, exch_ms=RISING[-1][0]),), positions=(), trades=())


def drawn(seen=QUIET, history=RISING, width=60, height=12, **more):
    return plain(chart.rows(view(seen, history=history, **more), width, height)).splitlines()


def test_dots_have_their_places_in_a_cell():
    canvas = Canvas(2, 1)
    canvas.bar(0, 0, 0)
    canvas.bar(3, 1, 3)
    assert canvas.rows() == ["⠁⢰"]
    assert Canvas(3, 2).rows() == ["   ", "   "]


def test_a_path_is_joined_over_jumps_but_not_over_what_is_unknown():
    canvas = AsciiCanvas(4, 4)
    trace(canvas, [(3, 3, 3), None, (0, 0, 0), (1, 2, 2)])
    assert canvas.rows() == ["  * ", "  ||", "  |*", "*   "]


def test_a_rising_path_runs_from_the_lower_left_to_the_upper_right():
    shown = drawn()
    assert len(shown) == 12
    assert shown[0].index("160.00") > 50
    assert "150.00" in shown[-2]
    first = [min((n for n, c in enumerate(row) if "⠀" < c <= "⣿"), default=99) for row in shown[:-1]]
    assert first == sorted(first, reverse=True)
    assert first[-1] == 0


def test_times_stand_below_where_there_is_room():
    assert drawn()[-1].split() == ["09:15", "09:20", "09:25", "09:30"]
    assert not any("09:15" in row for row in drawn(height=6))


def test_ascii_has_one_star_a_column():
    shown = drawn(glyphs=ASCII, height=6)
    cells = [row[:34] for row in shown]  # 1,000 s in columns of 30 s
    assert "".join(shown).isascii()
    for column in range(34):
        assert sum(row[column : column + 1] == "*" for row in cells) == 1


def test_entries_and_exits_stand_at_their_time_and_price():
    seen = replace(QUIET, trades=(_trade(250, 750),))
    marked = chart.rows(view(seen, history=RISING), 60, 12)
    places = {}
    for row, line in enumerate(marked):
        column = 0
        for text, style in line:
            if style in {"entry", "exit"}:
                places[text] = (column, row, style)
            column += len(text)
    # a dot column is 10 s here, the entry came after 250 s, the exit after 750
    assert places[UNICODE.entry] == (12, 8, "entry")
    assert places[UNICODE.exit] == (37, 2, "exit")


def test_a_few_more_seconds_only_add_to_the_right():
    before, after = drawn(history=RISING[:900]), drawn(history=RISING[:905])
    assert [row[:44] for row in before] == [row[:44] for row in after]
    assert before[-1] == after[-1]


def _trade(begin, end):
    one = trade(1)
    return replace(
        one,
        entry_ms=RISING[begin][0],
        entry_price=RISING[begin][1],
        exit_ms=RISING[end][0],
        exit_price=RISING[end][1],
    )


def test_marks_of_other_instruments_and_times_are_left_out():
    elsewhere = (replace(_trade(250, 750), instrument=1), replace(_trade(250, 750), entry_ms=0, exit_ms=AT_MS * 2))
    styles = {
        style
        for line in chart.rows(view(replace(QUIET, trades=elsewhere), history=RISING), 60, 12)
        for _, style in line
    }
    assert not styles & {"entry", "exit"}


def test_the_levels_of_the_position_are_named_and_dotted():
    held = position(stop=14_900, trail_stop=15_800, entry_ms=RISING[500][0], entry_price=15_500)
    seen = replace(QUIET, positions=(replace(held, next_target=99_900),))
    shown = drawn(seen)
    stop = next(row for row in shown if "149.00 stop" in row)
    trail = next(row for row in shown if "158.00 trail" in row)
    assert " · · " in stop
    assert " · · " in trail
    beyond = next(row for row in shown if "target" in row)
    assert "▲999.00 target" in beyond
    assert "·" not in beyond
    assert sum(row.count(UNICODE.entry) for row in shown) == 2  # the entry, and the mark of the target above
    lines = chart.rows(view(seen, history=RISING), 60, 12)
    assert {style for line in lines for text, style in line if "stop" in text} == {"stop"}


def test_the_last_tick_counts_even_where_no_sample_was_taken_yet():
    seen = replace(QUIET, quotes=(quote(0, 17_000, exch_ms=RISING[-1][0] + 500),))
    assert "170.00" in drawn(seen)[0]


def test_its_heading_has_the_last_price_and_the_change():
    assert chart.heading(view()) == ("NIFTY25NOV25900CE", (("157.01", "up"), (" +0.65 %", "up")))
    assert chart.heading(view(snapshot(quotes=()))) == ("CHART", ())
    assert chart.heading(view(snapshot(quotes=(quote(0, 0),)))) == ("NIFTY25NOV25900CE", ())
    assert chart.heading(view(snapshot(quotes=(quote(0, 5, day_open=0),))))[1] == (("0.05", "bold"),)


def test_without_prices_it_says_so():
    assert drawn(history=()) == [" no prices yet"]
    assert drawn(snapshot(quotes=())) == [" no prices yet"]
    assert chart.rows(view(), 60, 0) == []
    assert drawn(width=12) == [" 160.00"]


@pytest.mark.parametrize(
    "history",
    [
        ((OPEN_MS, 15_000),),
        ((OPEN_MS, 15_000), (OPEN_MS, 15_001)),
        tuple((OPEN_MS + n, 15_000) for n in range(50)),
        ((0, 1), (10**15, 10**15)),
        ((OPEN_MS, 0), (OPEN_MS + 1, 0)),
    ],
)
def test_odd_histories_are_drawn(history):
    for glyphs in (UNICODE, ASCII):
        lines = chart.rows(view(snapshot(), history=history, glyphs=glyphs), 60, 12)
        assert len(lines) == 12
        assert all(width_of(line) <= 60 for line in lines)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**15)), max_size=40),
    st.integers(0, 90),
    st.integers(0, 30),
    st.booleans(),
)
def test_any_history_in_any_size_fits(points, width, height, ascii_only):
    history = tuple(sorted(points))
    held = replace(position(entry_ms=5), open_pnl=Decimal(0), next_target=10**15)
    seen = snapshot(positions=(held,), quotes=(quote(0, 15_701, exch_ms=500),))
    lines = chart.rows(view(seen, history=history, glyphs=ASCII if ascii_only else UNICODE), width, height)
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)
