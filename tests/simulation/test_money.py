"""Cash and costs are those of the exchange's own trades, however and whenever they are heard of."""

from engine.config import Config
from engine.model.events import FillBooked, TradeClosed
from tests.simulation.money import due_cash
from tests.simulation.stage import LOT, NIFTY, Stage
from tests.simulation.world import WHIMS
from tests.support.builders import config


def is_exact(stage: Stage) -> bool:
    initial: Config = config(*WHIMS)
    due = due_cash(initial.capital.initial_capital, stage.trader, stage.exchange, stage.journal)
    return stage.trader.state.portfolio.cash == due


def in_three_steps(stage: Stage, lots: int) -> Stage:
    """Sell all that is held, at prices whose average is no whole one."""
    stage.exchange.set_book(
        stage.now_ms, NIFTY, [(10_000, LOT), (9_995, LOT), (9_985, 9_999)], [(10_010, 9_999)], 10_000
    )
    return stage.sell(lots)


def test_an_exit_that_is_first_heard_of_when_it_is_over_is_told_exactly() -> None:
    stage = Stage().buy(4)
    stage.exchange.fault(stage.now_ms, "updates down 6000")
    stage.exchange.fault(stage.now_ms, "details 5xx x100")
    in_three_steps(stage, 4).go(8_000)
    sold = [event for event in stage.told if isinstance(event, FillBooked)][-1]
    assert sold.turnover == LOT * (10_000 + 9_995 + 2 * 9_985)
    assert len([event for event in stage.told if isinstance(event, TradeClosed)]) == 1
    assert is_exact(stage)


def test_an_exit_that_is_over_while_nobody_looks_is_charged_by_its_own_day() -> None:
    stage = Stage().buy(4)
    stage.exchange.fault(stage.now_ms, "trade_book lag 4000")
    in_three_steps(stage, 4).go(300)
    filled_ms = [order.filled_ms for order in stage.blotter.orders.values()][-1]
    stage.crash(2_000)
    stage.go(20_000)
    (trade,) = [event.trade for event in stage.told if isinstance(event, TradeClosed)]
    assert trade.exit_ms == filled_ms > 0
    assert is_exact(stage)
