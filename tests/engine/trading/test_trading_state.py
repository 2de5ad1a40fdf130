"""The daily loss over many instruments: only what is held is looked at, and what is held is never mistaken."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.commands import Flat, Unlock
from engine.model.events import StateKept
from engine.trading.trader import Trader
from tests.support.builders import EAGER, ms, nifty, tick
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness

COUNT = 4
KEYS = (*EAGER, "risk.max_position_value_percent=20", "risk.max_positions_per_day=1000")
MOVES = st.lists(st.tuples(st.integers(0, COUNT - 1), st.sampled_from([70, 84, 99, 100, 101, 106, 121])), max_size=60)


def held(trader: Trader) -> list[int]:
    return [index for index, position in enumerate(trader.state.portfolio.positions) if position is not None]


def told(trader: Trader) -> list[int]:
    return [inst.index for inst, _ in trader.state.held()]


def play(harness: TraderHarness, moves: list[tuple[int, int]]) -> None:
    for instrument, price in moves:
        harness.now_ms += 500
        harness.play([tick(1, price, harness.now_ms, instrument=instrument)])
        assert told(harness.trader) == held(harness.trader)


@settings(max_examples=examples(60))
@given(MOVES, MOVES, st.booleans())
def test_what_is_held_is_known_after_every_tick_flat_and_seek(before, after, flat):
    harness = TraderHarness(*KEYS, "risk.max_daily_loss=30000", instruments=COUNT)
    play(harness, before)
    kept, fields = harness.trader.state.keep(harness.now_ms), harness.trader.state.dump()
    if flat:
        harness.command(Flat()).beat().beat().command(Unlock())
        assert told(harness.trader) == held(harness.trader) == []
    play(harness, after)
    harness.trader.load(fields)
    assert told(harness.trader) == held(harness.trader)
    fresh = Trader(harness.config, (nifty(harness.config),) * COUNT, "U-")
    fresh.state.restore(StateKept(kept.fields, kept.symbols, kept.at_ms))
    assert told(fresh) == held(fresh)


def test_a_seek_to_as_many_fills_does_not_mistake_what_is_held():
    first, other = (TraderHarness(*KEYS, instruments=2) for _ in range(2))
    for harness, instrument in ((first, 0), (other, 1)):
        harness.play(tick(n, 99 + n, ms("09:30:00") + n, instrument=instrument) for n in range(3))
        assert told(harness.trader) == [instrument]
    first.trader.load(other.trader.state.dump())
    assert told(first.trader) == [1]


def test_the_loss_of_all_that_is_held_counts_together():
    harness = TraderHarness(*KEYS, "risk.max_daily_loss=1000", instruments=3)
    start_ms = ms("09:30:00")
    harness.play(tick(n, 99 + n // 3, start_ms + n, instrument=n % 3) for n in range(6))
    assert held(harness.trader) == [0, 1, 2]
    lower = 100 - round(1000 / sum(order.quantity for order in harness.orders) + 0.05, 2)
    harness.play(tick(10 + n, lower, start_ms + 1000 + n, instrument=n) for n in range(2))
    assert harness.exits == []
    harness.play([tick(12, lower, start_ms + 1002, instrument=2)])
    assert [reason for reason, _, _ in harness.exits] == ["Daily Loss"] * 3
