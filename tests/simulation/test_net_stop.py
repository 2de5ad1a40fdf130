"""A stop that rests at the broker for the case that nobody is there: where it lies, when it goes, and what is never sent beside it."""

from itertools import pairwise

import pytest

from engine.journal import JournalledAccount
from engine.model.commands import WithdrawEntry
from engine.model.events import CommandRefused, TradeClosed
from engine.model.order_requests import PlaceOrder
from engine.text.sanitize import CleanText
from engine.trading.orders.live_order import LiveOrder
from tests.simulation.given_again import given_again
from tests.simulation.planted import NET_PLANTED, found_by
from tests.simulation.stage import DEEP, LOT, NIFTY, Stage
from tests.simulation.trading_days import play, run_at_exchange, wandering
from tests.simulation.world import SECURITIES
from tests.simulator.exchange.orders import WAITING, BrokerOrder

ON = ("live.net_points=10",)
TRIGGER = 9_010  # ten rupees below an entry at 10,010


def held(lots: int = 2, script: str = "", *, amends: bool = True) -> Stage:
    """A position with its stop at the broker."""
    stage = Stage(script, overrides=ON, amends=amends)
    return stage.buy(lots).go(1_000)


def stops(stage: Stage) -> list[LiveOrder]:
    return [order for order in stage.blotter.orders.values() if order.purpose == "NET"]


def resting(stage: Stage) -> list[BrokerOrder]:
    return [order for order in stage.exchange.working if order.variety == "STOPLOSS"]


