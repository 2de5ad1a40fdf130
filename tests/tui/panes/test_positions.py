"""The position pane and its one-line form."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.support.screens.snapshots import SNAPSHOT, position, snapshot, view
from tui.panes import positions, ticks
from tui.text.rows import plain, width_of
from tui.view import one_position


def shown(seen=SNAPSHOT, width=42, height=9, **more):
    return plain(positions.rows(view(seen, **more), width, height)).splitlines()


def test_what_is_held_what_it_wins_and_how_far_its_ends_are():
    rows = shown()
    assert rows[0].split() == ["NIFTY25NOV25900CE", "LONG", "150", "4m00s"]
    assert rows[1].split() == ["entry", "155.45", "last", "157.01"]
    assert rows[2].split() == ["open", "P&L", "+0.96", "%", "+224.92"]
    assert rows[3].split() == ["stop", "140.45", "-16.56", "-10.55", "%"]
    assert rows[4].split() == ["trail", "155.80", "-1.21", "-0.77", "%"]
    assert rows[5].split() == ["target", "167.45", "+10.44", "+6.65", "%"]
    assert rows[6].split()[:3] == ["day", "P&L", "+4,434.92"]
    assert "█" in rows[6]
    assert rows[7].split() == ["realised", "+4,210.00", "costs", "612.40"]
    assert rows[8].split() == ["won", "7", "of", "9", "exits", "11", "PF", "2.56", "DD", "2,140.00"]
    assert len(rows) == 9


def test_levels_that_are_not_there_say_so():
    state = replace(position().state, trail_stop=None)
    rows = shown(snapshot(positions=(replace(position(), state=state, next_target=None),)))
    assert rows[4].split() == ["trail", "not", "active"]
    assert rows[5].split() == ["target", "all", "taken"]


@pytest.mark.parametrize("stop", [-700, 0, 4])
def test_a_stop_that_no_price_can_come_to_is_said_in_words(stop):
    state = replace(position().state, stop=stop, trail_stop=None)
    seen = snapshot(positions=(replace(position(), state=state),))
    assert shown(seen)[3].split() == ["stop", "no", "stop"]
    assert "no stop" in plain((positions.line(view(seen), 120),))
    assert "-7" not in plain((positions.line(view(seen), 120),))


def test_a_short_position_wins_when_the_price_falls():
    state = replace(position().state, quantity=-150)
    rows = shown(snapshot(positions=(replace(position(), state=state, open_pnl=Decimal(-234)),)))
    assert "SHORT 150" in rows[0]
    assert rows[2].split() == ["open", "P&L", "-1.00", "%", "-234.00"]


def test_results_have_sign_and_style():
    lines = positions.rows(view(), 42, 9)
    assert ("+224.92", "up") in lines[2]
    lost = replace(position(), open_pnl=Decimal(-5))
    assert ("-5.00", "down") in positions.rows(view(snapshot(positions=(lost,))), 42, 9)[2]


def test_without_a_position_the_reason_for_no_entry_is_told():
    rows = shown(snapshot(positions=()))
    assert rows[0] == "no open position"
    assert rows[1] == "no entry: EMA fast not above slow"
    assert "day P&L" in "".join(rows)


def several(*numbers, **more):
    return view(snapshot(positions=tuple(position(0, quantity=number) for number in numbers)), **more)


def test_the_chosen_position_is_told_in_full_and_all_have_a_line_each():
    seen = view(snapshot(positions=(position(0), position(1, quantity=75))))
    seen.ui.selected = 1
    assert positions.title(seen) == "POSITIONS 2  open +449.84"
    assert positions.wanted(seen, 40, 20) == 12
    rows = plain(positions.rows(seen, 46, 12)).splitlines()
    assert rows[0].startswith("NIFTY25NOV25900PE  LONG 75")
    assert rows[6].split() == ["SYMBOL", "QTY", "ENTRY", "STOP", "P&L"]
    assert rows[7].split() == ["NIFTY25NOV25900CE", "150", "155.45", "155.80", "+224.92"]
    assert rows[8].split() == ["▶", "NIFTY25NOV25900PE", "75", "155.45", "155.80", "+224.92"]
    assert rows[9].startswith("day P&L")


def test_of_several_positions_the_account_goes_first_then_the_details_then_the_head():
    seen = several(75, 150, 225)
    assert positions.wanted(seen, 42, 99) == 13

    def told(height):
        lines = plain(positions.rows(seen, 42, height)).splitlines()
        assert len(lines) == height
        return ["day" in " ".join(lines), "entry" in " ".join(lines), "QTY" in lines[0] or "QTY" in " ".join(lines)]

    assert told(13) == [True, True, True]
    assert told(10) == [False, True, True]
    assert told(5) == [True, False, True]
    assert told(3) == [False, False, False]
    assert plain(positions.rows(seen, 42, 2)).splitlines()[1] == "  +2 more, all +674.76"


def test_the_keys_move_from_position_to_position_and_the_table_goes_with_them():
    seen = view(snapshot(positions=(position(0), position(1))))
    for by, instrument in ((1, 1), (5, 1), (-1, 0), (2**62, 1)):
        positions.PANE.move(seen, by)
        assert positions.chosen(seen).state.instrument == seen.selected.instrument == instrument
    alone = view(snapshot(positions=()))
    positions.PANE.move(alone, 1)
    assert alone.selected.instrument == 1
    assert positions.chosen(alone) is None


def test_a_filter_leaves_some_and_the_sum_stays_that_of_all():
    seen = view(snapshot(positions=(position(0), position(1))))
    seen.ui.filters["positions"] = "pe"
    assert positions.title(seen) == "POSITIONS 2  open +449.84  /pe"
    assert plain([positions.note(seen, 9)]) == "1 of 2"
    assert positions.chosen(seen).state.instrument == 1
    seen.ui.filters["positions"] = "[red]x"
    assert plain(positions.rows(seen, 60, 9)).startswith("no position has [red]x in it: esc clears")
    assert positions.chosen(seen) is None


def test_profit_factor_without_a_loss_is_unknown():
    account = replace(SNAPSHOT.account, day=replace(SNAPSHOT.account.day, loss=Decimal(0)))
    assert "PF -" in plain(positions.rows(view(snapshot(account=account)), 60, 12))


def test_a_tall_pane_shows_the_newest_trades_below():
    rows = shown(width=90, height=16)
    assert len(rows) == 16
    assert rows[-1].split()[0] == "11"
    assert not any(row.startswith("▶") for row in rows)


def test_the_percentage_beside_the_rupees_is_theirs() -> None:
    """On 23,415 that were paid 18.35 are 0.08 %, whatever the bare price made of it."""
    held = position(0)
    instrument = SNAPSHOT.instruments[0]
    paid = instrument.money(held.state.entry_price * held.state.quantity)
    for result in (Decimal("18.35"), Decimal("-29.29"), Decimal(0)):
        share = one_position.percent(replace(held, open_pnl=result), instrument)
        assert abs(Decimal(share) - result / paid * 100) <= Decimal("0.005")


@pytest.mark.parametrize("symbol", ["A", "TCS", "NIFTY"])
def test_a_column_is_as_wide_as_its_name(symbol) -> None:
    short = tuple(replace(each, symbol=symbol) for each in SNAPSHOT.instruments)
    seen = snapshot(instruments=short, positions=(position(0), position(1)))
    assert any(row.split()[:2] == ["SYMBOL", "QTY"] for row in plain(positions.rows(view(seen), 56, 20)).splitlines())
    assert plain(ticks.rows(view(seen), 60, 10)).splitlines()[0].split()[:2] == ["SYMBOL", "LAST"]


def test_the_collapsed_line_drops_by_importance():
    def line(width, seen=SNAPSHOT):
        return plain([positions.line(view(seen), width)])

    assert line(80) == "NIFTY25NOV25900CE  LONG 150  @155.45  open +224.92  stop 155.80  target 167.45"
    assert line(32) == "LONG 150  +224.92  stop 155.80"
    assert line(18) == "LONG 150  +224.92"
    assert line(80, snapshot(positions=())).startswith("no open position  realised +4,210.00  won 7 of 9")
    two = snapshot(positions=(position(0), position(1)))
    assert "+1 more" in line(40, two)


@pytest.mark.parametrize("width", range(60))
def test_nothing_is_too_wide_or_too_high(width):
    for seen in (SNAPSHOT, snapshot(positions=()), snapshot(positions=(position(0), position(1)))):
        for height in (0, 1, 3, 9, 20):
            lines = positions.rows(view(seen), width, height)
            assert len(lines) <= height
            assert all(width_of(line) <= width for line in lines)
        assert width_of(positions.line(view(seen), width)) == width


def test_what_a_kill_could_take_back_is_marked_on_every_position_and_nothing_else_is() -> None:
    late = snapshot(positions=tuple(position(index) for index in range(3)), unkept_from_ms=1)
    for width in (42, 56, 80):
        assert (
            sum("NOT YET DURABLE" in line for line in shown(late, width=width, height=13)) == 4
        )  # the chosen one twice
        assert "NOT YET DURABLE" not in str(shown(replace(late, unkept_from_ms=0), width=width, height=14))
    assert positions.title(view(late)).endswith("  NOT YET DURABLE")
    assert "NOT YET DURABLE" in plain([positions.line(view(late), 60)])
    assert positions.title(view(snapshot(positions=(), unkept_from_ms=1))) == "POSITION"


def test_the_day_stands_beside_all_days_since_the_account_began():
    total = replace(SNAPSHOT.account.total, date="2025-09-01", net=Decimal("-120345.60"), won=40, positions=61)
    seen = snapshot(account=replace(SNAPSHOT.account, total=total))
    assert positions.wanted(view(seen), 60, 20) == 10
    rows = shown(seen, width=60, height=10)
    assert rows[7].split() == ["realised", "+4,210.00", "costs", "612.40"]
    assert rows[9].split()[:7] == ["since", "1", "Sep", "2025", "-1,20,345.60", "won", "40"]


def test_a_barred_instrument_says_so_whether_anything_of_it_is_held_or_not() -> None:
    barred = snapshot(entries=replace(SNAPSHOT.entries, barred=(0,)))
    assert "barred" in plain(positions.rows(view(barred), 44, 12))
    nothing = plain(positions.rows(view(replace(barred, positions=())), 42, 12)).splitlines()
    assert [line.strip() for line in nothing[1:3]] == [
        "no new entries here: enter n lifts it",
        "",
    ]  # and no second reason
    assert "no new entries" not in plain(positions.rows(view(SNAPSHOT), 44, 12))


def test_a_long_reason_is_shortened_where_it_can_be_seen() -> None:
    waits = replace(SNAPSHOT.quotes[0], objection="price between the Bollinger bands was asked for, and is not")
    seen = snapshot(positions=(), quotes=(waits, *SNAPSHOT.quotes[1:]))
    assert "no entry: price between the Bollinger band…" in plain(positions.rows(view(seen), 43, 12))


def charged(by: str, **fills: int):
    return snapshot(account=replace(SNAPSHOT.account, charged_by=by, fill="touch", **fills))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (SNAPSHOT, ""),
        (charged("percent", fills_at_last=3), "costs %, fills last"),
        (charged("angelone-nse-options 2026-04-01", fills_at_touch=3), "costs note, fills bid/ask"),
    ],
)
def test_the_rule_says_what_costs_are_by_and_where_orders_are_filled(seen, words):
    assert plain([positions.note(view(seen), 9)]) == words


def test_the_result_of_a_day_that_is_over_says_which_day_it_is_of():
    later = snapshot(at_ms=SNAPSHOT.at_ms + 2 * 86_400_000)
    assert shown(later, width=60)[6].startswith("1 Oct P&L ")
