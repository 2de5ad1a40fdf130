"""The daily loss limit while an exit works, and what is held."""

from tests.simulation.stage import DEEP, LOT, NIFTY, Stage


def half_sold(overrides: tuple[str, ...]) -> Stage:
    """Ten lots were bought at 100.10, five of them are sold at 90 by an exit that goes on."""
    stage = Stage(overrides=overrides).buy(10)
    stage.exchange.set_book(stage.now_ms, NIFTY, [(9_000, 5 * LOT)], [(10_010, DEEP)], 9_000)
    stage.sell(10).go(1_500)
    assert stage.held == (5, 5)
    return stage


def test_what_an_exit_has_lost_so_far_counts_for_the_daily_loss() -> None:
    stage = half_sold(("risk.max_daily_loss=10000",))
    assert not stage.trader.state.flat.running
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 7_500)  # five lots at 25 less, and 3,250 before
    stage.go(500)
    assert stage.trader.state.flat.running
    assert stage.trader.state.flat.reason.startswith("daily loss -11")
    stage.price(NIFTY, 7_400)
    stage.go(15_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))


def test_what_is_sold_is_not_held_though_its_order_is_not_settled() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, "trade_book lag 6000")
    stage.sell(2).go(500)
    assert stage.trader.orders.parts
    assert stage.trader.state.held() == []
