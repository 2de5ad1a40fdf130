"""The strategy itself in markets where little can be had, with gaps over several levels: every result is exact, and nothing is left."""

from decimal import Decimal
from random import Random

import pytest

from engine.model.events import TradeClosed
from tests.simulation.engine_run import EngineRun
from tests.simulation.money import due_cash
from tests.simulation.trading_days import CALL, DAY, run_at_exchange
from tests.support.builders import ticks

_CAPITAL = Decimal(100_000)
_QUANTITIES = (0, CALL.lot, 2 * CALL.lot, 10 * CALL.lot, 200 * CALL.lot)


def drawn_prices(rng: Random, count: int) -> list[float]:
    """A walk with gaps, past several targets or the stop at once."""
    prices, last = [], 100.0
    for _ in range(count):
        gap = rng.choice((-8, 6, 13, 25)) if rng.random() < 0.05 else 0
        last = max(60.0, min(180.0, last + gap + rng.choice((-1.5, -0.5, 0.5, 1.5))))
        prices.append(last)
    return prices


def played(seed: int) -> EngineRun:
    """A session in which each side of the book has four prices at most, with little at some of them or nothing."""
    rng = Random(seed)
    stream = ticks(drawn_prices(rng, 250), step_ms=rng.choice((300, 1_000)), start="09:30:00", day=DAY.isoformat())
    run = run_at_exchange(stream, "risk.base_sl_points=6", "risk.max_position_value_percent=30")
    for tick in stream:
        run.pass_time(tick.exch_ms)
        below = {tick.price - CALL.tick * step: rng.choice(_QUANTITIES) for step in range(4)}
        above = {tick.price + CALL.tick * step: rng.choice(_QUANTITIES) for step in range(1, 5)}
        bids, asks = ([each for each in side.items() if each[1]] for side in (below, above))
        run.exchange.set_book(run.now_ms, CALL.symbol, sorted(bids, reverse=True), sorted(asks), tick.price)
        run.tick(tick)
    last = [(stream[-1].price, 10**6)]
    run.exchange.set_book(run.now_ms, CALL.symbol, last, last, stream[-1].price)
    run.pass_time(run.now_ms + 40_000)
    return run


@pytest.mark.parametrize("seed", range(1, 13))
def test_every_session_comes_out_exactly(seed: int) -> None:
    run = played(seed)
    state, orders = run.trader.state, run.trader.orders
    book, position = state.portfolio, state.portfolio.positions[0]
    assert run.events_of(TradeClosed)
    assert book.cash == due_cash(_CAPITAL, run.trader, run.exchange, run.rows)
    held = Decimal(position.entry_turnover) / 100 + position.entry_costs if position is not None else Decimal(0)
    assert book.cash == _CAPITAL + book.realised - held
    assert book.net(0) == run.exchange.net[CALL.symbol]
    assert (orders.parts, orders.desk.busy) == ({}, False)
    assert position is None or position.exiting == 0
    assert not any(run.exchange.counters.most_oversold.values())
