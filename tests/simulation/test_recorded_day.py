"""The recorded day at the simulated broker: where the book stands at the price that was decided, its trades are those of paper."""

from random import Random

import pytest

from engine.model.events import TradeClosed
from engine.model.types import Tick, Trade
from tests.simulation.session import Session
from tests.simulation.trading_days import AT_THE_PRICE, DAY, QUICK, recorded_day
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.securities import Security
from tests.support.builders import config, nifty
from tests.support.spoken_orders import instrument_of
from tests.support.trader_harness import TraderHarness

DEEP = 1_000_000

pytestmark = pytest.mark.slow


class Day(Session):
    """A session of six hours in which little happens: its beats are a second apart."""

    BEAT_MS = 1_000


def told(trade: Trade) -> tuple[object, ...]:
    """A trade without when it was and what it cost."""
    return trade.entry_price, trade.exit_price, trade.quantity, trade.gross_pnl, trade.reason


def live(day: list[Tick], overrides: tuple[str, ...]) -> Day:
    listed = nifty(config(*overrides))
    security = Security("NIFTY07OCT2524900CE", "40001", lot=listed.lot_size, freeze=listed.freeze_quantity + 1, tick=1)
    exchange = SimulatedExchange((security,), Random(1), day[0].exch_ms - 10_000, delays=QUICK, cash=10**12)
    session = Day(config(*overrides), (instrument_of(security),), exchange, DAY)
    session.pass_time(exchange.now_ms + 5_000)  # two rounds
    for tick in day:
        session.pass_time(tick.exch_ms)
        tick.recv_wall_ns = session.now_ms * 1_000_000
        exchange.set_book(session.now_ms, security.symbol, [(tick.price, DEEP)], [(tick.price, DEEP)], tick.price)
        session.tick(tick)
        session.settle(10_000)
    return session


def test_a_recorded_day_gives_the_trades_of_paper() -> None:
    paper = TraderHarness(*AT_THE_PRICE).play(recorded_day())
    session = live(recorded_day(), AT_THE_PRICE)
    trades = [row.trade for row in session.journal.crash(session.now_ms) if isinstance(row, TradeClosed)]
    assert len(trades) > 100
    assert [told(each) for each in trades] == [told(each) for each in paper.trades]
    late_ms = [abs(ours.exit_ms - theirs.exit_ms) for ours, theirs in zip(trades, paper.trades, strict=True)]
    assert max(late_ms) <= 1_000
    assert session.replayed() == session.trader.state.dump()
