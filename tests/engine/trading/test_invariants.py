"""Whatever comes in, the trader never raises and never loses count."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.commands import Flat, Lock, PauseEntries, ResumeEntries, Unlock
from engine.model.state import state_hash
from engine.model.types import PRICE_INFINITE, PRICE_MISSING, PRICE_NAN, Tick
from engine.trading.trader import Trader
from tests.support.builders import EAGER, ms, nifty
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness

START = ms("09:18:00")

good_prices = st.integers(-6, 6).map(lambda step: 10_000 + step * 250)
prices = st.one_of(
    good_prices,
    good_prices,
    good_prices,
    st.sampled_from((0, -5, PRICE_NAN, PRICE_MISSING, PRICE_INFINITE, 10**17, float("nan"), float("inf"))),
)
steps_ms = st.one_of(st.integers(0, 2000), st.sampled_from((-500, -5000, 86_400_000, 3_600_000, -(2**61), 2**61)))
events = st.one_of(
    st.tuples(prices, steps_ms, st.integers(0, 4)),
    st.tuples(prices, steps_ms, st.integers(0, 4)),
    st.sampled_from((PauseEntries(), ResumeEntries(), Lock("x"), Unlock(), Flat("x"), "beat")),
)


def work(harness, stream):
    at_ms = START
    for n, event in enumerate(stream, 1):
        if event == "beat":
            harness.beat()
        elif isinstance(event, tuple):
            price, step_ms, exch_seq = event
            tick_ms = at_ms + step_ms
            if 0 <= step_ms < 10**9:
                at_ms = tick_ms
            harness.play([Tick(n, 0, 0, 0, 0, tick_ms, exch_seq, price, 75, 0)])
        else:
            harness.command(event)
        yield n


@settings(max_examples=examples(150))
@given(st.lists(events, max_size=120), st.booleans())
def test_random_events_never_raise_and_never_leave_two_positions(stream, jumps):
    harness = TraderHarness(*EAGER, *(("risk.jump_percent=8",) if jumps else ()))
    state = harness.trader.state
    for _ in work(harness, stream):
        assert state.faults == 0
        assert harness.held >= 0
        assert state.portfolio.cash >= 0
        assert len(state.orders) == 0
        harness.broker.read_holdings()
        assert harness.held == harness.broker.posted.pop().net[0]
        buys = sum(order.side == "BUY" for order in harness.orders)
        closed = sum(1 for trade in harness.trades)
        assert (harness.held > 0) == (state.portfolio.positions[0] is not None)
        assert buys - (1 if harness.held else 0) <= closed or not closed
        if state.flat.state == "FLAT":
            assert harness.held == 0


@settings(max_examples=examples(60))
@given(st.lists(events, max_size=80), st.lists(events, max_size=40), st.booleans())
def test_state_put_aside_and_taken_back_goes_on_the_same(before, after, jumps):
    overrides = (*EAGER, "strategy.use_vwap=true", *(("risk.jump_percent=8",) if jumps else ()))
    first, second = TraderHarness(*overrides), TraderHarness(*overrides)
    for _ in work(first, before):
        pass
    second.trader = Trader(second.config, (nifty(second.config),), "T-")
    second.trader.load(first.trader.state.dump())
    second.broker.hold([first.held])
    second.now_ms = first.now_ms
    for _ in zip(work(first, after), work(second, after), strict=True):
        pass
    assert state_hash(first.trader.state.dump()) == state_hash(second.trader.state.dump())
