"""The list of orders under an operator's hands: one is chosen, looked at, withdrawn by nothing but a hand's `x`."""

import pytest
from msgspec.structs import replace

from engine import ActionView, Arm, Flat, FlatView, WithdrawEntry
from tests.support.screens.hands import Hands, typed
from tests.support.screens.live_snapshots import LEAVING, ORDERS, UNKNOWN, WORKING, busy, live, order
from tests.support.screens.snapshots import SNAPSHOT, apart, looking, paper, view
from tui.input import keys
from tui.view.model import Attachment


def opened(seen=None, **more) -> Hands:
    return Hands(seen or busy(), **more).press("o", 0)


def planned(hands: Hands | None = None) -> Hands:
    """The plan for the second order, which works."""
    return (hands or opened()).press("down", 50).press("w", 100)


def test_it_opens_where_orders_go_out_and_says_why_not_elsewhere() -> None:
    assert opened().ui.dialog == "orders"
    assert opened(live(trade_mode="replay")).ui.dialog == "orders"
    for seen in (SNAPSHOT, paper()):
        hands = opened(seen)
        assert hands.ui.dialog == ""
        assert hands.ui.notice == f"o lists orders at a real broker; this run is {seen.trade_mode.upper()}"
    assert ("o", "orders") in keys.hints(view(busy()))
    assert ("o", "orders") not in keys.hints(view(paper()))


def test_an_entry_is_chosen_planned_and_withdrawn_by_x_once() -> None:
    hands = planned()
    assert (hands.ui.dialog, hands.ui.order_number, hands.client.sent) == ("withdraw", WORKING.number, [])
    hands.press("x", 400)
    assert hands.client.sent == [WithdrawEntry(WORKING.tag)]
    hands.press("x", 900)
    assert hands.client.sent == [WithdrawEntry(WORKING.tag)]
    assert hands.press("q", 1_000).ui.dialog == "orders"
    assert hands.press("q", 1_100).ui.dialog == ""


def test_the_order_that_is_planned_stays_the_one_however_the_list_moves() -> None:
    hands = planned()
    newer = order(200, state="WORKING", filled=0, withdrawable=True)
    hands.client.snapshot = busy(orders=(newer, *ORDERS))
    hands.press("x", 400)
    assert hands.client.sent == [WithdrawEntry(WORKING.tag)]


@pytest.mark.parametrize(
    ("at_ms", "more"),
    [(180, {}), (400, {"alone": False}), (400, {"suspicious": True})],
    ids=["too soon", "in a burst", "behind an escape"],
)
def test_what_guards_the_flat_guards_this(at_ms: int, more: dict[str, bool]) -> None:
    hands = planned().press("x", at_ms, **more)
    assert (hands.client.sent, hands.ui.dialog) == ([], "withdraw")
    assert "x not taken" in hands.ui.notice


def test_a_plan_that_was_never_drawn_and_a_paste_fire_nothing() -> None:
    hands = planned(Hands(busy(), draws=False).press("o", 0)).press("x", 5_000)
    assert hands.client.sent == []
    hands = planned()
    hands.control.paste("x", 10_500_000_000)
    assert (hands.client.sent, hands.ui.dialog) == ([], "withdraw")
    assert "typed by hand" in hands.ui.notice


def test_a_plan_closes_by_itself() -> None:
    hands = planned().press("down", 10_200)
    assert (hands.ui.dialog, hands.client.sent) == ("orders", [])


def test_a_flat_that_somebody_else_fires_closes_the_plan() -> None:
    hands = planned()
    hands.client.snapshot = busy(flat=FlatView("CLOSING", "ann", 1, (), ()))
    hands.press("x", 400)
    assert (hands.ui.dialog, hands.client.sent) == ("", [])
    assert hands.ui.notice == "a flat runs: it takes all entries back"


