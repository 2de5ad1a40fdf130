"""The daily loss over many instruments: only what is held is looked at, and what is held is never mistaken."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.commands import Flat, Unlock
from engine.model.events import StateKept
from engine.trading.trader import Trader
from tests.support.builders import EAGER, Stage, ms, nifty, tick

COUNT = 4
KEYS = (*EAGER, "risk.max_position_value_percent=20", "risk.max_positions_per_day=1000")
MOVES = st.lists(st.tuples(st.integers(0, COUNT - 1), st.sampled_from([70, 84, 99, 100, 101, 106, 121])), max_size=60)


def held(trader: Trader) -> list[int]:
    return [index for index, position in enumerate(trader.state.book.positions) if position is not None]


def told(trader: Trader) -> list[int]:
    return [inst.index for inst in trader.state.held()]


def play(stage: Stage, moves: list[tuple[int, int]]) -> None:
    for instrument, price in moves:
        stage.now_ms += 500
        stage.play([tick(1, price, stage.now_ms, instrument=instrument)])
        assert told(stage.trader) == held(stage.trader)


@settings(max_examples=60)
@given(MOVES, MOVES, st.booleans())
def test_what_is_held_is_known_after_every_tick_flat_and_seek(before, after, flat):
    stage = Stage(*KEYS, "risk.max_daily_loss=30000", instruments=COUNT)
    play(stage, before)
    kept, fields = stage.trader.keep(stage.now_ms), stage.trader.dump()
    if flat:
        stage.do(Flat()).beat().beat().do(Unlock())
        assert told(stage.trader) == held(stage.trader) == []
    play(stage, after)
    stage.trader.load(fields)
    assert told(stage.trader) == held(stage.trader)
    fresh = Trader(stage.config, (nifty(stage.config),) * COUNT, "U-")
    fresh.restore(StateKept(kept.fields, kept.symbols, kept.at_ms))
    assert told(fresh) == held(fresh)


def test_a_seek_to_as_many_fills_does_not_mistake_what_is_held():
    first, other = (Stage(*KEYS, instruments=2) for _ in range(2))
    for stage, instrument in ((first, 0), (other, 1)):
        stage.play(tick(n, 99 + n, ms("09:30:00") + n, instrument=instrument) for n in range(3))
        assert told(stage.trader) == [instrument]
    first.trader.load(other.trader.dump())
    assert told(first.trader) == [1]


def test_the_loss_of_all_that_is_held_counts_together():
    stage = Stage(*KEYS, "risk.max_daily_loss=1000", instruments=3)
    start_ms = ms("09:30:00")
    stage.play(tick(n, 99 + n // 3, start_ms + n, instrument=n % 3) for n in range(6))
    assert held(stage.trader) == [0, 1, 2]
    lower = 100 - round(1000 / sum(order.quantity for order in stage.orders) + 0.05, 2)
    stage.play(tick(10 + n, lower, start_ms + 1000 + n, instrument=n) for n in range(2))
    assert stage.exits == []
    stage.play([tick(12, lower, start_ms + 1002, instrument=2)])
    assert [reason for reason, _, _ in stage.exits] == ["Daily Loss"] * 3
