"""What a trader would ask about a market that runs away, is empty or closes: one story a test, and the right end."""

import pytest

from tests.simulation.stage import DEEP, LOT, NIFTY, Stage
from tests.simulation.world import SECURITIES


def test_nobody_wants_anything_at_the_opening() -> None:
    stage = Stage()
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [], 10_000)
    stage.buy(1).go(2_000)
    assert (stage.held, stage.states()) == ((0, 0), ["CANCELLED"])
    stage.price(NIFTY, 10_100)
    assert stage.buy(1).held == (1, 1)


def test_an_exit_into_a_fall_that_is_faster_than_price_protection_follows_it_down() -> None:
    stage = Stage().buy(1)
    stage.price(NIFTY, 5_000)
    stage.sell(1).go(3_000)
    sold = list(stage.blotter.orders.values())[-1]
    assert stage.held == (1, 1)
    assert sold.limit > 5_500  # where the exchange takes a sell at all
    for _ in range(35):  # others trade on, and the range follows each half minute
        stage.price(NIFTY, 5_000)
        stage.go(1_000)
    assert stage.held == (0, 0)
    assert stage.exchange.fills[-1].price == 5_000
    assert stage.exchange.counters.refused.get("price", 0) <= 3


def test_price_protection_moves_away_while_an_exit_climbs() -> None:
    stage = Stage().buy(1)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(1)
    for _ in range(14):  # somebody else trades higher and higher: the range moves up beyond the order's limit
        last = stage.last(0) + 1_000
        stage.exchange.set_book(stage.now_ms, NIFTY, [], [(last + 10, DEEP)], last)
        stage.go(3_000)
    assert stage.held == (1, 1)
    stage.price(NIFTY, 20_000)
    assert stage.go(8_000).held == (0, 0)
    assert len([state for state in stage.states() if state == "REJECTED"]) <= 1


def test_a_refused_exit_in_a_falling_market_goes_out_at_the_price_of_then() -> None:
    stage = Stage("at place 2: place reject other").buy(2).sell(2)
    for bid in range(9_950, 9_500, -50):
        stage.price(NIFTY, bid)
        stage.go(250)
    stage.go(4_000)
    assert (stage.held, stage.states()) == ((0, 0), ["FILLED", "REJECTED", "FILLED"])
    assert stage.exchange.fills[-1].price <= 9_800


def test_one_slice_of_an_exit_is_refused_and_is_sent_again() -> None:
    lots = SECURITIES[0].freeze // LOT + 5
    stage = Stage("at place 4: place reject other").buy(lots).go(4_000)
    stage.sell(lots).go(8_000)
    assert (stage.held, stage.sent) == ((0, 0), 5)
    assert stage.states()[2:] == ["FILLED", "REJECTED", "FILLED"]
    assert stage.exchange.counters.lowest_net.get(NIFTY, 0) == 0


def test_half_is_filled_and_the_rest_is_rejected() -> None:
    stage = Stage("at place 1: place partial 40 rejected").buy(5)
    assert (stage.held, stage.states()) == ((2, 2), ["REJECTED"])
    stage.sell(2).go(5_000)
    assert stage.held == (0, 0)


def test_the_market_closes_in_the_middle_of_a_flat() -> None:
    stage = Stage("at place 2: place partial 0", closes_ms=8_500).buy(2)
    stage.begin_flat("key")
    stage.go(75_000)
    assert (stage.held, stage.desk.flat.escalated) == ((2, 2), True)
    assert stage.flat not in {"FLAT", "VERIFYING"}
    assert 3 <= stage.sent <= 6  # it is tried now and then, and not all the time
    assert stage.exchange.counters.refused["closed"] == stage.sent - 2


@pytest.mark.parametrize("side", ["entry", "exit"])
def test_an_order_that_is_taken_eight_seconds_late_is_found_and_not_sent_twice(side: str) -> None:
    stage = Stage(f"at place {1 if side == 'entry' else 2}: place late 8000").buy(1)
    if side == "entry":
        stage.go(12_000)
        assert (stage.held, stage.sent, stage.states()) == ((1, 1), 1, ["FILLED"])
    stage.sell(1).go(20_000)
    assert (stage.held, stage.sent, stage.states()) == ((0, 0), 2, ["FILLED", "FILLED"])


def test_an_order_is_cancelled_by_the_exchange_and_an_exit_is_sent_again() -> None:
    stage = Stage("at place 2: place partial 50 cancelled").buy(2).sell(2).go(6_000)
    assert (stage.held, stage.states()) == ((0, 0), ["FILLED", "CANCELLED", "FILLED"])


def test_a_machine_that_sleeps_five_minutes_with_an_exit_on_its_way_finds_what_became_of_it() -> None:
    stage = Stage("at place 2: place slow 4000").buy(2).sell(2).go(100)
    stage.sleep(300_000).go(15_000)
    assert (stage.held, stage.sent, stage.states()) == ((0, 0), 2, ["FILLED", "FILLED"])


def test_a_machine_that_sleeps_five_minutes_sends_no_entry_that_was_wanted_before() -> None:
    stage = Stage()
    stage.quoted = False
    stage.go(4_000)  # what the feed has shown is old: a quote has to come first
    stage.exchange.fault(stage.now_ms, "quote lost")
    stage.signal(0, LOT, 10_000)
    stage.sleep(300_000).go(10_000)
    assert (stage.held, stage.sent) == ((0, 0), 0)
