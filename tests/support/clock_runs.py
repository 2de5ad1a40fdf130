"""Runs whose clock matters: one on beats, recorded by hand; and one in which a recording's ticks move a virtual clock."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.assembly.recording_config import header_of
from engine.model.clock import VirtualClock
from engine.model.events import AnyEvent, TradeClosed
from engine.model.marks import EventMark, InputMark, Mark, StateMark
from engine.model.state import as_text, state_hash
from engine.model.types import Instrument, Tick
from engine.runtime.cursor import Cursor
from engine.runtime.publisher import Publisher
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.text.sanitize import CleanText
from engine.trading.session import TradingHours
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from tests.support.builders import config, nifty
from tests.support.recordings.recording_samples import MarkingWriter
from tests.support.trader_harness import TraderHarness

Step = Tick | int  # a tick, or the moment (ms) of a beat


class KeptEvents:
    """Stands where journal and recorder would: keeps events and marks."""

    path = Path()
    problem = CleanText("")
    broken = False
    waiting = durable = kept = 0

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.marks: list[Mark] = []

    def write(self, event: AnyEvent) -> int:
        self.events.append(event)
        return 0

    def mark(self, mark: Mark) -> None:
        self.marks.append(mark)

    def tick(self, tick: Tick) -> None:
        """No tick is kept."""

    def rewind(self, ticks: int) -> None:
        """Nothing goes back here."""

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        return number <= 0 or timeout_s <= 0

    def close(self, outcome: str = "", *, fault: bool = False, account: AnyEvent | None = None) -> None:
        """Nothing is open."""


class _NothingDue:
    def reached(self, seq: int, take: object) -> None:
        """Nothing is due after any tick."""


class VirtualRun:
    """A turn whose clock is moved by its ticks; what came of it is in `events` and `marks`."""

    def __init__(
        self,
        *overrides: str,
        instruments: Sequence[Instrument] = (),
        hours_of: Callable[[str], TradingHours] | None = None,
    ) -> None:
        chosen = config(*overrides)
        listed = tuple(instruments) or (nifty(chosen),)
        kept = KeptEvents()
        self.trader = Trader(chosen, listed, "T-", hours_of)
        self.parts = TurnParts(
            chosen, self.trader, VirtualClock(0), Cursor(lossless=True), simulated,
            journal=kept, recorder=kept, keeps_account=False, inbox_size=1,
        )  # fmt: skip
        self.awaited: tuple[Tick | None, int] = None, 0  # the tick that a pace lets wait, and the time until now
        self.turn = Turn(
            self.parts, lambda _: None, lambda: None, _NothingDue(), Publisher(lambda _: None, 1 << 40),
            awaited=lambda: self.awaited,
        )  # fmt: skip
        self.events, self.marks = kept.events, kept.marks

    def play(self, stream: Iterable[Tick]) -> "VirtualRun":
        for each in stream:
            self.turn.take(each)
        return self

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def exits(self) -> list[tuple[str, float, int, bool]]:
        """The exits so far as (reason, price in rupees, ms, blind)."""
        trades = [event.trade for event in self.events if isinstance(event, TradeClosed)]
        return [(trade.reason, trade.exit_price / 100, trade.exit_ms, trade.blind) for trade in trades]

    @property
    def inputs(self) -> list[tuple[int, int]]:
        """The beats that did something: after which tick, at which moment."""
        return [(mark.ticks, mark.at_ms) for mark in self.marks if isinstance(mark, InputMark)]


def record_beats(path: Path, harness: TraderHarness, steps: Iterable[Step]) -> Path:
    """A recording of a run that gets ticks, and beats at moments of its own; each beat that did something stands in it."""
    told = seq = 0
    with MarkingWriter(path, header_of(harness.config, "by hand", (nifty(harness.config),))) as writer:
        for step in steps:
            if isinstance(step, Tick):
                seq += 1
                step.seq = seq
                writer.append_tick(step)
                harness.play([step])
            else:
                harness.now_ms = step
                harness.beat()
                if harness.trader.moved:
                    writer.append_mark(InputMark(seq, None, step))
            for trade in harness.trades[told:]:
                writer.append_mark(EventMark(seq, "fill", f"{trade.quantity} {trade.exit_price} {trade.reason}", 0))
            told = len(harness.trades)
            if isinstance(step, Tick) and not seq % 3:
                fields = harness.trader.state.dump()
                writer.append_mark(StateMark(seq, state_hash(fields), as_text(fields)))
        fields = harness.trader.state.dump()
        writer.append_mark(StateMark(seq, state_hash(fields), as_text(fields)))
    return path