@pytest.mark.parametrize("keys_before", [["o"], ["o", "/"], ["o", "enter"], ["o", "down", "w"]])
def test_a_flat_closes_every_one_of_them_and_x_is_then_its_own(keys_before: list[str]) -> None:
    hands = Hands(busy())
    for place, key in enumerate(keys_before):
        hands.press(key, 100 * place)
    hands.press("!", 1_000)
    assert (hands.ui.dialog, hands.client.sent) == ("flat", [Arm()])
    hands.press("x", 1_400)
    assert hands.client.sent == [Arm(), Flat()]


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (LEAVING, "it closes what is held: w withdraws entries alone, ! is for all else"),
        (order(9), "it is over: nothing of it works"),
        (replace(WORKING, unwanted=True, withdrawable=False), "it is being withdrawn already"),
    ],
)
def test_nothing_else_is_withdrawn(chosen: object, why: str) -> None:
    hands = opened(busy(orders=(chosen,))).press("w", 100)
    assert (hands.ui.dialog, hands.ui.notice, hands.client.sent) == ("orders", why, [])
    assert opened(live(orders=())).press("w", 100).ui.notice == "there is no order to withdraw"


@pytest.mark.parametrize(
    ("attachment", "why"),
    [
        (looking(), "pts/3 from 10.0.0.7 has control: O takes it"),
        (apart(read_only=True, has_control=False), "this screen only looks"),
        (Attachment(apart=True, lost="gone"), "no link to the engine: nothing is sent"),
    ],
)
def test_who_may_not_command_withdraws_nothing(attachment: Attachment, why: str) -> None:
    hands = planned(opened(attachment=attachment))
    assert hands.ui.dialog == "orders"
    assert why in hands.ui.notice
    taken = planned(opened(attachment=apart()))
    taken.client.attachment = attachment
    assert taken.press("x", 400).client.sent == []


def test_one_order_is_looked_at_and_withdrawn_from_there() -> None:
    hands = opened().press("enter", 50)
    assert (hands.ui.dialog, hands.ui.order_number) == ("order", UNKNOWN.number)
    assert hands.press("escape", 100).ui.dialog == "orders"
    hands.press("enter", 150).press("w", 200).press("x", 600)
    assert hands.client.sent == [WithdrawEntry(UNKNOWN.tag)]
    assert opened(live(orders=())).press("enter", 50).ui.dialog == "orders"


def test_a_choice_typed_by_a_lines_noise_plans_nothing() -> None:
    for more in ({"alone": False}, {"suspicious": True}):
        hands = opened().press("w", 100, **more)
        assert (hands.ui.dialog, "w not taken" in hands.ui.notice) == ("orders", True)


def test_it_is_filtered_as_it_is_typed_and_cleared_by_esc() -> None:
    hands = typed(opened().press("/", 50), "stop loss")
    assert (hands.ui.dialog, hands.ui.filters["orders"]) == ("orders", "stop loss")
    assert hands.press("w", 300).ui.notice.startswith("it closes what is held")
    assert hands.press("escape", 400).ui.dialog == "orders"
    assert "orders" not in hands.ui.filters
    assert hands.press("escape", 500).ui.dialog == ""
    again = typed(opened().press("/", 50), "sell", end="escape")
    assert (again.ui.dialog, again.ui.filters["orders"]) == ("orders", "")
    hands = opened().press("/", 50)
    hands.control.paste("UNKNOWN", 0)
    assert hands.ui.filters["orders"] == "UNKNOWN"


def test_keys_move_the_choice_as_far_as_there_are_orders() -> None:
    hands = opened()
    for key, number in (("down", 198), ("down", 197), ("end", 194), ("down", 194), ("up", 195), ("home", 199), ("up", 199), ("pagedown", 194)):  # fmt: skip
        hands.press(key, 100)
        assert hands.ui.order_number == number


def test_control_is_a_capital_letter_by_now() -> None:
    assert Hands(busy(), attachment=looking()).press("O", 0).ui.dialog == "control"
    assert keys.find("O", view(busy())) is None


def test_the_footer_names_what_works() -> None:
    hands = opened()
    assert ("w", "withdraw") in keys.hints(view(busy(), ui=hands.ui))
    planned(hands)
    assert keys.hints(view(busy(), ui=hands.ui)) == [("x", "FIRE"), ("any other key", "close the plan")]
    hands.press("x", 400)
    assert keys.hints(view(busy(), ui=hands.ui)) == [("any key", "close")]
    refused = busy(action=ActionView(1, "withdraw", -1, "REFUSED", "it is over"))
    assert keys.hints(view(refused, ui=hands.ui)) == [("any key", "close")]
