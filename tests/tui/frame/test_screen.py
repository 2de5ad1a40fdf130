"""The frame: exact sizes always, the right panes at every size, and nothing that raises on any snapshot."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import DayStatistics, Instrument
from engine.presentation.lamps import Lamp
from tests.support.screens.snapshots import (
    NOW_NS,
    OPEN_MS,
    SECOND,
    SNAPSHOT,
    log,
    many_instruments,
    position,
    quote,
    snapshot,
    trade,
    view,
)
from tests.support.thorough import examples
from tui.frame import footer, screen
from tui.panes.layout import PANES, lasting
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII, UNICODE
from tui.text.rows import plain, width_of
from tui.view.model import Ui

SIZES = [
    (200, 60),
    (120, 40),
    (120, 24),
    (110, 32),
    (109, 40),
    (100, 50),
    (80, 24),
    (60, 15),
    (40, 10),
    (20, 5),
    (20, 4),
]


def frame(width, height, seen=SNAPSHOT, **more):
    look = view(seen, **more)
    lines = screen.frame(look, width, height)
    assert len(lines) == height
    assert {width_of(line) for line in lines} <= {width}
    assert {style for line in lines for _, style in line} <= set(STYLES)
    return plain(lines).splitlines()


def many(count):
    instruments = tuple(Instrument(f"NIFTY25NOV{25_000 + 50 * n}CE") for n in range(count))
    return snapshot(instruments=instruments, quotes=tuple(quote(n, 15_000 + n) for n in range(count)))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_size_is_filled_exactly_and_shows_badge_and_position(width, height):
    shown = frame(width, height)
    assert "REPLAY" in shown[0]
    assert "▶ 10" in shown[1]
    assert "LONG 150" in "\n".join(shown)


def test_a_wide_screen_has_two_columns_a_wall_a_chart_and_the_log():
    shown = frame(120, 40)
    assert shown[2].startswith("─ 1 TICKS ─")
    wall = shown[2].index("┬")
    assert shown[2][wall + 1 :].startswith("─ 2 POSITION ─")
    log = next(number for number, row in enumerate(shown) if row.startswith("─ 5 LOG"))
    assert all(row[wall] == "│" for row in shown[3:log])
    assert shown[6].startswith("─ NIFTY25NOV25900CE ─")
    assert "157.01 +0.65 % ─" in shown[6]
    assert any(row[wall + 1 :].startswith("─ 3 LATENCY") for row in shown)
    assert any(row[wall + 1 :].startswith("─ 4 HEARTBEAT") for row in shown)
    assert len(shown) - 1 - log >= 5
    assert "line 30 of the log" in "\n".join(shown[log:])


@pytest.mark.parametrize(
    ("size", "listed", "charted"),
    [
        ((120, 40), 2, True),
        ((120, 24), 2, True),
        ((120, 24), 5, True),  # a chart of eight lines with its rule
        ((120, 24), 6, False),
        ((80, 24), 2, True),
        ((80, 24), 3, False),
        ((80, 23), 2, False),
        ((60, 15), 1, False),
        ((80, 24), 50, False),
        ((120, 24), 50, False),
        ((120, 40), 50, True),  # a table of many leaves it a part of many rows
        ((90, 50), 50, True),
    ],
)
def test_the_chart_has_what_the_table_leaves_from_eight_rows_on(size, listed, charted):
    instruments, quotes = many_instruments(listed)
    shown = frame(*size, replace(SNAPSHOT, instruments=instruments, quotes=quotes))
    rule = f"─ {instruments[0].symbol} ─"
    assert [row.startswith(rule) for row in shown].count(True) == charted
    if charted:
        begin = next(number for number, row in enumerate(shown) if row.startswith(rule))
        wall = shown[begin].find("│") if "│" in shown[begin] else size[0]
        end = next(number for number in range(begin + 1, len(shown)) if shown[number].startswith("─"))
        rows = shown[begin:end]
        assert len(rows) >= 8
        assert any("⠀" < cell <= "⣿" for row in rows for cell in row[:wall])
    if listed < 10:
        assert all(any(each.symbol in row[:30] for row in shown) for each in instruments)


def test_below_110_columns_the_right_panes_are_three_lines_under_one_rule():
    shown = frame(109, 24)
    rule = next(
        number for number, row in enumerate(shown) if row.startswith("─ 2 POSITION · 3 LATENCY · 4 HEARTBEAT ─")
    )
    assert "LONG 150" in shown[rule + 1]
    assert "p99" in shown[rule + 2]
    assert shown[rule + 4].startswith("─ 5 LOG")
    assert "│" not in "\n".join(shown)


def test_it_stays_usable_at_60_by_15():
    shown = frame(60, 15)
    assert any(row.startswith("▶●NIFTY…V25900CE ") and "157.01" in row for row in shown)
    assert any("LONG 150" in row and "+224.92" in row for row in shown[2:])
    assert sum("of the log" in row for row in shown) >= 3


def test_the_smallest_screens_keep_the_position():
    assert "LONG 150" in "\n".join(frame(20, 4)[2:])
    assert len(frame(20, 3)) == 3
    assert "REPLAY" in frame(20, 1)[0]
    assert screen.frame(view(), 0, 5) == [()] * 5
    assert screen.frame(view(), 5, 0) == []


def test_a_thousand_instruments_leave_the_log_its_place():
    for width, height in ((80, 24), (120, 40), (109, 40)):
        shown = frame(width, height, many(1_000))
        assert sum("of the log" in row for row in shown) >= 3
        assert "1 of 1,000" in shown[2]


@pytest.mark.parametrize("pane", [pane.name for pane in PANES])
def test_the_focused_title_has_its_style_and_zoom_gives_it_all(pane):
    number = f" {[each.name for each in PANES].index(pane) + 1} "
    for width, height in ((120, 40), (80, 24)):
        lines = screen.frame(view(ui=Ui(focus=pane)), width, height)
        focused = [text for line in lines for text, style in line if style == "focus"]
        assert len(focused) == 1
        assert focused[0].startswith(number)
        zoomed = screen.frame(view(ui=Ui(focus=pane, zoom=True)), width, height)
        assert plain(zoomed[2:3]).startswith(f"─{number}")
        titles = [text for line in zoomed for text, style in line if style == "title"]
        assert titles == ([" NIFTY25NOV25900CE "] if pane == "ticks" else [])


def test_old_values_are_grey_and_the_heartbeat_says_how_old():
    seen = snapshot(taken_ns=NOW_NS - 4_100_000_000)
    for width, height in ((120, 40), (80, 24)):
        lines = screen.frame(view(seen), width, height)
        assert "4 HEARTBEAT  values are 4.1 s old" in plain(lines)
        coloured = [(text, style) for line in lines[2:-1] for text, style in line if style != "grey"]
        assert [style for _, style in coloured] == ["alert"]
        assert "values are 4.1 s old" in coloured[0][0]
        assert lines[0][0] == (" REPLAY ", "replay")
        assert lines[-1] == footer.line(view(seen), width)


def test_a_dialog_lies_over_the_middle():
    for dialog in ("flat", "quit", "help", "trades"):
        lines = screen.frame(view(ui=Ui(dialog=dialog)), 100, 30)
        assert {width_of(line) for line in lines} == {100}
        plainly = screen.frame(view(ui=Ui()), 100, 30)
        changed = [number for number in range(29) if lines[number] != plainly[number]]
        assert changed, dialog
        assert abs((changed[0] + changed[-1]) / 2 - 14.5) <= 1.5, dialog


def test_cutting_cells_out_of_a_line():
    line = (("ab日本", "up"), ("cd", ""))
    assert screen.cut(line, 0, 8) == line
    assert screen.cut(line, 1, 4) == (("b日", "up"),)
    assert screen.cut(line, 3, 7) == ((" 本", "up"), ("c", ""))
    assert screen.cut(line, 0, 3) == (("ab ", "up"),)
    assert screen.cut(line, 8, 12) == ()


def test_ascii_terminals_get_ascii_only():
    instruments = (Instrument("日本 → NIFTY…"), *SNAPSHOT.instruments[1:])
    for width, height in SIZES:
        shown = frame(width, height, snapshot(instruments=instruments), glyphs=ASCII)
        assert "\n".join(shown).isascii()


def test_nothing_moves_when_only_numbers_change():
    before = frame(120, 40)
    account = replace(SNAPSHOT.account, day_pnl=Decimal("-4434.92"), realised=Decimal("0.10"))
    after = frame(120, 40, snapshot(account=account, positions=()))
    for words in ("5 LOG", "3 LATENCY", "4 HEARTBEAT"):
        assert [words in row for row in before] == [words in row for row in after]


symbols = st.text(max_size=30).map(lambda text: "".join(c for c in text if c.isprintable()))
prices = st.sampled_from([0, 1, 5, 15_701, 10**15])


@st.composite
def snapshots(draw):
    count = draw(st.integers(0, 4))
    instruments = tuple(
        Instrument(
            draw(symbols),
            price_scale=draw(st.sampled_from([1, 100, 10**8, 7])),
            quantity_scale=draw(st.sampled_from([1, 1000])),
        )
        for _ in range(count)
    )
    quotes = tuple(
        quote(
            n,
            draw(prices),
            day_open=draw(prices),
            bid=draw(prices),
            ask=draw(prices),
            day_volume=draw(st.sampled_from([0, 10**18])),
            recv_ns=draw(st.sampled_from([0, NOW_NS, -(10**15), NOW_NS + SECOND])),
            exch_ms=draw(st.sampled_from([0, OPEN_MS, 10**17])),
        )
        for n in range(count)
    )
    held = tuple(
        position(
            draw(st.integers(0, 5)),
            quantity=draw(st.sampled_from([0, 75, -75, 10**12])),
            entry_price=draw(prices),
            stop=draw(prices),
            trail_stop=draw(st.sampled_from([None, 0, 10**15])),
            entry_ms=draw(st.sampled_from([0, OPEN_MS, 10**18])),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    money = draw(st.sampled_from([Decimal(0), Decimal("-0.01"), Decimal(10**15)]))
    return snapshot(
        trade_mode=draw(st.sampled_from(["replay", "mock", "paper", "live"])),
        instruments=instruments,
        quotes=quotes,
        positions=held,
        account=replace(SNAPSHOT.account, day_pnl=money, open_pnl=Decimal(0), day=DayStatistics(net=money)),
        trades=tuple(
            replace(trade(n), instrument=draw(st.integers(0, 5)), reason=draw(symbols))
            for n in range(draw(st.integers(0, 3)))
        ),
        replay=draw(
            st.sampled_from(
                [None, SNAPSHOT.replay, replace(SNAPSHOT.replay, total=0, tick=0, at_ms=0, ended=True, speed=0.0)]
            )
        ),
        session=draw(
            st.sampled_from(
                [SNAPSHOT.session, replace(SNAPSHOT.session, zone="No/Where", start_ms=0, end_ms=0, date="")]
            )
        ),
        entries=replace(SNAPSHOT.entries, locked=draw(symbols), halted=draw(symbols)),
        at_ms=draw(st.sampled_from([0, OPEN_MS, 10**18])),
        taken_ns=draw(st.sampled_from([NOW_NS, 0])),
        epochs=draw(st.sampled_from([(), SNAPSHOT.epochs])),
        source=draw(symbols),
    )


@settings(max_examples=examples(150), deadline=None)
@given(
    snapshots(),
    st.integers(0, 220),
    st.integers(0, 70),
    st.sampled_from([UNICODE, ASCII]),
    st.sampled_from([pane.name for pane in PANES]),
    st.booleans(),
    st.integers(-1, 9),
    st.sampled_from([(), ((OPEN_MS, 0),), ((OPEN_MS, 5), (OPEN_MS, 5)), ((0, 1), (10**17, 10**15))]),
)
def test_any_snapshot_in_any_size_is_drawn_exactly(seen, width, height, glyphs, pane, zoom, selected, history):
    ui = Ui(focus=pane, zoom=zoom, selected=selected, choice=selected)
    lamps = (Lamp("DATA", "STALE", "x" * 50, 3.0, 4.0, "because", "next"),)
    lines = screen.frame(view(seen, ui=ui, glyphs=glyphs, history=history, lamps=lamps), width, height)
    assert len(lines) == height
    assert all(width_of(line) == width for line in lines)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_frame_that_keeps_what_is_the_same_is_the_frame_drawn_anew(width, height):
    """A second passes in which nothing happens: the log and the chart are kept, and only where they are the same."""
    seen, later_ns = replace(SNAPSHOT, number=8, at_ms=SNAPSHOT.at_ms + 1000), NOW_NS + SECOND
    calm = view(drawn={})
    frames = [screen.frame(calm, width, height), screen.frame(view(calm=calm), width, height)]
    assert frames == [screen.frame(view(), width, height)] * 2
    changes = (
        {},
        {"log": log(31)},
        {"history": view().history[:900]},
        {"snapshot": replace(seen, quotes=(quote(0, 15_777),))},
    )
    for change in changes:
        fields = {"snapshot": seen, "now_ns": later_ns, **change}
        later = view(**fields)
        later.drawn = lasting(calm, later)
        assert screen.frame(later, width, height) == screen.frame(view(**fields), width, height)


def test_what_is_kept_over_a_second_is_the_log_and_the_chart():
    calm = view(drawn={})
    screen.frame(calm, 120, 40)
    names = [{name for name, _, _ in lasting(calm, later)} for later in (view(), view(log=log(31)), view(history=()))]
    assert names == [{"log", "chart"}, {"chart"}, {"log"}]
    assert not lasting(calm, view(replace(SNAPSHOT, number=8, ticks=SNAPSHOT.ticks + 1)))
    assert not lasting(None, calm)
