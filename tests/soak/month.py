"""A month of one market on a virtual clock, through the very turn of an engine: each session day into a recording of its own.

`make month` plays NSE with Muhurat, a holiday and a Saturday, MCX, New York over the change of its clocks, and a coin;
then it kills engine processes over a journal that is a year old. Prices are drawn from a seed; a tick comes about once a
minute, also shortly before each opening and after each end; on one day in three none comes any more of what is held. Beats do
between ticks what is due.
"""

import logging
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

from engine.assembly.market_hours import MarketHours
from engine.assembly.recording_config import fit_to_recording, header_of
from engine.backtest.verification import verify
from engine.config import instrument_for
from engine.model.clock import VirtualClock
from engine.model.events import ClosedBlind, DayStarted, TradeClosed
from engine.model.types import Tick, Trade
from engine.recording import FileRecorder, MqrSource, recording_path_for
from engine.recording.daily_recorder import DailyRecorder
from engine.runtime.cursor import Cursor
from engine.runtime.new_day import LEAD_MS, NewDay
from engine.runtime.publisher import Publisher
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.trading.held_watch import GRACE_MS
from engine.trading.session import SessionDay
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from tests.soak import year
from tests.support.builders import EAGER, config
from tests.support.clock_runs import KeptEvents
from tests.support.waiting import until

CHECKPOINT_TICKS = 50
ENTRIES = 3
RULES = (
    *EAGER,
    f"risk.max_positions_per_day={ENTRIES}",
    "risk.base_sl_points=2",
    "risk.tp_points=[3, 6]",
    "risk.tp_percents=[0.5, 0.5]",
    "risk.max_position_value_percent=20",
    "risk.max_tick_gap_ms=600000",
    "capital.initial_capital=10000000",
)


class Played(NamedTuple):
    """What came of a month: its session days, the recordings in their order, what was not as it should be, memory in KB.

    `blind` are the positions that no tick closed at their session's end.
    """

    days: list[date]
    files: list[Path]
    wrong: list[str]
    rss_kb: list[int]
    blind: list[Trade]


class _Checkpoints:
    """Puts a checkpoint into the recording every so many ticks."""

    def __init__(self, parts: TurnParts) -> None:
        self._parts = parts

    def reached(self, seq: int, _take: Callable[[Tick], None]) -> None:
        self._parts.persistence.checkpoint(self._parts.cursor.position)
        self._parts.cursor.milestone = seq + CHECKPOINT_TICKS