def trades(stage: Stage) -> list[tuple[int, str]]:
    return [(event.trade.quantity // LOT, event.trade.reason) for event in stage.told if isinstance(event, TradeClosed)]


def test_none_rests_unless_it_is_asked_for() -> None:
    assert Stage().buy(2).go(90_000).writes == ["place"]


def test_one_rests_below_the_entry_and_its_limit_below_that() -> None:
    stage = held()
    [stop] = resting(stage)
    assert (stop.state, stop.order_type, stop.side, stop.quantity) == (WAITING, "STOPLOSS_LIMIT", "SELL", 2 * LOT)
    assert (stop.trigger, stop.price) == (TRIGGER, 8_555)
    assert stop.tag.endswith("N")
    stage.go(180_000)
    assert stage.writes == ["place", "place"]


def test_an_exit_waits_for_its_end_and_then_sells_all() -> None:
    stage = held()
    stage.sell(2).go(3_000)
    assert stage.writes == ["place", "place", "cancel", "place"]
    assert (stage.held, trades(stage)) == ((0, 0), [(2, "Stop Loss")])
    assert not stage.exchange.counters.most_oversold.get(NIFTY)


def test_what_an_exit_waits_for_is_told() -> None:
    stage = held(script="at cancel 1: cancel lost")
    stage.sell(2).go(500)
    [waits] = stage.trader.orders.view(stage.clock_ms)[1].waits
    assert (waits.quantity, waits.why) == (2 * LOT, "its stop at the broker is taken back first")


def test_what_is_left_of_a_position_has_one_again_a_minute_after_the_last() -> None:
    stage = held(4)
    stage.sell(1).go(20_000)
    assert (stage.held, resting(stage)) == ((3, 3), [])
    stage.go(40_000)
    assert [order.quantity // LOT for order in resting(stage)] == [3]
    stage.sell(3).go(3_000)
    assert (stage.held, resting(stage)) == ((0, 0), [])


def test_another_position_has_its_own_at_once() -> None:
    stage = held(1)
    stage.sell(1).go(3_000).buy(1).go(1_000)
    assert len(resting(stage)) == 1


def test_one_that_fires_is_booked_as_the_exit() -> None:
    stage = held()
    stage.price(NIFTY, 8_950)
    stage.go(6_000)
    assert (stage.held, trades(stage)) == ((0, 0), [(2, "Net stop")])
    assert stops(stage)[0].exact_turnover == 2 * LOT * 8_950
    assert stage.trader.state.portfolio.positions[0] is None


def test_one_that_was_jumped_over_is_taken_back_before_our_exit() -> None:
    stage = held()
    stage.price(NIFTY, 8_000)
    stage.go(3_000)
    assert (stage.held, [order.state for order in resting(stage)]) == ((2, 2), ["open"])
    stage.sell(2).go(5_000)
    assert (stage.held, trades(stage)) == ((0, 0), [(2, "Stop Loss")])


@pytest.mark.parametrize(("part", "sold"), [(100, [(2, "Net stop")]), (50, [(1, "Net stop"), (1, "Stop Loss")])])
def test_one_that_fires_while_it_is_taken_back_leaves_the_rest_to_the_exit(part: int, sold: list[object]) -> None:
    stage = held(script=f"at cancel 1: cancel fill {part}")
    stage.exchange.set_book(stage.now_ms, NIFTY, [(9_990, DEEP)], [(10_010, DEEP)], 10_000)
    stage.sell(2).go(20_000)
    assert (stage.held, sorted(trades(stage))) == ((0, 0), sorted(sold))
    assert not stage.pursuit.wishes


@pytest.mark.parametrize("fault", ["lost", "after", "5xx", "reject other", "rate", "status_false AB9999"])
def test_a_cancel_that_goes_wrong_is_sent_again_and_the_exit_waits(fault: str) -> None:
    stage = held(script=f"at cancel 1: cancel {fault}")
    stage.sell(2).go(25_000)
    assert stage.held == (0, 0)


@pytest.mark.parametrize("fault", ["lost", "after", "late 5000", "reset", "5xx"])
def test_nothing_is_sold_beside_one_of_which_nobody_knows(fault: str) -> None:
    stage = held(script=f"at place 2: place {fault}")
    stage.sell(2).go(30_000)
    assert (stage.held, resting(stage)) == ((0, 0), [])


@pytest.mark.parametrize("family", ["other", "price", "funds", "freeze"])
def test_one_that_is_refused_is_tried_three_times_a_minute_apart_and_no_more(family: str) -> None:
    stage = held(script="\n".join(f"at place {at}: place reject {family}" for at in range(2, 5))).go(300_000)
    tried = stops(stage)
    assert [order.state for order in tried] == ["REJECTED"] * 3
    assert all(later.at_ms - before.at_ms >= 60_000 for before, later in pairwise(tried))
    assert stage.sell(2).go(5_000).held == (0, 0)


def test_a_refusal_for_its_price_brings_the_limit_nearer() -> None:
    stage = held(script="at place 2: place reject price").go(70_000)
    first, second = stops(stage)
    assert first.limit < second.limit <= TRIGGER
    assert len(resting(stage)) == 1


def test_a_flat_takes_it_back_like_any_other_order() -> None:
    stage = held()
    stage.begin_flat("key")
    stage.go(10_000)
    assert (stage.flat, stage.held, trades(stage)) == ("FLAT", (0, 0), [(2, "Flat")])


def test_a_flat_behind_a_restart_takes_it_back_as_well() -> None:
    stage = held()
    stage.crash(1_000)
    stage.begin_flat("key")
    stage.go(25_000)
    assert (stage.flat, stage.held, resting(stage)) == ("FLAT", (0, 0), [])


def test_at_the_end_of_the_session_it_goes_before_the_position() -> None:
    stream = wandering(80, step_ms=500, start="15:09:30")
    rules = ("risk.base_sl_points=60", "risk.tp_points=[90]", "risk.tp_percents=[1]", "risk.use_trail_stop=false")
    run = play(run_at_exchange(stream, "live.net_points=70", *rules), stream)
    run.settle(5_000)
    reasons = [event.trade.reason for event in run.events_of(TradeClosed)]
    assert reasons[-1] == "Session End"
    assert any(order.purpose == "NET" for order in run.trader.orders.desk.blotter.orders.values())
    assert (not any(run.exchange.net.values()), run.exchange.working) == (True, [])
    assert given_again(run, run.recorder.marks, stream).state.dump() == run.trader.state.dump()


def test_its_end_is_asked_after_where_no_update_tells_it() -> None:
    stage = held()
    stage.exchange.fault(stage.now_ms, "updates down 60000")
    stage.sell(2).go(500)
    assert stage.held[1] == 0


def test_it_is_no_entry_that_could_be_withdrawn() -> None:
    stage = held()
    stage.command(WithdrawEntry(CleanText(stops(stage)[0].tag), CleanText("pts/3")))
    assert any(isinstance(event, CommandRefused) for event in stage.told)
    assert len(resting(stage)) == 1


@pytest.mark.parametrize("sold", [1, 2])
def test_what_somebody_else_sells_takes_it_back(sold: int) -> None:
    stage = held()
    stage.exchange.fault(stage.now_ms, f"external {-sold * LOT} {NIFTY}")
    stage.go(15_000)
    assert (stage.held, resting(stage)) == ((2 - sold, 2 - sold), [])
    stage.go(60_000)
    assert [order.quantity // LOT for order in resting(stage)] == ([1] if sold == 1 else [])


def test_a_restart_finds_it_again_and_lets_it_be() -> None:
    stage = held()
    stage.crash(1_000)
    stage.go(90_000)
    assert stage.writes == ["place", "place"]
    assert len(resting(stage)) == 1
    stage.sell(2).go(5_000)
    assert (stage.held, resting(stage)) == ((0, 0), [])


def test_one_that_fires_while_nobody_is_there_is_booked_by_the_next_run() -> None:
    stage = held()
    stage.price(NIFTY, 8_950)
    stage.sleep(1_000)
    stage.crash(5_000)
    stage.go(15_000)
    assert (stage.held, trades(stage)) == ((0, 0), [(2, "Net stop")])


def test_a_run_that_wants_none_takes_back_what_it_finds() -> None:
    stage = held()
    stage._rules = Stage()._rules
    stage.crash(1_000)
    stage.go(10_000)
    assert (stage.held, resting(stage)) == ((2, 2), [])


def test_the_broker_ends_it_before_the_square_off() -> None:
    stage = held()
    stage.exchange.fault(stage.now_ms, "square_off")
    stage.go(15_000)
    assert (stage.held, resting(stage), trades(stage)) == ((0, 0), [], [(2, "Broker square-off")])


def test_none_rests_where_no_price_lies_so_far_below_or_the_market_is_there_already() -> None:
    assert Stage(overrides=("live.net_points=101",)).buy(1).go(2_000).writes == ["place"]
    stage = Stage(overrides=ON)
    stage.signal(0, LOT, 10_000)
    stage.go(60).price(NIFTY, 9_000)
    assert (stage.go(5_000).held, stage.writes) == ((1, 1), ["place"])


def test_what_is_more_than_one_order_takes_rests_in_slices() -> None:
    lots = SECURITIES[0].freeze // LOT
    stage = held(lots + 3)
    assert sorted(order.quantity // LOT for order in resting(stage)) == [3, lots]
    stage.sell(lots + 3).go(5_000)
    assert stage.held == (0, 0)


def test_the_row_of_one_has_its_trigger() -> None:
    placed = [row for row in held().journal.contents if isinstance(row, PlaceOrder) and row.purpose == "NET"]
    assert [(row.decided, row.reason, row.wish) for row in placed] == [(TRIGGER, "Net stop", 0)]


def test_its_limit_is_no_price_of_the_market_for_the_run_behind_a_kill() -> None:
    stage = Stage(overrides=ON)
    account = JournalledAccount(stage.trader.state.keep(stage.now_ms))
    stage.buy(2).go(1_000)
    for row in stage.journal.contents:
        account.take(row)  # type: ignore[arg-type]
    assert len(resting(stage)) == 1
    assert account.last_price(0) >= 10_000


def test_its_recording_gives_the_same_state_again() -> None:
    stage = held(4)
    stage.sell(1).go(70_000)
    assert stage.replayed() == stage.trader.state.dump()


@pytest.mark.parametrize("points", ["0", "10"])
def test_how_long_an_exit_waits_for_it(points: str) -> None:
    """What it costs, with answers after 20 ms: the cancel, and the news of its end."""
    stage = Stage(overrides=(f"live.net_points={points}",)).buy(1).go(1_000)
    begun_ms = stage.now_ms
    stage.sell(1).go(1_000)
    sold = next(order for order in stage.exchange.orders if order.tag.endswith("X"))
    waited = sold.placed_ms - begun_ms
    assert waited < 10 if points == "0" else 0 < waited < 120, waited


@pytest.mark.parametrize("plant", NET_PLANTED, ids=lambda plant: plant.__name__)
def test_each_planted_mistake_is_found(plant) -> None:  # type: ignore[no-untyped-def]
    seed = NET_PLANTED[plant]
    if found_by(plant, range(seed, seed + 1))[0] < 0:
        assert found_by(plant, range(1, 100))[0] > 0
