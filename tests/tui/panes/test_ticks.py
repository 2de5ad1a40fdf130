"""The table of instruments."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import EntriesState, Instrument
from tests.support.screens.snapshots import NOW_NS, OPEN_MS, SECOND, SNAPSHOT, position, quote, snapshot, view
from tui.panes import ticks
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of


def many(count, **more):
    instruments = tuple(Instrument(f"NIFTY25NOV{25_000 + 50 * n}CE") for n in range(count))
    return snapshot(instruments=instruments, quotes=tuple(quote(n, 15_000 + n, **more) for n in range(count)))


def untraded(**more):
    """Nothing is held and nothing was: there is no result to show."""
    return snapshot(positions=(), entries=EntriesState(False, "", "", 0), **more)


def test_a_row_has_price_change_volume_age_and_trend():
    lines = ticks.rows(view(untraded()), 80, 10)
    shown = plain(lines).splitlines()
    assert shown[0].split() == ["SYMBOL", "LAST", "CHG", "%", "VOLUME", "AGE", "TREND"]
    assert shown[1].split()[:6] == ["▶", "NIFTY25NOV25900CE", "157.01", "+0.65", "815,061", "0.2s"]
    assert "●" in shown[1]
    assert "█" in shown[1]
    assert shown[2].startswith("  NIFTY25NOV25900PE")
    assert len(lines) == 3


def test_numbers_end_below_their_names():
    head, row = plain(ticks.rows(view(many(3, bid=14_995, ask=15_005)), 130, 10)).splitlines()[:2]
    for name, value in (
        ("LAST", "150.00"),
        ("CHG %", "-3.85"),
        ("BID", "149.95"),
        ("ASK", "150.05"),
        ("VOLUME", "815,061"),
    ):
        assert head.index(name) + len(name) == row.index(value) + len(value)


def test_rising_and_falling_have_sign_and_style():
    lines = ticks.rows(view(), 80, 10)
    assert {style for text, style in lines[1] if "157.01" in text} == {"up"}
    assert {style for text, style in lines[2] if "94.44" in text} == {"down"}
    assert "-39.46" in plain(lines[2:])


def test_the_selected_row_is_marked_and_stays_in_sight():
    seen = view(many(1_000))
    for selected, place in ((0, 1), (500, None), (999, 9)):
        seen.ui.selected = selected
        shown = plain(ticks.rows(seen, 80, 10)).splitlines()
        marked = [number for number, row in enumerate(shown) if row.startswith("▶")]
        assert len(shown) == 10
        assert len(marked) == 1
        assert f"NIFTY25NOV{25_000 + 50 * selected}CE" in shown[marked[0]]
        assert place in (None, marked[0])
    assert plain([ticks.note(seen, 10)]) == "1,000 of 1,000"
    assert ticks.note(view(), 10) == ()


def test_a_selection_that_is_not_there_is_the_first():
    seen = view()
    seen.ui.selected = 77
    assert plain(ticks.rows(seen, 80, 10)).splitlines()[1].startswith("▶")


def age_of(seen, **more):
    return plain(ticks.rows(view(seen, **more), 48, 10)).splitlines()[1].split()[4:6]


def test_silence_has_a_mark_of_its_own():
    def silent(seconds, came=0.1, median_gap_ms=640, speed=1.0):
        old = quote(0, 15_701, recv_ns=NOW_NS - int(seconds * SECOND), median_gap_ms=median_gap_ms)
        pulse = replace(SNAPSHOT.pulse, came_ns=NOW_NS - int(came * SECOND))
        played = replace(SNAPSHOT.replay, speed=speed)
        return untraded(quotes=(old, quote(1, 9_444)), pulse=pulse, replay=played)

    assert age_of(silent(0.9, speed=10.0)) == ["0.9s", "●"]
    assert age_of(silent(1.1, speed=10.0)) == ["1.1s", "▲"]
    assert age_of(silent(2.9)) == ["2.9s", "●"]
    assert age_of(silent(4)) == ["4.0s", "▲"]
    assert age_of(silent(40)) == ["40s", "✖"]
    assert age_of(silent(40, came=40)) == ["40s", "·"]
    assert age_of(silent(40, median_gap_ms=9_000)) == ["40s", "●"]
    held = replace(silent(40), replay=replace(SNAPSHOT.replay, playing=False))
    assert age_of(held) == ["40s", "·"]
    assert age_of(untraded(quotes=(quote(0, 15_701, recv_ns=0),))) == ["never", "·"]


def test_unknown_values_are_a_dash():
    row = plain(ticks.rows(view(untraded(quotes=(quote(0, 0, day_open=0, day_volume=0),))), 80, 5)).splitlines()[1]
    assert row.split()[2:5] == ["-", "-", "-"]


def test_where_it_is_wide_the_reason_for_no_entry_is_told():
    seen = snapshot(positions=(position(1),))
    shown = plain(ticks.rows(view(seen), 160, 5)).splitlines()
    assert shown[0].endswith("NO ENTRY BECAUSE")
    assert shown[1].endswith("(holding)")  # what is held stands on top
    assert shown[2].endswith("EMA fast not above slow")


def test_little_room():
    assert ticks.rows(view(), 80, 0) == []
    assert ticks.rows(view(), 0, 5) == []
    assert plain(ticks.rows(view(), 80, 2)).splitlines()[0].startswith("▶")
    assert "no instrument" in plain(ticks.rows(view(snapshot(quotes=())), 80, 5))


@pytest.mark.parametrize("width", range(1, 200, 7))
def test_no_row_is_too_wide(width):
    for seen in (view(), view(many(30, bid=1, ask=10**15)), view(glyphs=ASCII)):
        assert all(width_of(line) <= width for line in ticks.rows(seen, width, 12))


def test_a_price_is_never_cut_where_there_is_room():
    assert "10000000000000.00" in plain(ticks.rows(view(snapshot(quotes=(quote(0, 10**15),))), 100, 5))


def test_what_is_only_watched_is_marked_and_counted():
    instruments = (Instrument("Nifty"), replace(Instrument("INDEX"), watch_only=True))
    seen = view(snapshot(instruments=instruments, quotes=(quote(0, 15_000), quote(1, 15_000))))
    rows = plain(ticks.rows(seen, 160, 10)).splitlines()
    assert rows[2].endswith("watch only")
    assert not rows[1].endswith("watch only")
    assert plain([ticks.note(seen, 10)]) == "1 watch only"


def test_an_instrument_that_the_operator_bars_is_marked_held_or_not():
    free = snapshot(positions=(), entries=EntriesState(False, "", "", 0, barred=(0,)))
    row = ticks.rows(view(free), 80, 10)[1]
    assert row[1] == ("‖", "warn")
    assert ticks.rows(view(snapshot(positions=())), 80, 10)[1][1][0] == " "
    held = snapshot(entries=EntriesState(False, "", "", 0, barred=(0,)))
    assert ticks.rows(view(held), 80, 10)[1][1] == ("●", "warn")


def test_what_is_held_is_marked_on_top_and_has_its_result_beside_the_price():
    seen = snapshot(positions=(position(1, quantity=-75),))
    head, first, second = plain(ticks.rows(view(seen), 80, 10)).splitlines()
    assert head.split()[:4] == ["SYMBOL", "LAST", "P&L", "QTY"]
    assert first.split()[:4] == ["●NIFTY25NOV25900PE", "94.44", "+224.92", "-75"]
    assert second.split()[:2] == ["▶", "NIFTY25NOV25900CE"]
    assert plain(ticks.rows(view(seen, glyphs=ASCII), 80, 10)).splitlines()[1].startswith(" *NIFTY25NOV25900PE")


@pytest.mark.parametrize("width", [48, 60, 75, 80, 99])
def test_no_number_is_cut_while_others_could_go(width):
    """Prices and results of any length are whole: symbols are shortened, and columns left out."""
    instruments = tuple(Instrument(f"BANKNIFTY25NOV{58_000 + 100 * n}CE") for n in range(3))
    held = replace(position(0), open_pnl=Decimal(-12400000))
    quotes = tuple(quote(n, 123_456_705, bid=123_456_700, ask=123_456_710) for n in range(3))
    lines = plain(
        ticks.rows(view(snapshot(instruments=instruments, quotes=quotes, positions=(held,))), width, 5)
    ).splitlines()
    assert all("1234567.05" in line for line in lines[1:])
    assert "-1,24,00,000.00" in lines[1]
    assert all(line.split()[0].lstrip("▶●").endswith("00CE") for line in lines[1:] if not line.startswith("▶ "))
    assert not any("0…" in line for line in lines)


def test_scrolling_moves_only_what_must_move():
    seen = view(many(50))
    seen.ui.selected = 30
    before = ticks.rows(seen, 80, 11)
    assert [number for number, line in enumerate(before) if plain([line]).startswith("▶")] == [10]
    seen.ui.selected = 25
    after = ticks.rows(seen, 80, 11)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 2
    seen.ui.selected = 20
    assert plain(ticks.rows(seen, 80, 11)).splitlines()[1].startswith("▶ NIFTY25NOV26000CE")


def test_the_order_and_the_filter_stand_in_the_title_and_what_is_left_is_counted():
    seen = view(many(50))
    seen.ui.focus = "ticks"
    assert ticks.title(seen) == "TICKS"
    assert ticks.PANE.keys[0].act(seen) == "sorted by symbol, rising; held ones first"
    ticks.PANE.keys[0].act(seen)
    assert ticks.title(seen) == "TICKS by symbol falling"
    assert plain(ticks.rows(seen, 80, 10)).splitlines()[2].startswith("  NIFTY25NOV27450CE")
    seen.ui.filters["ticks"] = "275 ce"
    assert ticks.title(seen) == "TICKS by symbol falling  /275 ce"
    seen.ui.filters["ticks"] = "2700"
    assert plain([ticks.note(seen, 10)]) == "1 of 50"
    assert len(ticks.rows(seen, 80, 10)) == 2
    assert seen.selected.instrument == 40  # what is not listed is not selected
    seen.ui.filters["ticks"] = "[b]no"
    assert "no instrument has [b]no in it: esc clears" in plain(ticks.rows(seen, 80, 10))
    seen.ui.filters["ticks"], seen.ui.dialog = "", "filter"
    assert ticks.title(seen).endswith("  /_")


def test_a_change_since_the_days_first_price_says_so():
    seen = snapshot(quotes=(quote(0, 15_701, close=0, begun_ms=OPEN_MS), quote(1, 9_444)))
    assert ticks.title(view(seen)) == "TICKS  * since 09:15"
    rows = plain(ticks.rows(view(seen), 100, 5))
    assert "+0.65*" in rows
    assert "-39.46 " in rows
    assert ticks.title(view()) == "TICKS"