class Month:
    """One market from `first` on for `days` dates."""

    def __init__(
        self, market: str, first: date, days: int, folder: Path, *rules: str, seed: int = 1, every_s: int = 60
    ) -> None:
        chosen = config(f"instrument.market={market}", *RULES, *rules)
        self.instruments = (instrument_for(chosen, "NIFTY"),)
        self.first, self.days, self.every_s = first, days, every_s
        self.random = Random(seed)
        self.folder = folder
        hours = MarketHours(chosen, "paper")
        self.trader = Trader(chosen, self.instruments, "M-", hours)
        self.hours = self.trader.hours
        self.clock = VirtualClock(self._noon_ms(first - timedelta(days=1)) * 1_000_000)

        def begin() -> FileRecorder:
            at_ns = self.clock.wall_ns()
            path = recording_path_for(folder, "paper", "NIFTY", at_ns, self.hours.zone.key)
            stated = hours.recorded(self.trader.state.markets, at_ns // 1_000_000)
            return FileRecorder(path, header_of(chosen, "a month", self.instruments, stated, at_ns), flush_ms=10)

        self.recorder = DailyRecorder(begin)
        self.kept = KeptEvents()  # of the day at hand
        self.parts = TurnParts(
            chosen,
            self.trader,
            self.clock,
            Cursor(lossless=True),
            simulated,
            journal=self.kept,
            recorder=self.recorder,
            keeps_account=False,
            inbox_size=1,
        )
        self.turn = Turn(
            self.parts, lambda _: None, lambda: None, _Checkpoints(self.parts), Publisher(lambda _: None, 1 << 40)
        )
        self.parts.cursor.milestone = CHECKPOINT_TICKS
        self.trader.agenda.keep_time(by_ticks=False)
        markets = tuple(self.trader.state.markets.values())
        persistence = self.parts.persistence
        self.new_day = NewDay(self.turn, self.clock, self.parts.cursor, persistence, markets, self.recorder, lambda: ())
        self.seq = self.looked = 0
        self.price = 15_000
        self.played = Played([], [], [], [], [])

    def _noon_ms(self, day: date) -> int:
        return round(datetime(day.year, day.month, day.day, 12, tzinfo=self.hours.zone).timestamp() * 1000)

    def play(self) -> Played:
        """All of it, and the recordings closed."""
        for away in range(self.days):
            day = self.hours.day_of(self._noon_ms(self.first + timedelta(days=away)))
            if day.start_ms <= day.end_ms:
                self._session(day)
            else:
                self._look(self._noon_ms(day.date))
        with self.turn.lock:
            self.turn.end()
        self.recorder.close()
        for thread in threading.enumerate():
            if thread.name in {"recorder-old-day", "recorder"}:
                thread.join(10)
        self.played.files.extend(sorted(self.folder.glob("*.mqr")))
        return self.played

    def _look(self, at_ms: int) -> None:
        """What the engine's thread does once a second, at this moment."""
        self._beats(at_ms)
        self.clock.at_ms = at_ms
        self.looked += 2_000_000_000
        self.new_day.look(self.looked)

    def _beats(self, until_ms: int) -> None:
        """Those beats up to `until_ms` at which something is due; the others would do nothing."""
        while (due_ms := max(self.trader.agenda.due_ms, self.clock.at_ms + 1)) <= until_ms:
            self.clock.at_ms = due_ms
            with self.turn.lock:
                self.turn.beat()

    def _session(self, day: SessionDay) -> None:
        opens_ms = day.start_ms - (LEAD_MS if day.daily else 0)
        self._look(opens_ms - 1)
        if self.new_day.date == day.date:
            self.played.wrong.append(f"{day.date} began early")

        def begun() -> bool:
            self._look(opens_ms)
            return self.new_day.date == day.date

        until(begun)
        self.played.days.append(day.date)
        entries, at_ms = self.trader.state.portfolio.entries, day.start_ms - (60_000 if day.daily else 0)
        last_ms = day.end_ms + (60_000 if day.daily else 0)
        silent, silent_from_ms = False, last_ms
        if day.daily and not self.random.randrange(3):
            silent_from_ms = day.start_ms + self.random.randrange(2_700_000)
        while at_ms <= last_ms:
            silent |= at_ms > silent_from_ms and len(self.trader.state.held()) > 0
            if not silent:
                self._tick(at_ms)
            at_ms += self.random.randrange(self.every_s * 500, self.every_s * 1500)
        self._beats(last_ms)
        entered = self.trader.state.portfolio.entries - entries
        self.played.wrong.extend(f"{day.date}: {fault}" for fault in self._faults(day, entered))
        self.played.rss_kb.append(_rss_kb())

    def _faults(self, day: SessionDay, entered: int) -> Iterator[str]:
        """What is not as it should be at the end of `day`: limits and counters against what was told, and what is held."""
        state, events = self.trader.state, self.kept.events
        if not (entered or state.held()) or entered > ENTRIES:
            yield f"{entered} entries, allowed are {ENTRIES}"
        begun = [event.date for event in events if isinstance(event, DayStarted)]
        if begun != [day.date.isoformat()]:
            yield f"the days {begun} began"
        trades = [event.trade for event in events if isinstance(event, TradeClosed)]
        realised = sum((trade.net_pnl for trade in trades), Decimal(0))
        if (state.gate.day_entries, state.portfolio.day_realised) != (entered, realised):
            yield f"counted {state.gate.day_entries} entries of {entered}, {state.portfolio.day_realised} of {realised}"
        if day.daily and state.held():
            yield "held over the session's end"
        closed_by_ms = min(day.exit_from_ms + GRACE_MS, day.end_ms)
        late = [trade for trade in trades if day.daily and trade.exit_ms > closed_by_ms]
        if late:
            yield f"{len(late)} exits behind the session's end"
        told = sum(isinstance(event, ClosedBlind) for event in events)
        blind = [trade for trade in trades if trade.blind]
        if told != len(blind):
            yield f"{len(blind)} exits at old prices, {told} told"
        self.played.blind.extend(blind)
        events.clear()
        self.kept.marks.clear()

    def _tick(self, at_ms: int) -> None:
        self._beats(at_ms - 1)
        self.seq += 1
        self.price = min(max(10_000, self.price + 5 * self.random.randrange(-40, 41)), 20_000)
        tick = Tick(self.seq, 0, 0, at_ms * 1_000_000, at_ms * 1_000_000, at_ms, 0, self.price, 75, 0)
        with self.turn.lock:
            self.turn.take(tick)


def judged(month: Month) -> list[str]:
    """Play it, and say all that is not as it should be."""
    played = month.play()
    wrong = list(played.wrong)
    _, *others = played.files  # the first was begun the day before, and holds nothing
    if len(others) != len(played.days):
        wrong.append(f"{len(others)} recordings of {len(played.days)} days")
    ticks = sum(MqrSource(path).count() for path in played.files)
    if ticks != month.seq:
        wrong.append(f"{ticks} of {month.seq} ticks are recorded")
    for day, path in zip(played.days, others, strict=False):
        dates = {month.hours.day_of(tick.exch_ms).date for tick in MqrSource(path).ticks()}
        if dates != {day}:
            wrong.append(f"{path.name}: ticks of {', '.join(map(str, sorted(dates)))}")
        found = verify(path, None, ())
        if found.outcome != "same" or found.same < 2:
            wrong.append(f"{path.name}: {found.outcome} {found.reason}")
        if fit_to_recording(config(), MqrSource(path))[0].session.zone != month.hours.zone.key:
            wrong.append(f"{path.name}: another zone")
    calm = played.rss_kb[len(played.rss_kb) // 3 :]
    if calm and max(calm) - calm[0] > 8_000:
        wrong.append(f"memory grew by {max(calm) - calm[0]} KB")
    return wrong


def _rss_kb() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


MONTHS = (
    ("NSE", date(2025, 10, 13), 31, 21),  # Diwali with Muhurat, Balipratipada, Guru Nanak Jayanti
    ("NSE", date(2024, 2, 26), 31, 22),  # a Saturday drill, Shivaratri, Holi, Good Friday
    ("MCX", date(2026, 2, 20), 31, 21),  # evenings only, New York's summer begins
    ("US", date(2026, 10, 26), 35, 24),  # the clocks change, Thanksgiving and its half day
    ("24x7", date(2026, 3, 1), 31, 31),
)

if __name__ == "__main__":
    logging.getLogger("myquant").addHandler(logging.NullHandler())
    failed = False
    for name, begins, length, sessions in MONTHS:
        with tempfile.TemporaryDirectory() as folder:
            month = Month(name, begins, length, Path(folder))
            faults = judged(month)
            rss, days, blind = month.played.rss_kb, len(month.played.days), len(month.played.blind)
            if days != sessions:
                faults.append(f"{sessions} session days were expected")
            told = f"{days} session days, {month.seq:,} ticks, {blind} exits blind, memory {rss[0]:,} to {rss[-1]:,} KB"
            print(f"{name} from {begins}: {told}: {'; '.join(faults) or 'well'}", flush=True)
            failed |= bool(faults)
    with tempfile.TemporaryDirectory() as folder:
        restarts = year.experiment(Path(folder), kills=12)
        print(f"a year: {year.told(restarts)}: {'; '.join(year.faults(restarts)) or 'well'}")
        failed |= bool(year.faults(restarts))
    sys.exit(failed)
