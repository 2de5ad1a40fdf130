"""One order and the plan to take it back, by their rendered lines."""

import pytest
from msgspec.structs import replace

from engine import ActionView, WithdrawEntry
from tests.support.screens.live_snapshots import UNKNOWN, WORKING, busy, live, order
from tests.support.screens.snapshots import NOW_NS, SECOND, apart, asked, view
from tui.frame import dialogs
from tui.text.rows import plain, width_of
from tui.view.model import Ui

UNTIL = NOW_NS + 8 * SECOND


def box(seen, dialog: str = "order", width: int = 80, height: int = 24, **ui) -> list[str]:
    attachment = ui.pop("attachment", view().attachment)
    more = {"order_number": WORKING.number, "planned": WithdrawEntry(WORKING.tag), "plan_until_ns": UNTIL} | ui
    lines = dialogs.overlay(view(seen, ui=Ui(dialog=dialog, **more), attachment=attachment), width, height)
    assert len({width_of(line) for line in lines}) == 1
    assert len(lines) <= height
    shown = plain(lines).split("\n")
    return [shown[0].strip("┌─┐ "), *(line[2:-2].rstrip() for line in shown[1:-1])]


def test_all_that_is_known_of_an_order() -> None:
    assert box(busy()) == [
        f"ORDER 198  {WORKING.tag}",
        "BUY 150 NIFTY25NOV25900CE  WORKING",
        "opens a position: signal",
        "filled    75 of 150",
        "decided   at 155.40, 11:42:15.431",
        "limit     156.20, rung 2",
        "got       156.10, +0.70 worse",
        "sent      11:42:15.531",
        "last fill -",
        f"broker    {WORKING.broker_id}",
        "",
        "w withdraws · esc back to the orders · any other key closes",
    ]


def test_one_that_nobody_knows_of_says_so() -> None:
    lines = box(busy(), order_number=UNKNOWN.number)
    assert "BUY 150 NIFTY25NOV25900CE  UNKNOWN 1/3" in lines
    assert "nobody knows whether the broker has it: looked for by its tag, never sent" in lines
    assert "broker    has given no number so far" in lines


def test_one_that_is_over_offers_nothing() -> None:
    seen = live(orders=(order(7, said="RMS: margin", state="REJECTED", filled=0, average=0),))
    lines = box(seen, order_number=7)
    assert lines[-1] == "esc back to the orders · any other key closes"
    assert "it says   RMS: margin" in lines
    assert box(seen, order_number=8)[:2] == ["ORDER 8", "it is not among the orders that are shown any more"]


def test_the_plan_says_what_x_takes_back() -> None:
    lines = box(busy(), "withdraw")
    assert lines[0] == f"WITHDRAW ORDER 198  {WORKING.tag}"
    assert lines[1].startswith(" LIVE ****3456   REAL ORDERS")
    assert "withdraws what is not filled: 75" in lines
    assert "75 are bought and stay, with their stop" in lines
    assert lines[-1] == "x fires · any other key closes · closes by itself in 8 s"
    gone = busy(orders=(replace(WORKING, state="FILLED", withdrawable=False),))
    assert "nothing of that order works any more: x would be refused" in box(gone, "withdraw")


def action(word: str, **more) -> ActionView:
    return ActionView(3, "withdraw", 0, word, by="pts/0", quantity=75, **more)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (busy(), ["sent; the engine has not answered yet"]),
        (busy(action=replace(action("CANCELLED"), number=1)), ["sent; the engine has not answered yet"]),
        (busy(action=action("SENT")), ["SENT  by pts/0"]),
        (busy(action=action("CANCELLED")), ["CANCELLED  by pts/0", "nothing of it filled meanwhile; the receipt is in the log"]),
        (busy(action=action("FILLED", filled=150)), ["FILLED  by pts/0", "150 filled; the receipt is in the log"]),
        (busy(action=ActionView(3, "withdraw", -1, "REFUSED", "order is over")), ["REFUSED", "order is over"]),
    ],
)  # fmt: skip
def test_what_came_of_it(seen, told: list[str]) -> None:
    lines = box(seen, "withdraw", fired_after=1, plan_until_ns=0)
    assert lines[2:-2] == told
    assert lines[-1] == "any key closes this"


def test_what_is_on_its_way_or_refused_on_it_is_told() -> None:
    attachment = apart(asked=(asked(WithdrawEntry(WORKING.tag), "REFUSED", "not in control"),))
    lines = box(busy(), "withdraw", fired_after=1, attachment=attachment)
    assert "withdraw the entry REFUSED: not in control" in lines


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15), (30, 8), (8, 4)])
@pytest.mark.parametrize("dialog", ["order", "withdraw", "orders", "orders_filter"])
def test_no_size_breaks_them_and_the_keys_stand_last(width: int, height: int, dialog: str) -> None:
    for seen in (busy(), live(orders=(), live=None)):
        lines = dialogs.overlay(view(seen, ui=Ui(dialog=dialog, order_number=198, plan_until_ns=UNTIL)), width, height)
        assert len({width_of(line) for line in lines}) == 1
    if dialog == "withdraw" and width > 20:
        assert "x fires" in plain(dialogs.overlay(view(busy(), ui=Ui(dialog=dialog, order_number=198, plan_until_ns=UNTIL)), width, height))  # fmt: skip
