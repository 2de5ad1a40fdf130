"""What a screen is shown of orders: what matters first, never more than it can bear, the same object while nothing changes."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.order_reports import NetReport, RoundFailed, RoundRead
from engine.model.order_requests import Purpose
from engine.model.order_states import OVER, OrderState
from engine.model.order_views import OrderView
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import DeskRules, OrderDesk
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.live_orders import LiveOrders
from engine.trading.orders.order_views import MOST, OrderViews
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.states import STATES
from engine.trading.orders.tags import Tags
from tests.simulation.stage import LOT, NIFTY, Stage

CALL = CleanText("NIFTY06OCT2625000CE")
AT_MS = 1_000_000


def nothing(_: int) -> int:
    """What an account holds that holds nothing."""
    return 0


def desk_of(states: list[OrderState], purpose: Purpose = "ENTRY") -> OrderDesk:
    """A desk with an order in each of `states`, the oldest first."""
    blotter = Blotter([Instrument(CALL, CALL, lot_size=65)], Tags(date(2026, 9, 21), "A0", 1))
    for number, state in enumerate(states, 1):
        side = "BUY" if purpose == "ENTRY" else "SELL"
        tag = blotter.tags.make(number, purpose)
        blotter.add(
            LiveOrder(number, tag, 0, side, 65, purpose, "because", 10_000, 10_050, AT_MS + number, state=state)
        )
        if state in OVER:
            del blotter.open[number]
    return OrderDesk(blotter, DeskRules(300), lambda _: Quote(0))


def rows_of(states: list[OrderState], purpose: Purpose = "ENTRY") -> tuple[OrderView, ...]:
    return OrderViews(desk_of(states, purpose), nothing).rows()


@given(st.lists(st.sampled_from(STATES), max_size=3 * MOST))
def test_what_is_shown_is_bounded_and_what_matters_is_in_it(states: list[OrderState]) -> None:
    views = OrderViews(desk_of(states), nothing)
    rows, whole = views.rows(), views.whole(AT_MS, 0)
    assert len(rows) == min(MOST, len(states))
    assert len(rows) + whole.left_out == len(states)
    ranks = [(row.state != "UNKNOWN", row.state in OVER) for row in rows]
    assert ranks == sorted(ranks)
    assert whole.unknown == states.count("UNKNOWN")
    assert whole.working == sum(state not in OVER for state in states)
    shown = [row.number for row in rows if row.state in OVER]
    newest = [number for number in range(len(states), 0, -1) if states[number - 1] in OVER]
    assert shown == newest[: len(shown)]
    assert views.rows() is rows


def test_only_what_has_changed_is_another_object() -> None:
    desk = desk_of(["FILLED", "WORKING", "UNKNOWN"])
    views = OrderViews(desk, nothing)
    before = views.rows()
    desk.blotter.orders[2].limit += 5
    after = views.rows()
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert [row.number for row in after] == [3, 2, 1]


def test_entries_that_work_may_be_withdrawn_and_nothing_else() -> None:
    allowed = {row.state for row in rows_of([*STATES]) if row.withdrawable}
    assert allowed == {"INTENT", "SENDING", "UNKNOWN", "WORKING", "AMENDING", "CANCELLING"}
    assert not any(row.withdrawable for row in rows_of([*STATES], "EXIT"))


def live(stage: Stage) -> tuple[dict[str, OrderView], LiveOrders]:
    orders = stage.trader.orders
    return {row.purpose: row for row in orders.view(stage.clock_ms)[0]}, orders


def test_a_round_trip_is_told_with_its_prices() -> None:
    stage = Stage().buy(2).sell(2).go(5_000)
    rows, orders = live(stage)
    entry, leave = rows["ENTRY"], rows["EXIT"]
    assert (entry.state, entry.filled, entry.average, entry.limit) == ("FILLED", 2 * LOT, 10_010, 10_065)
    assert (leave.state, leave.side, leave.average, leave.reason) == ("FILLED", "SELL", 10_000, "Stop Loss")
    whole = orders.view(stage.clock_ms)[1]
    assert (whole.working, whole.unknown, whole.locked, whole.doubt, whole.logged_in) == (0, 0, "", "", True)
    assert 0 <= stage.clock_ms - whole.round_ms < 31_000
    budget = whole.budget
    assert (budget.second, budget.minute, budget.hour, budget.day) == (0, 2, 2, 2)
    assert (budget.second_most, budget.minute_most, budget.hour_most, budget.day_most) == (7, 400, 800, 10_000)
    assert budget.reserve == 10


def test_what_is_unknown_says_how_often_it_was_looked_for() -> None:
    stage = Stage("at place 1: place lost").buy(1).go(9_000)
    entry = live(stage)[0]["ENTRY"]
    whole = stage.trader.orders.view(stage.clock_ms)[1]
    assert (entry.state, entry.rounds, whole.rounds_until_gone, whole.unknown) == ("UNKNOWN", 4, 3, 1)
    assert whole.objection == f"order {entry.tag} is unknown"


def test_what_others_put_on_and_a_book_that_disagrees_are_told() -> None:
    stage = Stage().buy(1)
    stage.exchange.fault(stage.now_ms, f"external +{LOT}")
    whole = stage.go(9_000).trader.orders.view(stage.clock_ms)[1]
    assert [(each.symbol, each.quantity) for each in whole.foreign] == [(NIFTY, LOT)]
    assert whole.locked == f"somebody else traded {LOT} {NIFTY}"
    assert whole.mismatches == ()


@pytest.mark.parametrize(("rounds", "told"), [(2, []), (3, [(0, 65, 130)]), (9, [(0, 65, 130)])])
def test_what_the_broker_holds_otherwise_for_three_rounds_is_told(
    rounds: int, told: list[tuple[int, int, int]]
) -> None:
    desk = desk_of([])
    desk.blotter.others.apart = {0: rounds}
    desk.blotter.newest = RoundRead(7, AT_MS - 900, AT_MS - 500, 1, (), (), (NetReport(0, CALL, 130, 0),))
    whole = OrderViews(desk, lambda _: LOT).whole(AT_MS, 100)
    assert [(each.instrument, each.ours, each.theirs) for each in whole.mismatches] == told
    assert whole.round_ms == AT_MS - 600


def test_an_exit_that_is_not_on_its_way_says_why() -> None:
    assert waits(Stage().buy(2).sell(2).go(1_000)) == []
    refused = Stage("at place 2: place reject ip at_once").buy(2).sell(2).go(3_000)
    [(*what, why)] = waits(refused)
    assert what == ["SELL", 2 * LOT, "Stop Loss"]
    assert why.startswith("refused: ip: register this machine's address at the broker")
    assert why.endswith("; it is tried again and again")
    gone = Stage().buy(2)
    gone.blotter.logged_in = False
    gone.sell(2)
    assert waits(gone) == [("SELL", 2 * LOT, "Stop Loss", "not logged in")]


def waits(stage: Stage) -> list[tuple[str, int, str, str]]:
    found = stage.trader.orders.view(stage.clock_ms)[1].waits
    return [(each.side, each.quantity, each.reason, each.why) for each in found]


def test_what_came_of_the_days_orders_is_counted_with_what_they_cost_beyond_the_decided_price() -> None:
    stage = Stage("at place 2: place reject ip at_once").buy(2).sell(2).go(3_000)
    live(stage)
    counts = stage.trader.orders.view(stage.clock_ms)[1].counts
    assert (counts.sent, counts.accepted, counts.refused) == ({"ENTRY": 1, "EXIT": 1}, 1, {"ip": 1})
    assert (counts.fills, counts.slippage) == (1, Decimal(2 * LOT * 10) / 100)  # bought at the ask, a tenth above
    assert stage.trader.orders.view(stage.clock_ms)[1].counts is counts


def test_readings_of_the_books_are_counted_by_whether_they_are_believed() -> None:
    stage = Stage().buy(1)
    before = stage.trader.orders.view(stage.clock_ms)[1].rounds
    assert (before.doubted, before.failed) == (0, 0)
    assert before.trusted >= 2
    orders = stage.trader.orders
    orders.take(RoundFailed(9, CleanText("the server was not found")))
    orders.take(RoundRead(10, AT_MS, AT_MS + 50, 99, (), (), ()))  # of another login
    after = orders.view(stage.clock_ms)[1].rounds
    assert (after.trusted, after.doubted, after.failed) == (before.trusted, 1, 1)


def test_a_look_changes_nothing() -> None:
    stage = Stage("at place 1: place lost").buy(1)
    before = stage.desk.dump()
    live(stage)
    assert stage.desk.dump() == before
