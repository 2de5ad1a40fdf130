"""The day's orders come to an end while something is held: that is said, nothing is entered, and exits go out."""

from tests.simulation.stage import LOT, Stage


def test_where_no_orders_are_left_for_entries_that_is_the_objection_and_an_exit_goes_out() -> None:
    stage = Stage(orders_a_day=17).buy(1)
    assert stage.held == (1, 1)
    assert stage.objection(1) == ""
    stage.sell(1).go(4_000)
    stage.signal(0, LOT, 10_000)
    stage.go(4_000)
    while not stage.objection(0):
        stage.signal(0, LOT, 10_000)
        stage.go(4_000)
    assert stage.objection(0) == "the day's orders for entries are used up"
    sent = stage.sent
    stage.sell(9).go(4_000)
    assert (stage.held, stage.sent) == ((0, 0), sent + 1)


def test_an_hours_orders_too() -> None:
    stage = Stage().buy(1)
    for _ in range(1_000):
        stage.desk.budget.count(stage.trader.orders.now_ms, entry=False, order=False)
    assert stage.objection(1) == "the minute's orders for entries are used up"
    stage.go(61_000)
    assert stage.objection(1) == "the hour's orders for entries are used up"
    stage.go(3_600_000)
    assert stage.objection(1) == ""
