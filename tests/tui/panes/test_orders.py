"""The list of orders: what matters first, every width whole, filtered by words, whatever happens above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.screens.live_snapshots import (
    LEAVING,
    ORDERS,
    STANDING,
    UNKNOWN,
    WORKING,
    busy,
    in_trouble,
    live,
    order,
)
from tests.support.screens.snapshots import paper, view
from tui.frame import dialogs
from tui.panes import orders
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui


def shown(seen=None, width: int = 116, height: int = 20, **ui) -> list[str]:
    lines = orders.rows(view(seen or busy(), ui=Ui(dialog="orders", **ui)), width, height)
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)
    return plain(lines).split("\n")


def test_a_line_says_all_of_an_order() -> None:
    head, unknown, working, *_ = shown()
    assert head.split() == [
        "TIME",
        "#",
        "TAG",
        "SIDE",
        "SYMBOL",
        "F/Q",
        "LIMIT",
        "GOT",
        "STATE",
        "RUNG",
        "AGE",
        "REASON",
    ]
    assert unknown.split() == [
        "▶", "11:42:08", "199", UNKNOWN.tag, "BUY", "NIFTY25NOV25900CE", "0/150", "156.20", "-", "UNKNOWN", "1/3", "1", "9.0s", "signal",
    ]  # fmt: skip
    assert working.split()[5:] == ["75/150", "156.20", "156.10", "WORKING", "2", "1.9s", "signal"]


def test_what_is_refused_says_it_in_the_brokers_words_and_what_is_unusual_stands_before() -> None:
    assert "RMS: margin exceeds, available 8,200.00" in shown(width=160)[4]
    seen = busy(orders=(replace(WORKING, blind=True, unwanted=True),))
    assert shown(seen, 150)[1].endswith("BLIND · being withdrawn · signal")


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (130, "TIME # TAG SIDE SYMBOL F/Q LIMIT GOT STATE RUNG AGE REASON"),
        (76, "TIME # SIDE SYMBOL F/Q LIMIT GOT STATE AGE"),
        (56, "TIME # SIDE SYMBOL F/Q STATE"),
        (46, "# SIDE SYMBOL F/Q STATE"),
    ],
)
def test_a_column_is_there_whole_or_not_at_all(width: int, columns: str) -> None:
    assert shown(width=width)[0].split() == columns.split()


@given(st.integers(0, 140), st.integers(0, 24), st.integers(0, 230))
def test_no_size_breaks_it_and_the_chosen_one_is_in_sight(width: int, height: int, chosen: int) -> None:
    seen = live(orders=tuple(order(number) for number in range(220, 20, -1)), live=replace(STANDING, left_out=20))
    lines = shown(seen, width, height, order_number=chosen)
    if width > 30 and height > 0:
        assert sum(line.startswith("▶") for line in lines) == 1


def test_what_is_left_out_is_counted() -> None:
    seen = live(live=replace(STANDING, left_out=41))
    assert shown(seen)[-1] == "  41 older ones are in the journal"
    assert orders.title(view(seen)) == "ORDERS 44"
    assert orders.title(view(busy())) == "ORDERS 6  3 not over, 1 UNKNOWN"


@pytest.mark.parametrize(
    ("wanted", "tags"),
    [
        ("unknown", [UNKNOWN.tag]),
        ("sell working", [LEAVING.tag]),
        ("stop loss", [LEAVING.tag]),
        (WORKING.tag.lower(), [WORKING.tag]),
        ("exit filled", ["L7CA00010195X"]),
    ],
)
def test_a_filter_leaves_what_has_its_words(wanted: str, tags: list[str]) -> None:
    ui = {"filters": {"orders": wanted}}
    found = [word for line in shown(**ui)[1:] for word in line.split() if word.startswith("L7CA")]
    assert found == tags
    assert orders.title(view(busy(), ui=Ui(dialog="orders", **ui))).startswith(f"ORDERS {len(tags)} of 6")


def test_where_none_is_that_is_said() -> None:
    assert shown(live(orders=())) == [" no order today"]
    assert shown(filters={"orders": "nothing has this"}) == [" no order has all of these words"]
    assert shown(paper()) == [" no order today"]


def test_what_is_amiss_stands_above_and_never_hides_the_list() -> None:
    lines = shown(in_trouble(orders=ORDERS))
    assert lines[0] == "MISMATCH NIFTY25NOV25900CE: we hold 150, the broker 75"
    assert lines[1] == "EXTERNAL NIFTY25NOV25900PE +75: not ours, only a flat closes it"
    assert lines[3].split()[0] == "TIME"
    assert any(line.startswith("▶") for line in shown(in_trouble(orders=ORDERS), height=3))
    many = in_trouble(live=replace(in_trouble().live, doubt="a trade is lacking", logged_in=False))
    assert shown(many)[2] == "+3 more like it: see positions and the log"


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15)])
@pytest.mark.parametrize("glyphs", [None, ASCII])
def test_its_dialog_at_usual_sizes(width: int, height: int, glyphs: object) -> None:
    more = {"glyphs": glyphs} if glyphs is not None else {}
    lines = dialogs.overlay(view(busy(), ui=Ui(dialog="orders"), **more), width, height)
    assert {width_of(line) for line in lines} == {width if width < 140 else 134}
    text = plain(lines)
    assert "UNKNOWN 1/3" in text
    assert "ORDERS 6  3 not over, 1 UNKNOWN" in text
    assert "w withdraws an entry" in text


def test_styles_tell_what_words_tell() -> None:
    lines = orders.rows(view(busy(), ui=Ui(dialog="orders", order_number=194)), 116, 20)
    found = {words.strip(): style for line in lines for words, style in line}
    assert (found["UNKNOWN 1/3"], found["REJECTED"], found["FILLED"]) == ("alert", "warn", "select")
