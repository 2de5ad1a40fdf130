"""A run whose orders go out, in words."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import ForeignView
from engine.presentation import entries, live
from tests.support.screens.live_snapshots import BUDGET, ORDERS, STANDING, UNKNOWN, busy, in_trouble, order
from tests.support.screens.live_snapshots import live as live_run
from tests.support.screens.snapshots import CALL, NOW_NS, PUT, SNAPSHOT, paper


def test_the_badge_names_mode_and_account() -> None:
    assert live.badge(live_run()) == "LIVE ****3456"
    assert live.badge(live_run(trade_mode="live-sim", broker_account="")) == "LIVE-SIM"
    assert [live.is_live(seen) for seen in (SNAPSHOT, paper(), live_run(), live_run(trade_mode="live-sim"))] == [
        False, False, True, True,
    ]  # fmt: skip


def test_what_may_be_lost_is_told_where_it_is_limited() -> None:
    assert live.loss_left(live_run()) == "7,766.00"
    account = replace(SNAPSHOT.account, loss_left=Decimal("-120.5"))
    assert live.loss_left(live_run(account=account)) == "-120.50"
    assert live.loss_left(paper()) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["1/7 s", "12/400 m", "148/300 day"]),
        ({"second": 6}, ["6/7 s near", "12/400 m", "148/300 day"]),
        ({"second": 7}, ["7/7 s near spent", "12/400 m", "148/300 day"]),
        ({"minute": 379}, ["1/7 s", "379/400 m near spent", "148/300 day"]),
        ({"hour": 640}, ["1/7 s", "12/400 m", "640/800 h near", "148/300 day"]),
        ({"day": 278}, ["1/7 s", "12/400 m", "278/300 day near"]),
        ({"day": 279}, ["1/7 s", "12/400 m", "279/300 day near spent"]),
    ],
)
def test_the_budget_by_what_entries_may_use(changes: dict[str, int], told: list[str]) -> None:
    found = live.gauges(replace(BUDGET, **changes))
    words = [(f"{each.used}/{each.most} {each.name}", "near" if each.near else "", "spent" if each.spent else "") for each in found]  # fmt: skip
    assert [" ".join(filter(None, each)) for each in words] == told


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (UNKNOWN, "UNKNOWN 1/3"),
        (replace(UNKNOWN, rounds=7), "UNKNOWN 3/3"),
        (order(1, state="NOT_PLACED"), "NOT PLACED"),
    ],
)
def test_an_orders_state_in_words(seen: object, told: str) -> None:
    assert live.state(seen, 3) == told


def test_who_watches_a_stop() -> None:
    assert live.stop_by(paper(), 0) == ""
    assert live.stop_by(live_run(), 0) == "BOT"
    rests = order(9, purpose="NET", state="WORKING", side="SELL")
    assert live.stop_by(live_run(orders=(rests, *ORDERS)), 0) == "BOT+NET"
    assert live.stop_by(live_run(orders=(rests, *ORDERS)), 1) == "BOT"
    for other in (replace(rests, state="CANCELLED"), replace(rests, state="UNKNOWN"), replace(rests, unwanted=True)):
        assert live.stop_by(live_run(orders=(other,)), 0) == "BOT"


def test_troubles_in_the_order_in_which_they_matter() -> None:
    seen = in_trouble()
    assert live.others(seen) == (f"MISMATCH {CALL.symbol} 150/75", f"EXTERNAL {PUT.symbol} +75")
    assert live.troubles(seen) == (
        f"MISMATCH {CALL.symbol}: we hold 150, the broker 75",
        f"EXTERNAL {PUT.symbol} +75: not ours, only a flat closes it",
        f"entries locked: {CALL.symbol}: we hold 150, the broker 75",
    )
    doubtful = live_run(live=replace(STANDING, doubt="a trade is lacking", logged_in=False, foreign=(ForeignView("X", -75),)))  # fmt: skip
    assert live.troubles(doubtful) == (
        "EXTERNAL X -75: not ours, only a flat closes it",
        "not logged in at the broker",
        "the broker's books are not believed: a trade is lacking",
    )
    assert live.troubles(paper()) == live.others(paper()) == ()


def test_entries_say_for_what_they_wait() -> None:
    said = entries.entries(busy(), NOW_NS)
    assert (said.state, said.forms[0]) == ("waits", f"entries wait: order {UNKNOWN.tag} is unknown")
    assert entries.entries(in_trouble(), NOW_NS).state == "LOCKED"
