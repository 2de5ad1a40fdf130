"""Every mode on every screen, and a paper run with many instruments, many positions, and a flat of many legs."""

from decimal import Decimal
from typing import get_args

import pytest
from msgspec.structs import replace

from engine import Bar, FlatLeg, FlatView, Snapshot
from engine.presentation import feeds
from engine.presentation.health import Health
from engine.presentation.lamps import TerminalLink
from tests.support.screens.engine_clients import FakeClient
from tests.support.screens.snapshots import (
    NOW_NS,
    SECOND,
    SNAPSHOT,
    feed,
    lost,
    many_instruments,
    paper,
    position,
    snapshot,
    view,
)
from tui.frame import flatplan, header, screen
from tui.frame import help as help_pane
from tui.panes import positions, ticks
from tui.text.glyphs import ASCII
from tui.text.rows import Line, plain, width_of
from tui.view.model import Ui
from tui.view.view_builder import ViewBuilder

MODES = ("replay", "mock", "paper", "live")
COUNT = 50


def crowd(held: int = COUNT, **more) -> Snapshot:
    """A paper run with so many positions in as many instruments, of a thousand."""
    instruments, quotes = many_instruments(COUNT)
    fields = {
        "instruments": instruments,
        "quotes": quotes,
        "watched": 1_000,
        "ticking": 1_000,
        "feed": feed(wanted=1_000, ticking=1_000),
        "positions": tuple(position(index) for index in range(held)),
    }
    return paper(**(fields | more))


def frame(seen: Snapshot, width: int, height: int, **ui) -> list[Line]:
    lamps = Health().judge(seen, NOW_NS, TerminalLink(1.0, 0.0))
    return screen.frame(view(seen, ui=Ui(**ui), lamps=lamps), width, height)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15)])
def test_the_mode_is_a_word_a_colour_and_a_frame_on_every_screen(mode: str, width: int, height: int) -> None:
    seen = snapshot(trade_mode=mode, replay=SNAPSHOT.replay if mode == "replay" else None)
    for ui in ({}, {"focus": "log", "zoom": True}, {"focus": "positions", "zoom": True}, {"dialog": "help"}):
        lines = frame(seen, width, height, **ui)
        assert lines[0][0] == (f" {mode.upper()} ", mode)
        edges = {style for line in lines for words, style in line if set(words) & {"─", "│", "┌"} and style}
        assert f"edge_{mode}" in edges
        assert not any(f"edge_{other}" in edges for other in MODES if other != mode)


def test_every_pane_draws_a_paper_run() -> None:
    shown = plain(frame(paper(), 120, 40))
    for words in ("PAPER", "09:15", "LIVE", "LONG 150", "4 HEARTBEAT", "3 LATENCY", "5 LOG"):
        assert words in shown
    assert "REPLAY" not in shown
    everything = plain(frame(paper(), 200, 70))
    assert "smartapi link 2, rtt 12 ms" in everything
    assert "exchange 38 ms behind" in everything
    assert "18,233 kept, 4 KiB waiting, 51 GB free" in everything


def test_a_mock_in_place_of_a_live_feed_says_so_at_every_size() -> None:
    seen = paper(trade_mode="mock", source="MOCK (no credentials)", feed=None)
    for width in (60, 80, 120, 200):
        line = header.status(view(seen), width)
        assert line[0] == (" MOCK (no credentials) ", "mock")
        assert width_of(line) == width
    assert header.status(view(seen), 40)[0] == (" MOCK ", "mock")


# ── The feed column ─────────────────────────────────────────────────────────────────────────────────────────────────


def words_of(seen: Snapshot, width: int = 80, **more) -> list[list[str]]:
    return [line.split() for line in plain(ticks.rows(view(seen, **more), width, 10)).splitlines()]


