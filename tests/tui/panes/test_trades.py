"""The trade list."""

import pytest
from msgspec.structs import replace

from tests.support.screens.snapshots import snapshot, trade, view
from tui.frame import dialogs
from tui.panes import trades
from tui.text.rows import plain, width_of
from tui.view.model import OlderExits, Ui

MANY = snapshot(trades=tuple(trade(n, net="-20.5" if n % 2 else "362.72") for n in range(1, 201)))


def shown(choice=200, width=100, height=10, seen=MANY):
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
    for choice, numbers in ((1, (1, 9)), (101, (97, 105)), (200, (192, 200)), (10**9, (192, 200)), (-5, (1, 9))):
        rows = plain(shown(choice)).splitlines()[1:]
        found = [int(row.replace("▶", " ").split()[0]) for row in rows]
        assert (found[0], found[-1]) == numbers
        assert sum(row.startswith("▶") for row in rows) == 1


def test_the_chosen_row_is_one_bar_from_edge_to_edge():
    rows = shown(101)
    (line,) = [line for line in rows if line[0][0].startswith("▶")]
    assert {style for _, style in line} == {"select"}
    assert width_of(line) == 100
    assert all(style != "select" for other in rows for _, style in other if other is not line)


def test_the_newest_need_no_choice():
    rows = plain(trades.newest(view(MANY), 100, 4)).splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["198", "199", "200"]


def test_losses_have_sign_and_style():
    line = shown(200)[-2]
    assert [style for text, style in line if "-20.50" in text] == ["down"]


def test_a_narrow_list_keeps_the_result():
    row = plain(shown(width=60)).splitlines()[-1]
    assert "+362.72" in row
    assert "  11:37  " in row  # when it ended; when it began is less
    assert "160.45" not in row


@pytest.mark.parametrize(
    ("width", "reason"),
    [(52, "Take Profit 1"), (50, "Take…ofit 1"), (79, "Take Profit 1"), (80, "Take…rofit 1"), (100, "Take Profit 1")],
)
def test_reasons_are_told_apart_at_every_width(width, reason):
    """A symbol, and then a reason, gives way in its middle: their ends tell them apart."""
    for line in shown(width=width)[1:]:
        assert plain([line]).endswith(f"  {reason}")
        assert "900CE " in plain([line])


def test_its_title_sums_up():
    assert trades.title(view()) == "TRADES 11  won 7 of 9  net +4,210.00"


def test_its_title_tells_of_those_of_another_journal():
    account = replace(snapshot().account, exits=211)
    seen = snapshot(trades=tuple(trade(n) for n in range(201, 212)), account=account, exits_from=201)
    assert trades.title(view(seen)) == "TRADES 11 of 211  won 7 of 9  net +4,210.00"


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


# ── Older ones, out of the journal ──────────────────────────────────────────────────────────────────────────────────

LONG = snapshot(trades=tuple(trade(n) for n in range(4801, 5001)), account=replace(snapshot().account, exits=5000))
OLDER = {n: trade(n) for n in range(1, 4801)}


def paged(choice, width=100, height=10, seen=LONG, **older):
    look = view(seen, ui=Ui(dialog="trades", choice=choice), older=OlderExits(**older))
    return [line.rstrip() for line in plain(trades.rows(look, width, height)).splitlines()]


def numbers(lines):
    return [int(line.replace("▶", " ").split()[0]) for line in lines[1:-1]]


def test_it_goes_over_into_the_journal_without_a_seam():
    lines = paged(4801, trades=OLDER)
    assert numbers(lines) == list(range(4797, 4805))
    assert [line.startswith("▶") for line in lines].index(True) == 5
    assert lines[-1] == " 4,796 older ones above"


def test_what_has_not_come_has_its_place_and_is_said_to_be_loading():
    lines = paged(4798, wait=True)
    assert numbers(lines) == list(range(4794, 4802))
    assert [line.split()[-1] for line in lines[1:8]] == ["…"] * 7
    assert "Take Profit 1" in lines[8]
    assert lines[-1] == " older … loading"


def test_a_disk_that_fails_costs_the_page_and_says_so():
    assert paged(100, problem="the disk does not answer")[-1] == " not readable now: the disk does not answer"
    assert numbers(paged(100, problem="it")) == list(range(96, 104))


def test_its_beginning_is_said_to_be_all():
    lines = paged(-(2**62), trades=OLDER)
    assert numbers(lines) == list(range(1, 9))
    assert lines[-1] == " that is all"


def test_its_title_says_where_it_stands_and_on_which_day():
    days_ago = {100: replace(trade(100), exit_ms=trade(100).exit_ms - 2 * 86_400_000)}
    for older, day in ((OLDER, ""), (days_ago, ", 2025-09-29")):
        look = view(LONG, ui=Ui(dialog="trades", choice=100), older=OlderExits(older))
        assert trades.title(look) == f"TRADES 100 of 5,000{day}  won 7 of 9  net +4,210.00"


def test_after_a_replay_went_back_none_is_in_the_snapshot():
    seen = snapshot(trades=(), account=replace(snapshot().account, exits=643))
    assert numbers(paged(10**9, seen=seen, trades=OLDER)) == list(range(636, 644))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
@pytest.mark.parametrize("state", [{"trades": OLDER}, {"wait": True}, {"problem": "the disk does not answer"}])
def test_the_box_holds_it_at_usual_sizes(width, height, state):
    for choice in (1, 50, 4790, 4801, 5000):
        look = view(LONG, ui=Ui(dialog="trades", choice=choice), older=OlderExits(**state))
        lines = dialogs.overlay(look, width, height)
        drawn = plain(lines).splitlines()
        assert {width_of(line) for line in lines} == {width}
        assert len(lines) <= height - 2
        assert f"TRADES {choice:,} of 5,000" in drawn[0]
        assert sum("▶" in line for line in drawn) == 1
        assert str(choice) in next(line for line in drawn if "▶" in line)
        said = "not readable" if "problem" in state else "loading" if "wait" in state else "older ones above"
        assert said in drawn[-4] or (choice < 30 and "that is all" in drawn[-4])
        assert "any other key closes" in drawn[-2]


def test_what_a_kill_could_take_back_is_marked_from_its_first_moment_on() -> None:
    for width in (60, 100):
        kept, late = plain(
            shown(seen=replace(MANY, unkept_from_ms=MANY.trades[-1].exit_ms), width=width, height=3)
        ).splitlines()[-2:]
        assert ("NOT YET DURABLE" in kept, "NOT YET DURABLE" in late) == (False, True)
