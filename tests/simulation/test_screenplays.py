"""What a trader would ask about: one story a test, with the broker's own bytes, and the right end."""

import pytest

from tests.simulation.stage import BANKNIFTY, DEEP, LOT, NIFTY, Stage
from tests.simulation.world import SECURITIES


def test_an_entry_fills_at_the_ask_and_its_exit_at_the_bid() -> None:
    stage = Stage().buy(2)
    assert stage.held == (2, 2)
    stage.sell(2).go(5_000)
    assert (stage.held, stage.states()) == ((0, 0), ["FILLED", "FILLED"])
    bought, sold = stage.blotter.orders.values()
    assert (bought.exact_turnover, sold.exact_turnover) == (2 * LOT * 10_010, 2 * LOT * 10_000)


def test_an_entry_is_not_chased() -> None:
    stage = Stage()
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, DEEP)], [], 10_000)
    stage.buy(1).go(5_000)
    assert (stage.held, stage.states()) == ((0, 0), ["CANCELLED"])


@pytest.mark.parametrize("amends", [True, False])
def test_an_exit_climbs_down_until_somebody_buys(amends: bool) -> None:
    stage = Stage(amends=amends).buy(1)
    stage.price(NIFTY, 10_000)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(1).go(3_300)
    assert stage.held == (1, 1)
    stage.exchange.set_book(stage.now_ms, NIFTY, [(9_500, DEEP)], [(10_010, DEEP)], 10_000)
    stage.go(8_000)
    assert stage.held == (0, 0)
    orders = [order for order in stage.blotter.orders.values() if order.side == "SELL"]
    assert len(orders) == 1 if amends else len(orders) > 1
    assert orders[-1].exact_turnover == LOT * 9_500


def test_half_is_bought_and_the_rest_is_given_up() -> None:
    stage = Stage()
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, DEEP)], [(10_010, 2 * LOT)], 10_000)
    stage.buy(5).go(4_000)
    assert (stage.held, stage.states()) == ((2, 2), ["CANCELLED"])
    stage.price(NIFTY, 10_000)
    stage.sell(2).go(5_000)
    assert stage.held == (0, 0)


def test_a_fill_while_it_is_taken_back_is_a_fill() -> None:
    stage = Stage("at cancel 1: cancel fill 100")
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, DEEP)], [], 10_000)
    stage.buy(1).go(6_000)
    assert (stage.held, stage.states()) == ((1, 1), ["FILLED"])


def test_an_order_that_is_never_answered_is_found_and_not_sent_again() -> None:
    stage = Stage("at place 1: place after").buy(1).go(20_000)
    assert (stage.held, stage.sent, stage.states()) == ((1, 1), 1, ["FILLED"])


def test_an_exit_that_never_arrived_is_sent_again_after_enough_rounds_and_once() -> None:
    stage = Stage("at place 2: place lost").buy(1).sell(1).go(9_000)
    assert (stage.sent, stage.states()) == (2, ["FILLED", "UNKNOWN"])
    stage.go(16_000)
    assert (stage.held, stage.sent, stage.states()) == ((0, 0), 3, ["FILLED", "NOT_PLACED", "FILLED"])


def test_nothing_is_entered_while_an_entry_is_unknown() -> None:
    stage = Stage("at place 1: place lost").buy(1).go(7_000)
    assert stage.pursuit.objection().endswith("is unknown")
    stage.signal(1, SECURITIES[1].lot, 20_000)
    stage.go(2_000)
    assert stage.sent == 1


def test_somebody_closes_half_at_the_app() -> None:
    stage = Stage().buy(4)
    stage.exchange.fault(stage.now_ms, f"external {-2 * LOT} {NIFTY}")
    stage.go(6_000)
    assert stage.held == (2, 2)
    assert "somebody else" in stage.blotter.locked
    stage.sell(4).go(6_000)
    assert stage.held == (0, 0)


def test_the_broker_squares_off() -> None:
    stage = Stage().buy(3)
    stage.exchange.fault(stage.now_ms, "square_off")
    stage.go(6_000)
    stage.sell(3).go(6_000)
    assert stage.held == (0, 0)
    assert stage.sent == 1