def test_each_price_has_a_word_beside_its_age_and_mark() -> None:
    head, first, second = words_of(paper())
    assert head[-3:] == ["AGE", "FEED", "TREND"]
    assert first[-4:-1] == ["0.2s", "●", "LIVE"]
    old = replace(SNAPSHOT.quotes[1], recv_ns=NOW_NS - 4 * SECOND)
    assert words_of(paper(quotes=(SNAPSHOT.quotes[0], old)))[2][-4:-1] == ["4.0s", "▲", "STALE"]
    assert second[-4:-1] == ["0.2s", "●", "LIVE"]
    assert [row[row.index("▲") + 1] for row in words_of(lost())[1:]] == ["STALE", "STALE"]
    fresh_link = paper(feed=feed(up_ns=NOW_NS - SECOND // 10))
    assert [row[row.index("▲") + 1] for row in words_of(fresh_link)[1:]] == ["NEW", "NEW"]
    never = paper(quotes=(replace(SNAPSHOT.quotes[0], recv_ns=0),))
    assert words_of(never)[1][-4:-1] == ["never", "▲", "NEW"]


def test_the_help_knows_every_word_of_the_feed() -> None:
    lines = plain(help_pane.whole(90))
    assert [word for word in get_args(feeds.Fresh) if f"\n{word} " not in lines] == []


def test_where_there_is_no_room_for_the_word_the_mark_stays() -> None:
    head, first, _ = words_of(lost(), 48)
    assert "FEED" not in head
    assert first[-2:] == ["12s", "▲"]
    assert "FEED" not in words_of(SNAPSHOT)[0]  # a replay has no link


@pytest.mark.parametrize("width", range(1, 160, 7))
def test_no_row_is_too_wide(width: int) -> None:
    for seen in (paper(), lost(), crowd()):
        for glyphs in (view().glyphs, ASCII):
            lines = ticks.rows(view(seen, glyphs=glyphs), width, 12)
            assert all(width_of(line) <= width for line in lines)


def test_of_a_thousand_instruments_fifty_are_shown_and_it_says_so() -> None:
    seen = crowd()
    assert plain([ticks.note(view(seen), 60)]) == "50 of 1,000 shown"
    assert plain([ticks.note(view(seen, ui=Ui(selected=11)), 10)]) == "row 12, 50 of 1,000 shown"
    for width, height in ((120, 40), (80, 24)):
        assert "50 of 1,000 shown" in plain(frame(seen, width, height))
    last = words_of(seen, ui=Ui(selected=49))[-1]
    assert last[0] == "▶●NIFTY25NOV27450CE"


def test_the_chart_is_that_of_the_selected_instrument_not_of_its_place() -> None:
    """Of a thousand instruments the fifty that are shown need not be the first fifty."""
    instruments, quotes = many_instruments(90)
    asked: list[int] = []

    class Door(FakeClient):
        def history(self, instrument: int) -> tuple[Bar, ...]:
            asked.append(instrument)
            return super().history(instrument)

    ui = Ui(selected=80)
    client = Door(paper(instruments=instruments, quotes=(quotes[0], quotes[5], quotes[80]), watched=90))
    builder = ViewBuilder(client, ui)
    builder.look(NOW_NS, TerminalLink(1.0, 0.0))
    ui.selected = 99  # of which there is no quote: the first that is listed
    builder.look(NOW_NS + 2 * SECOND, TerminalLink(1.0, 0.0))
    client.snapshot = paper(quotes=())
    builder.look(NOW_NS + 4 * SECOND, TerminalLink(1.0, 0.0))
    assert asked == [80, 0]


def test_the_chart_of_a_dialogs_instrument_is_fetched_beside_the_selected_ones() -> None:
    asked: list[int] = []

    class Door(FakeClient):
        def history(self, instrument: int) -> tuple[Bar, ...]:
            asked.append(instrument)
            return super().history(instrument)

    ui = Ui(dialog="position", instrument=1)
    builder = ViewBuilder(Door(), ui)
    view = builder.look(NOW_NS, TerminalLink(1.0, 0.0))
    assert (asked, list(view.further)) == ([0, 1], [1])
    ui.dialog = ""
    assert not builder.look(NOW_NS + 2 * SECOND, TerminalLink(1.0, 0.0)).further


# ── Many positions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_fifty_positions_have_a_line_each_as_far_as_there_is_room_and_the_rest_is_counted() -> None:
    seen = view(crowd(), ui=Ui(selected=30))
    assert positions.title(seen) == "POSITIONS 50  open +11,246.00"
    shown = plain(positions.rows(seen, 50, 20)).splitlines()
    assert len(shown) == 20
    listed = [row.split()[0] for row in shown if row.startswith("  NIFTY")]
    assert listed == [f"NIFTY25NOV{25_000 + 50 * n}CE" for n in range(12, 30)]
    assert shown[18].startswith("▶ NIFTY25NOV26500CE")
    assert shown[19] == "  +31 more, all +11,246.00"
    seen.ui.selected = 20  # in sight: nothing is scrolled
    assert plain(positions.rows(seen, 50, 20)).splitlines()[8].startswith("▶ NIFTY25NOV26000CE")
    zoomed = plain(frame(crowd(), 120, 70, focus="positions", zoom=True))
    assert sum("155.45 155.80 +224.92" in row for row in zoomed.splitlines()) == 50
    assert "day P&L" in zoomed
    assert "stop" in zoomed  # the chosen one in full


def test_the_collapsed_line_sums_them_up_where_it_can() -> None:
    line = plain([positions.line(view(crowd()), 110)])
    assert "+49 more, all +11,246.00" in line
    assert "+49 more" in plain([positions.line(view(crowd()), 50)])
    assert "+49 more UNWATCHED" in plain(frame(crowd(feed=lost().feed), 120, 40)[1:2])


def symbols(count: int) -> list[str]:
    return [f"{25_000 + 50 * n}CE" for n in range(count)]


@pytest.mark.parametrize(
    ("held", "latency", "lamps"), [(1, True, True), (3, True, True), (9, False, False), (17, False, False)]
)
def test_positions_have_their_lines_before_latency_and_heartbeat(held: int, latency: bool, lamps: bool) -> None:
    rows = [row[77:] for row in plain(frame(crowd(held), 120, 30)).splitlines() if "│" in row or "┬" in row]
    assert all(any(symbol in row for row in rows) for symbol in symbols(held))
    assert any("3 LATENCY" in row for row in rows) == latency
    assert any("4 HEARTBEAT" in row for row in rows) == lamps


@pytest.mark.parametrize(("held", "named", "latency"), [(1, 1, True), (3, 3, True), (5, 5, False), (9, 5, False)])
def test_on_a_narrow_screen_positions_have_a_line_each_and_the_table_keeps_its_prices(
    held: int, named: int, latency: bool
) -> None:
    shown = plain(frame(crowd(held), 80, 24)).splitlines()
    listed = [row for row in shown if " LONG 150 " in row[10:]][-named:]
    assert all(symbol in row and "stop 155.80" in row for symbol, row in zip(symbols(named), listed, strict=True))
    assert (f"+{held - named} more" in listed[-1]) == (held > named)
    assert any("receive→decision" in row for row in shown) == latency
    assert sum("LIVE" in row for row in shown) >= 8
    if held > 1:
        assert any(f"2 POSITIONS {held}  open " in row for row in shown)


def test_a_price_that_no_stop_should_trust_says_so_beside_itself() -> None:
    assert plain(positions.rows(view(paper()), 42, 9)).splitlines()[1].endswith("  last  157.01")
    line = positions.rows(view(lost()), 42, 9)[1]
    assert plain([line]).endswith(" STALE 12s 157.01")
    assert (" STALE 12s ", "warn") in line


# ── A flat of many legs ─────────────────────────────────────────────────────────────────────────────────────────────


def plan(seen: Snapshot, height: int, choice: int = 0, width: int = 76) -> list[str]:
    ui = Ui(dialog="flat", choice=choice, plan_drawn_ns=NOW_NS, plan_until_ns=NOW_NS + 9 * SECOND)
    return plain(flatplan.rows(view(seen, ui=ui), width, height)).splitlines()


ARMED = crowd(flat=FlatView("ARMED", "", 0, (), ()))


def test_a_plan_of_fifty_legs_keeps_its_totals_in_sight_and_scrolls() -> None:
    lines = plan(ARMED, 20)
    assert lines[2].startswith("NIFTY25NOV25000CE  LONG 150 → SELL 150")
    assert "1–13 of 50 legs · up down scroll" in lines
    assert any("52 requests (50 orders), under 1 s, realises ≈ +11,246.00" in line for line in lines)
    assert lines[-1].startswith("x fires")
    assert len(lines) == 20
    further = plan(ARMED, 20, choice=40)
    assert "38–50 of 50 legs · up down scroll" in further
    assert "NIFTY25NOV27450CE" in "\n".join(further)
    assert "NIFTY25NOV25000CE" not in "\n".join(further)


@pytest.mark.parametrize("height", range(1, 40))
@pytest.mark.parametrize("width", [30, 52, 76])
def test_the_key_that_fires_is_the_last_line_at_any_height(width: int, height: int) -> None:
    lines = plan(ARMED, height, width=width)
    assert lines[-1].startswith("x fires")
    assert len(lines) <= height
    if height >= 12:
        assert "52 requests" in "\n".join(lines)


def test_while_it_runs_open_legs_come_first_and_the_closed_ones_are_counted() -> None:
    legs = tuple(FlatLeg(n, 150, 150 if n < 30 else 0, 15_701, "DONE" if n < 30 else "SENT") for n in range(COUNT))
    lines = plan(crowd(flat=FlatView("CLOSING", "operator", NOW_NS - SECOND, legs, ())), 16)
    assert lines[3].split()[0] == "NIFTY25NOV26500CE"
    assert all("SENT" in line for line in lines[3:-2])
    assert lines[-2] == "30 closed · 1–11 of 50 legs · up down scroll"
    few = plan(crowd(flat=FlatView("CLOSING", "operator", NOW_NS - SECOND, legs[28:32], ())), 16)
    assert [line.split()[-1] for line in few[3:7]] == ["DONE", "DONE", "SENT", "SENT"]  # few keep their order


def test_a_long_receipt_scrolls_below_its_verdict() -> None:
    receipt = ("FLAT verified 0.4 s after the lock", *(f"leg {n}" for n in range(60)))
    done = crowd(flat=FlatView("FLAT", "operator", NOW_NS, (), receipt), positions=())
    lines = plan(done, 12, choice=58)
    assert lines[1] == receipt[0]
    assert lines[-2] == "53–60 of 60 lines · up down scroll"
    assert "leg 59" in lines


def test_the_sum_of_many_results_is_exact() -> None:
    third = replace(position(0), open_pnl=Decimal("0.10"))
    seen = view(paper(positions=(third, third, third)))
    assert positions.title(seen).endswith("open +0.30")
