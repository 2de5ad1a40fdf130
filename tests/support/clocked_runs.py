"""A live run's turn on a clock that is set by hand: real turn, market watch and recording, and its verification."""

import threading
from pathlib import Path

from engine.assembly.market_hours import MarketHours
from engine.assembly.recording_config import for_market, header_of
from engine.backtest.verification import verify
from engine.config import instrument_for
from engine.model.clock import Clock, SystemClock
from engine.model.commands import TraderCommand
from engine.model.events import AnyEvent, FlatChanged, StateKept, TradeClosed
from engine.model.marks import StartMark
from engine.model.types import FLAG_NEW_LINK, Instrument
from engine.recording import FileRecorder
from engine.recording.daily_recorder import DailyRecorder
from engine.runtime.cursor import Cursor
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.dispatch import Dispatch
from engine.runtime.market import MarketWatch
from engine.runtime.publisher import Publisher
from engine.runtime.schedule import Schedule
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from tests.support.builders import EAGER, config, ms, tick
from tests.support.clock_runs import KeptEvents
from tests.support.scripted_feed import ScriptedFeed

HOUR_MS = 3_600_000
WIDE = (
    "risk.tp_points=[500,600,700,800]",
    "risk.base_sl_points=99",
    "risk.use_trail_stop=false",
    "risk.max_position_value_percent=30",
)
_BEAT_MS = 100


class HandClock(SystemClock):
    """A machine whose clocks are set by hand; its time of day is `off_ms` ahead of the true one."""

    def __init__(self, true_ms: int, off_ms: int = 0) -> None:
        self.true_ms = true_ms
        self.off_ms = off_ms

    def wall_ns(self) -> int:
        return (self.true_ms + self.off_ms) * 1_000_000

    def monotonic_ns(self) -> int:
        return self.true_ms * 1_000_000


class ClockedRun:
    """A paper run; its events are in `kept.events`. `off_ms` is how far the machine's clock is ahead of the true time.

    Times are the true ones: a tick at one is stamped with it by the exchange, and received at once.
    """

    def __init__(
        self,
        folder: Path,
        *overrides: str,
        at: int,
        off_ms: int = 0,
        market: str = "NSE",
        instruments: tuple[Instrument, ...] = (),
        takes_over: StateKept | None = None,
        clock: Clock | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        cfg = for_market(config(f"instrument.market={market}", *EAGER, *WIDE, *overrides), market)
        listed = instruments or (instrument_for(cfg, "NIFTY"),)
        self.hours_of = MarketHours(cfg, "paper")
        self.machine = HandClock(at, off_ms)
        self.clock = clock or self.machine
        self.trader = Trader(cfg, listed, "P1-", self.hours_of)
        self.state = self.trader.state
        self.paths: list[Path] = []

        def begin() -> FileRecorder:
            now_ns = self.clock.wall_ns()
            stated = self.hours_of.recorded(self.state.markets, now_ns // 1_000_000)
            self.paths.append(folder / f"run{len(self.paths) or ''}.mqr")
            return FileRecorder(self.paths[-1], header_of(cfg, "by hand", listed, stated, now_ns), flush_ms=10)

        self.recorder = DailyRecorder(begin)
        self.path = self.paths[0]
        self.kept = KeptEvents()
        self.parts = TurnParts(
            cfg, self.trader, self.clock, Cursor(lossless=False), simulated,
            journal=self.kept, recorder=self.recorder, keeps_account=False, inbox_size=9,
        )  # fmt: skip
        view = ScriptedFeed(lambda _: None, lambda: True).view()
        self.market = MarketWatch(self.parts, "paper", lambda: view)
        publisher = Publisher(lambda _: None, 1 << 40)
        switch = DeliverySwitch(self.parts, publisher, lambda: None)
        schedule = Schedule(self.parts, switch, None, 3)
        dispatch = Dispatch(self.parts, switch, schedule, None, lambda: None, None, generated=False, market=self.market)
        self.turn = Turn(self.parts, dispatch.carry_out, lambda: None, schedule, publisher, self.market)
        if takes_over is not None:
            self.parts.rewind.take_over(takes_over)
            self.parts.persistence.mark(StartMark(takes_over))
        schedule.set()

    def tick(self, price: float, at: int, *, instrument: int = 0, stamped: int = 0, flags: int = 0) -> "ClockedRun":
        """A tick is received `at`; the exchange has stamped it so, or as `stamped` says."""
        self.machine.true_ms = max(self.machine.true_ms, at)
        made = tick(
            self.parts.cursor.last_seq + 1, price, stamped or at,
            instrument=instrument, flags=flags, recv_wall_ns=self.clock.wall_ns(), recv_ns=self.clock.monotonic_ns(),
        )  # fmt: skip
        self.turn.take(made)
        return self

    def beat(self, at: int = 0) -> "ClockedRun":
        """One beat, `at` that time (0: now)."""
        self.machine.true_ms = at or self.machine.true_ms
        self.turn.beat()
        return self

    def until(self, at: int, step_ms: int = _BEAT_MS) -> "ClockedRun":
        """Let the beats go on to `at`."""
        while self.machine.true_ms < at:
            self.beat(min(at, self.machine.true_ms + step_ms))
        return self

    def send(self, command: TraderCommand) -> "ClockedRun":
        """Give a command, and the beat that takes it."""
        self.parts.inputs.append(command)
        return self.beat()

    def enter(self, at: int) -> "ClockedRun":
        """Have a position bought at 100, by ticks a second apart from `at` on."""
        self.tick(99, at, flags=FLAG_NEW_LINK).tick(100, at + 1000)
        assert self.held > 0
        return self

    @property
    def held(self) -> int:
        """What is held of instrument 0."""
        return self.state.portfolio.net(0)

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """The events of one kind so far."""
        return [event for event in self.kept.events if isinstance(event, kind)]

    @property
    def exits(self) -> list[tuple[str, float, bool]]:
        """The exits so far as (reason, price in rupees, blind)."""
        trades = [event.trade for event in self.events_of(TradeClosed)]
        return [(each.reason, each.exit_price / 100, each.blind) for each in trades]

    @property
    def flat_states(self) -> list[str]:
        """What a flat was said to be at, one after another."""
        return [event.state for event in self.events_of(FlatChanged)]

    def verified(self) -> str:
        """End it: what its verification says, "same" where all of it came out the same."""
        self.turn.end()
        self.recorder.close()
        for thread in threading.enumerate():
            if thread.name == "recorder-old-day":
                thread.join()
        told = set()
        for path in self.paths:
            found = verify(path, None, ())
            every = (found.same, found.exits_same) == (found.checkpoints, found.exits_recorded)
            told.add(found.outcome if every and found.outcome == "same" else f"{found.outcome}: {found.reason}")
        return ", ".join(sorted(told))


def account(folder: Path, entered: str, to: str, day: str = "2025-10-01", market: str = "NSE") -> StateKept:
    """The account of a run that bought at 100 at `entered` of `day` and kept it at `to`."""
    before = ClockedRun(folder / "before", at=ms(entered, day), market=market).enter(ms(entered, day))
    before.recorder.close()
    return before.state.keep(ms(to, day))
