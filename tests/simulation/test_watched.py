"""Instruments come and go while a run trades at a real broker."""

from msgspec.structs import replace

from engine.model.types import FLAG_HAS_BOOK, Instrument, Tick
from engine.text.sanitize import CleanText
from tests.simulation.stage import LOT, Stage


def with_one_more(stage: Stage) -> Stage:
    state = stage.trader.state
    state.watch(
        replace(state.instruments[0], symbol=CleanText("NIFTY06OCT2625100CE"), token=CleanText("")), state.hours
    )
    return stage


def priced(stage: Stage, instrument: int, price: int) -> Stage:
    wall_ns = stage.now_ms * 1_000_000
    stage.tick(
        Tick(
            stage.ticks + 1,
            instrument,
            FLAG_HAS_BOOK,
            wall_ns,
            wall_ns,
            stage.now_ms,
            0,
            price,
            0,
            0,
            price,
            price + 10,
        )
    )
    return stage


def test_a_run_goes_on_with_an_instrument_more() -> None:
    stage = with_one_more(Stage().buy(2))
    priced(stage, 2, 1_000).go(10_000)
    assert (stage.desk.blotter.net, stage.trader.state.faults) == ([2 * LOT, 0, 0], 0)
    assert (stage.blotter.doubt, stage.blotter.locked) == ("", "")
    assert stage.pursuit.pricing.bounds[2].allowed("SELL", stage.now_ms)[0] > 0
    stage.sell(1).go(5_000)
    stage.begin_flat("key")
    stage.go(8_000)
    assert (stage.held, stage.flat) == ((0, 0), "FLAT")


def test_what_is_learnt_of_the_others_stays_when_one_comes_and_goes() -> None:
    stage = Stage().buy(1)
    bounds = stage.pursuit.pricing.bounds[0]
    bounds.tell_circuit(5_000, 20_000)
    with_one_more(stage)
    stage.trader.state.unwatch(2)
    assert stage.pursuit.pricing.bounds[0] is bounds


def test_an_instrument_that_comes_back_in_other_ticks_is_priced_in_these() -> None:
    stage = with_one_more(Stage())
    state = stage.trader.state
    state.unwatch(2)
    other: Instrument = replace(state.instruments[2], tick_size=25, removed=False)
    state.watch(other, state.hours)
    priced(stage, 2, 1_000)
    low, _ = stage.pursuit.pricing.bounds[2].allowed("SELL", stage.now_ms)
    assert low % 25 == 0


def test_what_is_put_aside_has_the_instrument_that_came() -> None:
    stage = priced(with_one_more(Stage().buy(1)), 2, 1_000)
    text = stage.desk.dump()
    stage.desk.load(text)
    assert stage.desk.dump() == text
    assert len(stage.blotter.net) == 3
