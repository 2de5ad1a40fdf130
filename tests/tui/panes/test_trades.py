"""The trade list."""

import pytest
from msgspec.structs import replace

from tests.support.snapshots import snapshot, trade, view
from tui.panes import trades
from tui.text.rows import plain, width_of

MANY = snapshot(trades=tuple(trade(n, net="-20.5" if n % 2 else "362.72") for n in range(1, 201)))


def shown(choice=199, width=100, height=10, seen=MANY):
    look = view(seen)
    look.ui.choice = choice
    return trades.rows(look, width, height)


def test_a_row_has_both_times_both_prices_quantity_result_and_reason():
    head, *rows = plain(shown()).splitlines()
    assert head.split() == ["#", "SYMBOL", "IN", "OUT", "QTY", "ENTRY", "EXIT", "NET", "P&L", "REASON"]
    expected = [
        "200",
        "NIFTY25NOV25900CE",
        "11:35:37",
        "11:37:17",
        "75",
        "155.45",
        "160.45",
        "+362.72",
        "Take",
        "Profit",
        "1",
    ]
    assert rows[-1].split() == ["▶", *expected]
    assert len(rows) == 9


def test_it_scrolls_with_the_choice_and_marks_it():
    for choice, numbers in ((0, (1, 9)), (100, (97, 105)), (199, (192, 200)), (10**9, (192, 200)), (-5, (1, 9))):
        rows = plain(shown(choice)).splitlines()[1:]
        found = [int(row.replace("▶", " ").split()[0]) for row in rows]
        assert (found[0], found[-1]) == numbers
        assert sum(row.startswith("▶") for row in rows) == 1


def test_the_newest_need_no_choice():
    rows = plain(trades.newest(view(MANY), 100, 4)).splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["198", "199", "200"]


def test_losses_have_sign_and_style():
    line = shown(198)[-2]
    assert [style for text, style in line if "-20.50" in text] == ["down"]


def test_a_narrow_list_keeps_the_result():
    row = plain(shown(width=60)).splitlines()[-1]
    assert "+362.72" in row
    assert "11:35  " in row
    assert "160.45" not in row


def test_its_title_sums_up():
    assert trades.title(view()) == "TRADES 11  won 7  net +4,210.00"


def test_its_title_tells_of_earlier_ones_that_are_left_out():
    account = replace(snapshot().account, exits=4260)
    assert trades.title(view(snapshot(account=account))) == "TRADES 11 of 4,260  won 7  net +4,210.00"


def test_empty_and_small():
    none = snapshot(trades=(), account=replace(snapshot().account, exits=0))
    assert plain(trades.rows(view(none), 40, 5)) == " no trade yet"
    assert trades.rows(view(), 40, 0) == []
    assert trades.rows(view(), 0, 4) == []
    assert plain(shown(5, height=1)).startswith("▶")
    odd = snapshot(trades=(replace(trade(1), instrument=9, entry_ms=10**18, reason="[/] 日本"),))
    assert "--:--:--" in plain(trades.rows(view(odd), 100, 5))


@pytest.mark.parametrize("width", range(0, 120, 3))
def test_no_row_is_too_wide(width):
    assert all(width_of(line) <= width for line in shown(width=width))


def test_exits_that_are_no_longer_listed_are_not_denied():
    seen = snapshot(trades=(), account=replace(snapshot().account, exits=643))
    assert "643 exits" in plain(shown(seen=seen))


def test_what_a_kill_could_take_back_is_marked_from_its_first_moment_on() -> None:
    for width in (60, 100):
        kept, late = plain(
            shown(seen=replace(MANY, unkept_from_ms=MANY.trades[-1].exit_ms), width=width, height=3)
        ).splitlines()[-2:]
        assert ("NOT YET DURABLE" in kept, "NOT YET DURABLE" in late) == (False, True)
