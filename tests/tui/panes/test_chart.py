"""The chart as it is drawn: what lies where at every size, nothing that collides, and nothing that raises."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.bars import NOTHING
from engine.presentation import chart as geometry
from engine.presentation.canvas import AsciiCanvas, Canvas, dots, join, steps, trace
from engine.presentation.chart import Scale
from tests.support.screens.snapshots import AT_MS, OPEN_MS, bar, position, quote, snapshot, trade, view
from tests.support.thorough import examples
from tui.panes import chart
from tui.panes.plot import Picture, Place
from tui.text.glyphs import ASCII, UNICODE
from tui.text.rows import plain, width_of
from tui.view.last_made import LastMade
from tui.view.model import Ui

RISING = tuple((OPEN_MS + 1000 * n, 15_000 + n) for n in range(1_001))
QUIET = snapshot(quotes=(quote(0, 16_000, exch_ms=RISING[-1][0]),), positions=(), trades=())
SIZES = [(50, 7), (60, 10), (78, 12), (76, 22), (100, 20), (130, 40), (199, 57)]


def drawn(seen=QUIET, history=RISING, width=60, height=12, **more):
    return plain(chart.rows(view(seen, **({"pnl_curve": ()} | more), history=history), width, height)).splitlines()


def places(lines, styles):
    """Where marks of `styles` stand: (column, row, style, letter)."""
    found = []
    for row, line in enumerate(lines):
        column = 0
        for words, style in line:
            found += [(column + n, row, style, letter) for n, letter in enumerate(words) if style in styles]
            column += len(words)
    return found


# ── The canvas ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dots_have_their_places_in_a_cell():
    canvas = Canvas(2, 1)
    canvas.bar(0, 0, 0)
    canvas.bar(3, 1, 3)
    assert canvas.rows() == ["⠁⢰"]
    assert Canvas(3, 2).rows() == ["   ", "   "]


@given(st.integers(-3, 9), st.integers(-5, 20), st.integers(-5, 20))
def test_a_bar_is_its_dots(x, top, bottom):
    bar_at_once, dot_by_dot = Canvas(4, 3), Canvas(4, 3)
    bar_at_once.bar(x, top, bottom)
    for y in range(top, bottom + 1):
        dot_by_dot.dot(x, y)
    assert bar_at_once.rows() == dot_by_dot.rows()
    count = sum(cell.bit_count() for cells in bar_at_once.cells for cell in cells)
    assert count == (len(range(max(0, top), min(bottom, 11) + 1)) if 0 <= x < 8 else 0)


def test_a_path_is_joined_over_jumps_but_not_over_what_is_unknown():
    canvas = AsciiCanvas(4, 4)
    trace(canvas, [(3, 3, 3), None, (0, 0, 0), (1, 2, 2)])
    assert canvas.rows() == ["  * ", "  ||", "  |*", "*   "]


def test_steps_are_joined_but_where_another_position_begins():
    canvas = AsciiCanvas(6, 4, "_")
    steps(canvas, [3, 3, 1, None, 0, 3], {5})
    assert canvas.rows() == ["    _ ", "  _   ", "  |   ", "__|  _"]


def test_lines_are_told_apart_by_their_dots_and_joins_are_straight():
    canvas = AsciiCanvas(6, 2)
    dots(canvas, [0, 0, 0, None, 0, 0], 2)
    assert canvas.rows()[0] == "* * * "
    straight = AsciiCanvas(4, 4)
    join(straight, (0, 3), (3, 0))
    assert straight.rows() == ["   *", "  * ", " *  ", "*   "]
    for canvas in (AsciiCanvas(4, 4), Canvas(4, 4)):  # what lies off it is left out
        join(canvas, (-5, 2), (100, 2))
        canvas.dot(-1, -1)
        canvas.bar(99, 0, 3)


# ── The path ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert not any("09:15" in row for row in drawn(height=4))


def test_ascii_has_one_star_a_column():
    shown = drawn(glyphs=ASCII, height=4)
    cells = [row[:34] for row in shown]  # 1,000 s in columns of 30 s
    assert "".join(shown).isascii()
    for column in range(34):
        assert sum(row[column : column + 1] == "*" for row in cells) == 1


def test_a_few_more_seconds_only_add_to_the_right():
    before, after = drawn(history=RISING[:900]), drawn(history=RISING[:905])
    assert [row[:44] for row in before] == [row[:44] for row in after]
    assert before[-1] == after[-1]


def test_a_spike_of_one_tick_is_seen_at_every_size():
    history = tuple(
        (ms, price, price + 3_000 * (n == 400), price, price, 0, NOTHING) for n, (ms, price) in enumerate(RISING)
    )
    for width, height in SIZES:
        top = drawn(history=history, width=width, height=height)[0]
        assert any("⠀" < cell <= "⣿" for cell in top)


def test_the_last_tick_counts_even_where_no_bar_is_over_yet():
    seen = replace(QUIET, quotes=(quote(0, 17_000, exch_ms=RISING[-1][0] + 500),))
    assert "170.00" in drawn(seen)[0]


# ── Labels ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_label_is_whole_and_in_the_order_of_the_prices(size, glyphs):
    held = position(stop=14_900, trail_stop=15_990, entry_ms=RISING[500][0], entry_price=15_500)
    last = quote(0, 16_000, exch_ms=RISING[-1][0], lines={"EMA 18": 15_980.0, "EMA 42": 15_900.0, "VWAP": 15_300.0})
    seen = replace(QUIET, quotes=(last,), positions=(replace(held, next_target=16_010),))
    shown = drawn(seen, width=size[0], height=size[1], glyphs=glyphs)
    told = [words for row in shown for words in (row.split("  ")[-1].strip(),) if words]
    for wanted in ("160.00", "159.90 trail", "149.00 stop", "160.10 target"):
        assert sum(words.endswith(wanted) for words in told) == 1, (wanted, told)
    prices = [float(word) for words in told for word in words.split() if word.count(".") == 1 and word[0].isdigit()]
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == len(prices)
    if size[1] > 12:
        assert {"EMA 18", "EMA 42", "VWAP"} <= {" ".join(words.split()[-2:]) for words in told} | set(told)


def test_the_axis_has_round_prices_on_the_instruments_grid():
    rng = drawn(width=100, height=30)
    axis = [row.split()[-1] for row in rng[1:-1] if row.rstrip()[-3:-2] == "."]
    assert {"159.00", "158.00", "157.00", "151.00"} <= set(axis) or {"158.00", "156.00"} <= set(axis)


def test_the_levels_of_the_position_are_named_and_dotted():
    held = position(stop=14_900, trail_stop=15_800, entry_ms=RISING[500][0], entry_price=15_500)
    seen = replace(QUIET, positions=(replace(held, next_target=99_900),))
    shown = drawn(seen, width=80, height=20)
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


# ── What was traded ─────────────────────────────────────────────────────────────────────────────────────────────────


def _trade(begin, end, net="362.72"):
    return replace(
        trade(1, net),
        entry_ms=RISING[begin][0],
        entry_price=RISING[begin][1],
        exit_ms=RISING[end][0],
        exit_price=RISING[end][1],
    )


@pytest.mark.parametrize(("net", "style"), [("362.72", "up"), ("-5", "down"), ("0", "exit")])
def test_entry_and_exit_are_joined_and_coloured_by_the_result(net, style):
    seen = replace(QUIET, trades=(_trade(250, 750, net),))
    flat = tuple((ms, 15_000 if n < 900 else 16_000) for n, (ms, _) in enumerate(RISING))  # the path is elsewhere
    marked = chart.rows(view(seen, history=flat, pnl_curve=()), 60, 12)
    # a dot column is 10 s here, the entry came after 250 s, the exit after 750
    assert (12, 8, "entry", UNICODE.entry) in places(marked, {"entry"})
    assert (37, 2, style, UNICODE.exit) in places(marked, {style})
    way = {column for column, _, _, letter in places(marked, {style if net != "0" else ""}) if "⠀" < letter <= "⣿"}
    assert set(range(13, 37)) <= way


@pytest.mark.parametrize("more", [{"glyphs": ASCII}, {"ui": Ui(theme="mono")}], ids=["ascii", "mono"])
def test_without_colour_a_result_has_a_sign(more):
    glyphs = more.get("glyphs", UNICODE)
    for net, sign in (("5", "+"), ("-5", "-")):
        shown = drawn(replace(QUIET, trades=(_trade(250, 750, net),)), **more)
        assert any(glyphs.exit + sign in row for row in shown)
    assert not any(UNICODE.exit + "+" in row for row in drawn(replace(QUIET, trades=(_trade(250, 750),))))


def test_marks_of_other_instruments_and_times_are_left_out():
    elsewhere = (replace(_trade(250, 750), instrument=1), replace(_trade(250, 750), entry_ms=0, exit_ms=AT_MS * 2))
    lines = chart.rows(view(replace(QUIET, trades=elsewhere), history=RISING, pnl_curve=()), 60, 12)
    assert not {style for line in lines for _, style in line} & {"entry", "exit", "up", "down"}


def test_the_stop_is_seen_as_it_moved():
    def stop(n):
        return 15_050 if 200 <= n < 400 else 15_350 if 400 <= n < 600 else NOTHING

    history = tuple((ms, p, p, p, p, 0, stop(n)) for n, (ms, p) in enumerate(RISING))
    seen = replace(QUIET, trades=(_trade(200, 600),))
    rows = {}
    for column, row, _, _ in places(chart.rows(view(seen, history=history, pnl_curve=()), 60, 20), {"stop"}):
        rows.setdefault(column, set()).add(row)
    assert rows.keys() <= set(range(9, 31))
    assert max(rows[12]) > max(rows[28])  # it rose: further up is a lower number
    assert len(rows[20]) > 1  # by an upright step


def test_the_strategys_lines_are_drawn_in_their_styles():
    history = tuple((ms, p, p, p, p, 0, NOTHING, 15_000, 15_500, NOTHING) for ms, p in RISING)
    last_ms = RISING[-1][0]
    seen = replace(
        QUIET, quotes=(quote(0, 16_000, exch_ms=last_ms, lines={"EMA 18": 15_000.0, "EMA 42": 15_500.0, "VWAP": None}),)
    )
    lines = chart.rows(view(seen, history=history, pnl_curve=()), 70, 16)
    columns = {
        style: {column for column, _, each, letter in places(lines, {style}) if "⠀" < letter <= "⣿"}
        for style in ("line1", "line2", "line3")
    }
    assert len(columns["line1"]) > 40
    assert len(columns["line2"]) > 20
    assert not columns["line3"]
    assert "VWAP" not in plain(lines)


# ── Candles, and the strips below ───────────────────────────────────────────────────────────────────────────────────

UP_AND_DOWN = tuple(
    (OPEN_MS + n * 60_000, *((100, 130, 90, 120) if n % 2 else (120, 125, 80, 100)), 10 * n, NOTHING) for n in range(10)
)


@pytest.mark.parametrize(
    ("glyphs", "up", "down"),
    [(UNICODE, "╷┃│╽╿╻╹╵", "╷┃│╽╿╻╹╵"), (ASCII, "O|", "#|")],
    ids=["unicode", "ascii"],
)
def test_candles_stand_in_columns_of_their_own_with_wicks(glyphs, up, down):
    seen = replace(QUIET, quotes=(quote(0, 120, exch_ms=UP_AND_DOWN[-1][0] + 1),))
    lines = chart.rows(view(seen, ui=Ui(candles=True), history=UP_AND_DOWN, glyphs=glyphs, pnl_curve=()), 40, 14)
    risen = {column for column, _, _, _ in places(lines[:11], {"up"})}
    fell = {column for column, _, _, _ in places(lines[:11], {"down"})}
    assert risen == {2, 6, 10, 14, 18}  # two cells each
    assert fell == {0, 4, 8, 12, 16}
    assert {letter for _, _, _, letter in places(lines[:11], {"up"})} <= set(up)
    assert {letter for _, _, _, letter in places(lines[:11], {"down"})} <= set(down)
    assert plain(lines).splitlines()[-1].endswith("1 min")


def test_volume_and_the_days_result_have_rows_where_there_are_many():
    curve = tuple((OPEN_MS + n * 60_000, float(n - 5)) for n in range(10))
    seen = replace(QUIET, quotes=(quote(0, 120, exch_ms=UP_AND_DOWN[-1][0] + 1),))
    few, some, many = (drawn(seen, history=UP_AND_DOWN, height=height, pnl_curve=curve) for height in (9, 10, 13))
    assert not any("volume" in row or "P&L" in row for row in few)
    assert some[-2].endswith("volume")
    assert not any("P&L" in row for row in some)
    assert many[-3].endswith("P&L")
    lines = chart.rows(view(seen, history=UP_AND_DOWN, pnl_curve=curve), 60, 13)
    assert {style for words, style in lines[-3][:-2] if words.strip()} == {"down", "up", ""}
    volume = lines[-2][0][0]
    assert volume.rstrip()[-1] == max(volume) > volume.strip()[0]  # most of all in the last minute
    assert volume[0] == " "


def test_another_instruments_chart_can_be_asked_for():
    seen = replace(QUIET, quotes=(*QUIET.quotes, quote(1, 9_000, exch_ms=RISING[-1][0])))
    further = {1: tuple(bar(ms, price - 7_000) for ms, price in RISING)}
    shown = plain(chart.rows(view(seen, history=RISING, further=further), 60, 12, instrument=1))
    assert {"90.00", "80.00"} <= set(shown.split())
    assert not {"160.00", "150.00"} & set(shown.split())
    assert plain(chart.rows(view(seen, history=RISING), 60, 12, instrument=0)) == plain(
        chart.rows(view(seen, history=RISING), 60, 12)
    )
    assert plain(chart.rows(view(seen, history=RISING), 60, 12, instrument=7)) == " no prices yet"


# ── Whatever comes ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_its_heading_has_the_last_price_and_the_change():
    assert chart.heading(view(snapshot(quotes=()))) == ("CHART", ())
    assert chart.heading(view(snapshot(quotes=(quote(0, 0),)))) == ("NIFTY25NOV25900CE", ())
    assert chart.heading(view(snapshot(quotes=(quote(0, 5, day_open=0, close=0),))))[1] == (("0.05", "bold"),)


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
@pytest.mark.parametrize("candles", [False, True])
def test_odd_histories_are_drawn(history, candles):
    for glyphs in (UNICODE, ASCII):
        lines = chart.rows(view(snapshot(), history=history, glyphs=glyphs, ui=Ui(candles=candles)), 60, 12)
        assert len(lines) == 12
        assert all(width_of(line) <= 60 for line in lines)


@settings(max_examples=examples(60))
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**15)), max_size=40),
    st.integers(0, 90),
    st.integers(0, 30),
    st.booleans(),
    st.booleans(),
)
def test_any_history_in_any_size_fits(points, width, height, ascii_only, candles):
    history = tuple(sorted(points))
    held = replace(position(entry_ms=5), open_pnl=Decimal(0), next_target=10**15)
    seen = snapshot(positions=(held,), quotes=(quote(0, 15_701, exch_ms=500, lines={"EMA 18": 1e15, "VWAP": None}),))
    glyphs = ASCII if ascii_only else UNICODE
    lines = chart.rows(view(seen, history=history, glyphs=glyphs, ui=Ui(candles=candles)), width, height)
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)
    if ascii_only:
        assert plain(lines).isascii()


# ── From one frame to the next ──────────────────────────────────────────────────────────────────────────────────────


class Forgetful(LastMade):
    """Makes everything anew each time, and follows as ever."""

    def get(self, name, of, make):
        return make()


def session(seed: int):
    """Views that follow each other: prices move, bars are added once in a while, positions and trades come."""
    moves = Random(seed)
    price, bars, trades, held = 15_000, [bar(OPEN_MS, 15_000)], (), None
    for step in range(60):
        price += moves.randint(-30, 30)
        now_ms = OPEN_MS + 2_000 * step
        if not step % moves.randint(1, 4):
            bars.append((now_ms, price - 3, price + 9, price - 9, price, moves.randint(0, 50), price - 40, price + 5))
        if not moves.randint(0, 5):
            if held is None:
                state = replace(position().state, entry_ms=now_ms, entry_price=price, stop=price - 50)
                held = replace(position(), state=state)
            else:
                of = {"entry_ms": held.state.entry_ms, "exit_ms": now_ms, "exit_price": price}
                trades, held = (*trades, replace(trade(step), instrument=0, **of)), None
        yield (
            snapshot(
                quotes=(quote(0, price, exch_ms=now_ms),),
                positions=(held,) if held else (),
                trades=trades,
                at_ms=now_ms,
            ),
            tuple(bars),
        )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["braille", "ascii"])
def test_a_path_that_is_drawn_in_two_parts_is_the_path(seed, glyphs):
    moves = Random(seed)
    ms, price, bars = OPEN_MS, 15_000, []
    place = Place(Scale(OPEN_MS, 2_000, 14_000, 16_000, 400 if glyphs.braille else 200, 80), 200, 20)
    for _ in range(40):
        ms += moves.choice([500, 5_000, 5_000, 40_000, 70_000])
        price += moves.randint(-200, 200)
        bars.append((ms, price, price + 30, price - 30, price, 0, NOTHING))
        if ms >= OPEN_MS + 2_000 * place.scale.across:
            break
        settled = geometry.settled(bars, place.scale)
        whole, ground = Picture(place, glyphs, signs=False), Picture(place, glyphs, signs=False)
        whole.lay_path(*whole.path(bars))
        ground.lay_path(*ground.path(bars[:settled]))
        both = Picture(place, glyphs, signs=False, ground=ground.ground())
        both.lay_path(*both.path(bars[max(0, settled - 1) :]))
        assert plain(both.rows()) == plain(whole.rows())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [(60, 12), (76, 22)])
def test_what_is_kept_of_the_frame_before_is_what_would_be_drawn_anew(seed, size):
    more = {"glyphs": ASCII if seed % 3 == 2 else UNICODE, "ui": Ui(candles=seed % 3 == 1)}
    kept, forgetful = LastMade(), Forgetful()
    for seen, history in session(seed):
        curve = ((OPEN_MS, 0.0), (seen.at_ms, float(seen.quotes[0].last - 15_000)))
        of = more | {"history": history, "pnl_curve": curve}
        assert chart.rows(view(seen, made=kept, **of), *size) == chart.rows(view(seen, made=forgetful, **of), *size)


def test_the_picture_does_not_move_when_a_position_comes_and_goes_but_in_a_replay_that_is_held():
    state = replace(position().state, entry_price=15_990, stop=15_900)
    there = replace(QUIET, positions=(replace(position(), last=16_000, state=state, next_target=16_020),))
    held = replace(QUIET, replay=replace(QUIET.replay, playing=False))
    made, paths = LastMade(), []
    for seen in (QUIET, there, QUIET, held):
        lines = chart.rows(view(seen, made=made, history=RISING), 60, 12)
        paths.append([cell for cell in places(lines, {""}) if "⠀" < cell[3] <= "⣿"])
    assert paths[0] != paths[1] == paths[2]  # the labels have made room once
    assert paths[3] == paths[0]