def test_what_somebody_else_bought_is_sold_by_a_flat_only() -> None:
    stage = Stage()
    stage.exchange.fault(stage.now_ms, f"external {LOT} {NIFTY}")
    stage.go(6_000)
    stage.sell(1).go(6_000)
    assert stage.held == (0, 1)
    stage.begin_flat("key")
    stage.go(9_000)
    assert (stage.flat, stage.exchange.net[NIFTY]) == ("FLAT", 0)


def test_a_flat_buys_a_short_back() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {-30} {BANKNIFTY}")
    stage.go(5_000)
    stage.begin_flat("key")
    stage.go(9_000)
    assert stage.flat == "FLAT"
    assert not any(stage.exchange.net.values())


def test_a_flat_is_proven_within_seconds_and_by_two_rounds() -> None:
    stage = Stage().buy(2)
    begun_ms = stage.now_ms
    stage.begin_flat("key")
    while stage.trader.state.flat.running:
        stage.go(250)
        assert stage.now_ms - begun_ms < 10_000
    assert stage.flat == "FLAT"
    assert stage.now_ms - begun_ms > 1_000


def test_books_that_cannot_be_read_prove_nothing() -> None:
    stage = Stage().buy(1)
    stage.exchange.fault(stage.now_ms, "book empty x1000")
    stage.begin_flat("key")
    stage.go(70_000)
    assert stage.flat != "FLAT"
    assert stage.desk.flat.escalated
    stage.exchange.end_faults(stage.now_ms)
    stage.go(15_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))


def test_the_session_ends_while_an_exit_waits() -> None:
    stage = Stage().buy(1)
    stage.exchange.fault(stage.now_ms, "session")
    stage.sell(1).go(25_000)
    assert stage.held == (0, 0)
    assert stage.wire.generation == 2


def test_a_refusal_by_price_protection_teaches_the_bound() -> None:
    stage = Stage("at place 2: place reject price").buy(1).sell(1).go(8_000)
    assert stage.held == (0, 0)
    assert "REJECTED" in stage.states() or "REFUSED" in stage.states()


def test_a_change_of_price_that_is_refused_teaches_the_bound() -> None:
    stage = Stage("at modify 1: modify reject price at_once").buy(1)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(1).go(2_000)
    assert stage.exchange.counters.refused == {"price": 1}
    floor, _ = stage.pursuit.pricing.bounds[0].allowed("SELL", stage.now_ms)
    sold = list(stage.blotter.orders.values())[-1]
    assert sold.asked_limit == 9_900
    assert floor == sold.asked_limit + 3 * SECURITIES[0].tick  # a tick inside of what the words named
    stage.go(2_000)
    assert (sold.limit, stage.exchange.counters.refused) == (floor, {"price": 1})
    stage.price(NIFTY, floor)
    assert stage.go(3_000).held == (0, 0)


def test_an_exit_that_meets_a_closed_market_waits_until_it_is_open() -> None:
    stage = Stage("at place 2: place reject closed").buy(1).sell(1).go(20_000)
    assert (stage.held, stage.sent) == ((1, 1), 2)
    stage.go(15_000)
    assert (stage.held, stage.sent) == ((0, 0), 3)


def test_a_quote_that_does_not_come_is_asked_for_again_and_an_exit_goes_blind() -> None:
    stage = Stage("at quote 1: quote 5xx\nat quote 2: quote lost").buy(1)
    stage.quoted = False
    stage.go(4_000)  # what the feed has shown is old by then
    stage.sell(1).go(1_400)
    assert (stage.held, stage.exchange.counters.calls["quote"]) == ((1, 1), 1)
    stage.go(2_600)
    assert (stage.held, stage.exchange.counters.calls["quote"]) == ((0, 0), 2)
    assert list(stage.blotter.orders.values())[-1].blind


def test_an_order_above_the_freeze_quantity_goes_in_slices() -> None:
    lots = SECURITIES[0].freeze // LOT + 5
    stage = Stage().buy(lots).go(4_000)
    assert stage.held == (lots, lots)
    assert stage.sent == 2
    stage.sell(lots).go(6_000)
    assert (stage.held, stage.sent) == ((0, 0), 4)


def test_without_ticks_a_quote_is_asked_for_first() -> None:
    stage = Stage(quoted=False).buy(1)
    assert stage.exchange.counters.calls["quote"] == 1
    assert stage.held == (1, 1)
