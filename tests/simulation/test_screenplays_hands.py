"""What a trader would ask about other hands: his own at the keys, somebody's at the app, the broker's; one story a test."""

from engine.model.events import TradeClosed
from tests.simulation.stage import BANKNIFTY, LOT, NIFTY, Stage
from tests.simulation.world import SECURITIES

ONE_OF_BANKNIFTY = SECURITIES[1].lot


def test_two_take_profits_at_once_sell_no_more_than_is_held() -> None:
    stage = Stage().buy(4)
    stage.signal(0, -2 * LOT, 10_000, "Take Profit")
    stage.signal(0, -LOT, 10_000, "Take Profit")
    stage.go(5_000)
    assert (stage.held, stage.sent) == ((1, 1), 3)
    stage.sell(4).go(5_000)
    assert stage.held == (0, 0)
    assert sum(event.trade.quantity for event in stage.told if isinstance(event, TradeClosed)) == 4 * LOT


def test_a_stop_while_the_entry_is_filled_takes_the_rest_back_first() -> None:
    stage = Stage()
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, 2 * LOT)], 10_000)
    stage.signal(0, 5 * LOT, 10_000)
    stage.go(500)
    assert stage.held == (2, 2)
    stage.sell(2).go(6_000)
    assert (stage.held, stage.writes) == ((0, 0), ["place", "cancel", "place"])


def test_funds_that_a_second_sell_takes_are_made_free() -> None:
    stage = Stage("at place 2: place partial 0\nat place 3: place reject funds").buy(3)
    stage.sell(1).go(500)
    stage.sell(2).go(12_000)
    assert stage.held == (0, 0)
    assert stage.states()[:3] == ["FILLED", "CANCELLED", "REJECTED"]
    assert stage.exchange.counters.lowest_net.get(NIFTY, 0) == 0


def test_the_login_is_lost_in_the_middle_of_a_flat() -> None:
    stage = Stage().buy(2)
    stage.begin_flat("key")
    stage.go(300)
    stage.exchange.fault(stage.now_ms, "session")
    stage.go(20_000)
    assert (stage.flat, stage.held, stage.wire.generation) == ("FLAT", (0, 0), 2)


def test_order_updates_are_down_for_a_minute() -> None:
    stage = Stage("at 4s: updates down 60000").buy(3)
    assert stage.held == (3, 3)
    stage.sell(3).go(8_000)
    assert (stage.held, stage.sent) == ((0, 0), 2)


def test_updates_that_come_twice_and_in_another_order_count_once() -> None:
    stage = Stage("at 4s: updates dup 50\nat 4s: updates reorder 20")
    stage.exchange.set_book(
        stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, LOT), (10_015, LOT), (10_020, 9_999)], 10_000
    )
    stage.buy(4)
    assert stage.held == (4, 4)
    stage.sell(4).go(6_000)
    assert (stage.held, stage.sent) == ((0, 0), 2)


def test_entries_end_with_the_days_orders_and_exits_do_not() -> None:
    stage = Stage(orders_a_day=12).buy(1)
    assert stage.held == (1, 1)
    stage.signal(1, ONE_OF_BANKNIFTY, 20_000)
    stage.go(4_000)
    assert stage.sent == 1  # what closing all may take is kept
    stage.sell(1).go(5_000)
    assert (stage.held, stage.sent) == ((0, 0), 2)


def test_a_key_that_unlocks_does_not_make_an_unknown_order_known() -> None:
    stage = Stage("at place 1: place lost").buy(1).go(7_000)
    stage.unlock()
    stage.signal(1, ONE_OF_BANKNIFTY, 20_000)
    assert stage.go(2_000).sent == 1
    stage.go(15_000)  # by now it is known not to be there
    stage.signal(1, ONE_OF_BANKNIFTY, 20_000)
    assert stage.go(4_000).sent == 2


def test_a_flat_key_that_bounces_is_one_flat() -> None:
    stage = Stage().buy(3)
    for _ in range(12):
        stage.begin_flat("key")
        stage.go(20)
    stage.go(10_000)
    assert (stage.flat, stage.held, stage.sent) == ("FLAT", (0, 0), 2)


def test_somebody_sells_more_than_we_hold() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {-3 * LOT} {NIFTY}")
    stage.go(6_000)
    assert stage.held == (0, -1)
    stage.sell(2).go(6_000)
    assert stage.sent == 1  # nothing of ours makes the short larger
    stage.begin_flat("key")
    stage.go(10_000)
    assert (stage.flat, stage.exchange.net[NIFTY]) == ("FLAT", 0)


def test_the_broker_squares_off_while_an_exit_works() -> None:
    stage = Stage("at place 2: place partial 0").buy(2).sell(2).go(700)
    stage.exchange.fault(stage.now_ms, "square_off")
    stage.go(10_000)
    assert (stage.held, stage.sent) == ((0, 0), 2)
    assert stage.exchange.counters.lowest_net.get(NIFTY, 0) == 0


def test_an_entry_that_was_refused_and_is_there_all_the_same_is_ours_and_told() -> None:
    stage = Stage("at place 1: place status_false AB4036 taken").buy(1)
    assert (stage.held, stage.states()) == ((1, 1), ["FILLED"])
    assert any("at the broker after all" in words for words in stage.warned)
    assert stage.blotter.locked
    stage.sell(1).go(5_000)
    assert stage.held == (0, 0)


def test_an_entry_that_comes_once_it_counts_as_lost_is_ours_and_told() -> None:
    stage = Stage("at place 1: place late 25000").buy(1).go(19_000)
    assert stage.states() == ["NOT_PLACED"]
    stage.go(8_000)
    assert (stage.held, stage.states()) == ((1, 1), ["FILLED"])
    assert stage.blotter.locked


def test_what_a_lane_tells_late_changes_nothing_in_the_end() -> None:
    stage = Stage()
    stage._hand_ms = lambda: 8_000  # type: ignore[method-assign]
    stage.wire._hand_ms = lambda: 8_000
    stage.buy(2)
    assert stage.held == (2, 2)  # the updates tell
    stage.sell(2).go(20_000)
    assert (stage.held, stage.sent) == ((0, 0), 2)


def test_a_trade_of_somebody_in_what_we_do_not_hold_locks_entries_until_a_person_looks() -> None:
    stage = Stage()
    stage.exchange.fault(stage.now_ms, f"external {ONE_OF_BANKNIFTY} {BANKNIFTY}")
    stage.go(32_000).buy(1)
    assert (stage.held, stage.sent) == ((0, 0), 0)
    stage.unlock()
    assert stage.buy(1).held == (1, 1)
