"""The ticks of a run at a real broker worked once more on paper: the same rules, the operator's commands at the same places."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from engine.assembly.market_hours import MarketHours
from engine.backtest.paper_pass import paper_parts
from engine.backtest.round_trips import round_trips
from engine.backtest.stand_ins import lone_turn, silence
from engine.config import Config
from engine.model.commands import (
    AllowEntries,
    Arm,
    BarEntries,
    Disarm,
    Flat,
    HoldEntries,
    Lock,
    PauseEntries,
    ResumeEntries,
    TraderCommand,
    Unlock,
)
from engine.model.marks import InputMark, StartMark
from engine.model.order_courses import RoundTrip
from engine.model.state import Fields, plain_of
from engine.model.types import Instrument, Tick, Trade
from engine.recording import MqrSource
from engine.recording.progress import Progress
from engine.runtime.cursor import NEVER
from engine.runtime.turn_parts import TurnParts

_PROGRESS_TICKS: Final = 4096
# What means the same whoever fills orders; the others name a position or an order of the live run.
_ALIKE: Final = (
    PauseEntries | ResumeEntries | Lock | Unlock | HoldEntries | Flat | Arm | Disarm | BarEntries | AllowEntries
)


class OnPaper(Struct, frozen=True):
    """The positions of the paper run by the time of their entries, and what must be known of it."""

    trips: list[RoundTrip]
    remarks: list[str]


class _Commands:
    """Gives the trader the commands of a recording, each behind the tick that it was given behind."""

    def __init__(self, source: MqrSource, parts: TurnParts) -> None:
        marks = [mark for mark in source.marks() if isinstance(mark, InputMark) and mark.command is not None]
        self._given = [(mark.ticks, mark.command) for mark in marks if isinstance(mark.command, _ALIKE)]
        self.left_out = len(marks) - len(self._given)
        self._parts = parts
        self._next = 0

    def reached(self, seq: int, _take: Callable[[Tick], None]) -> None:
        """Give what was given behind tick `seq`."""
        while self._next < len(self._given) and self._given[self._next][0] <= seq:
            self._give(self._given[self._next][1])
            self._next += 1
        self._parts.cursor.milestone = self._given[self._next][0] if self._next < len(self._given) else NEVER

    def _give(self, command: TraderCommand) -> None:
        effects = self._parts.effects
        effects.carry_out(self._parts.trader.on_command(command, effects.now_ms))


def on_paper(
    source: MqrSource, config: Config, instruments: tuple[Instrument, ...], progress: Progress | None
) -> OnPaper:
    """Trade all of `source` on paper; raises InputError when the disk fails."""
    parts, notes = paper_parts(source, config, instruments, "P-", MarketHours(config, "replay", source.header))
    trader = parts.trader
    commands = _Commands(source, parts)
    turn = lone_turn(parts, commands)
    with silence():
        remarks = _begin(source, parts)
        commands.reached(0, turn.take)
        for tick in source.ticks():
            turn.take(tick)
            if progress is not None and not tick.seq % _PROGRESS_TICKS:
                progress(source.fraction_read())
        turn.end()
    if commands.left_out:
        many = "commands of the operator were" if commands.left_out > 1 else "command of the operator was"
        remarks.append(f"{commands.left_out} {many} of positions or orders of the live run: not given on paper")
    trades = [each for each in notes.booked if isinstance(each, Trade)]
    return OnPaper(round_trips(trades, trader.state.portfolio, trader.state.instruments, {}), remarks)


def _begin(source: MqrSource, parts: TurnParts) -> list[str]:
    """Begin with the account that the live run began with; where it went on from another recording, with its whole state."""
    starts = [mark for mark in source.marks() if isinstance(mark, StartMark)]
    if not starts:
        return []
    kept, texts = starts[0].kept, {name: text for mark in starts for name, text in mark.fields.items()}
    fresh = parts.trader.state.dump()
    orders = {name: value for name, value in fresh.items() if name.startswith("orders.")}
    try:
        if texts and not (plain := plain_of(texts)).get("orders.working") and not plain.get("orders.wished"):
            parts.rewind.carry_on(_with(plain, orders), kept)
            return []
        account: Fields = _with(kept.fields, orders)
        parts.rewind.take_over(type(kept)(account, kept.symbols, kept.at_ms))
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        parts.trader.load(fresh)
        return [f"the account that the live run began with is not taken over on paper: {error}"]
    return ["paper begins without the indicators that the live run had: an order was on its way"] if texts else []


def _with(fields: Fields, orders: Fields) -> Fields:
    """Fields of a live run with the orders of one on paper, which has none on its way."""
    return {name: value for name, value in fields.items() if not name.startswith("orders.")} | orders
