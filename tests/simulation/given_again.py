"""What was recorded of a run is given to another trader, which has to come to the same."""

import marshal
from collections.abc import Iterable

from engine.model.marks import InputMark, Mark
from engine.model.types import Tick
from engine.trading.live_trader import LiveTrader
from tests.simulation.engine_run import EngineRun


def put_aside(run: EngineRun, trader: LiveTrader) -> LiveTrader:
    """Another trader, with the state that this one has put aside."""
    fields = trader.state.dump()
    trader.state.dump_told(fields)
    other = run.new_trader()
    other.load(marshal.loads(marshal.dumps(fields)))
    other.state.load_told(fields)
    return other


def given_again(run: EngineRun, marks: Iterable[Mark], stream: list[Tick], every: int = 10_000) -> LiveTrader:
    """A trader of the same beginnings that is given the ticks, and what the marks have; another one goes on after so many marks."""
    trader = run.new_trader()
    inputs = [mark for mark in marks if isinstance(mark, InputMark)]
    for position in range(len(stream) + 1):
        if position:
            trader.on_tick(stream[position - 1])
        while inputs and inputs[0].ticks == position:
            mark = inputs.pop(0)
            if len(inputs) % every == 0:
                trader = put_aside(run, trader)
            if mark.answer is not None:
                trader.on_event(mark.answer, mark.at_ms)
            elif mark.command is not None:
                trader.on_command(mark.command, mark.at_ms, mark.closed_until_ms, mark.market_ms)
            else:
                trader.on_beat(mark.at_ms, mark.market_ms, mark.closed_until_ms)
    return trader
