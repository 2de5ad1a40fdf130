"""What the engine's thread does between two turns: counts the beat, looks at process, clock and silences, tells what must be told."""

import time
from collections.abc import Callable, Iterable

from engine.logs import log_trade
from engine.model.clock import SteadyClock
from engine.model.events import ClockStepped, Paused
from engine.runtime.closing import Closing
from engine.runtime.durability import Durability
from engine.runtime.event_log import LOGGERS
from engine.runtime.log_watch import LogWatch
from engine.runtime.loop_stats import LoopStats
from engine.runtime.never_ticked import NeverTicked
from engine.runtime.new_day import NewDay
from engine.runtime.process_stats import ProcessStats
from engine.runtime.ready_watch import ReadyWatch
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.runtime.uptime import UptimeWatch
from engine.runtime.watching import Watching
from engine.text.sanitize import CleanText
from engine.trading.instrument_state import InstrumentState

_log = LOGGERS["engine"]
_SECOND_NS = 1_000_000_000
_PAUSED_NS = 2 * _SECOND_NS  # a beat this late means that the process itself stood still
_STEPPED_NS = _SECOND_NS
_FEW = 50  # instruments; with more of them their silences are looked at less often
_LOOK_NS, _LOOK_AT_FEW_NS = _SECOND_NS, _SECOND_NS // 4
_APART_NS = 60 * _SECOND_NS  # clocks farther apart do not agree
_FRESH_NS = 10 * _SECOND_NS  # a tick received within tells the exchange's time
_NAMED = 3  # positions in a heartbeat line
_LEAST_NS = _SECOND_NS  # however fast a replay runs
_GAPS = 5  # an instrument may be silent for so many times its own median gap


class Housekeeping:
    """Keeps the loop's `stats`, and tells the log what must be told; `keep_receipt` has a flat's receipt put into a file.

    It waits for no disk: whatever is to be written goes to the threads that write.
    """

    def __init__(
        self,
        parts: TurnParts,
        turn: Turn,
        stats: LoopStats,
        process_stats: ProcessStats,
        durability: Durability,
        keep_receipt: Callable[[tuple[str, ...]], None],
        closing: Closing,
        new_day: NewDay | None = None,
        watching: Watching | None = None,
        log_watch: LogWatch | None = None,
        uptime: UptimeWatch | None = None,
        ready: ReadyWatch | None = None,
        *,
        pace: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._uptime = uptime
        self._ready = ready
        self._log_watch = log_watch
        self._pace = pace  # how many seconds pass in the run in one of ours
        self._watching = watching
        self._new_day = new_day
        self.stats = stats
        self.process_stats = process_stats
        self._turn = turn
        self._effects = parts.effects
        self._state = parts.trader.state
        self._instruments = parts.trader.state.instrument_states
        self._parts = parts
        self._recorder = parts.recorder
        self._recorder_told = CleanText("")
        self._durability = durability
        self._clock = parts.clock if isinstance(parts.clock, SteadyClock) else None  # only where ticks are live
        self._never = NeverTicked(self._instruments, LOGGERS["feed"].warning)
        self._stale_ns = int(parts.config.feed.stale_s * _SECOND_NS)
        self._look_ns = 0
        self._look_every_ns = _LOOK_AT_FEW_NS if len(self._instruments) <= _FEW else _LOOK_NS
        self._heartbeat_ns = parts.config.heartbeat.heartbeat_log_s * _SECOND_NS
        self._next_heartbeat_ns = time.perf_counter_ns() + self._heartbeat_ns
        self._write_receipt = keep_receipt
        self.tell_closing = closing.tell

    def make(self) -> None:
        """Make one round behind `watch_time`; called outside the turn."""
        if self._clock is not None:
            self._clock.refresh()
        now_ns = self.stats.beat_ns
        self.stats.beats += 1
        self.stats.process = self.process_stats.look(now_ns)
        self._look_at_disk(now_ns)
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + self._look_every_ns
            self._look_at_instruments(now_ns)
            self._follow_exchange(now_ns)
        if now_ns >= self._next_heartbeat_ns:
            self._next_heartbeat_ns = now_ns + self._heartbeat_ns
            self._log_heartbeat()
        self.keep_receipt()
        self.tell_closing()
        if self._log_watch is not None:
            self._log_watch.look(now_ns)
        if self._uptime is not None:
            self._uptime.look(now_ns)
        if self._ready is not None:
            self._ready.look(now_ns)
        watching = self._watching
        if watching is not None:
            watching.look(self._turn, now_ns)
        if self._new_day is not None and (watching is None or not watching.busy):
            self._new_day.look(now_ns)

    def _look_at_disk(self, now_ns: int) -> None:
        durability, stats = self._durability, self.stats
        durability.look(now_ns, self._effects.now_ms)
        stats.late_ns, stats.unkept_from_ms = durability.late_ns, durability.since_ms
        recorder = self._recorder
        if recorder is not None and recorder.problem != self._recorder_told:
            self._recorder_told = recorder.problem
            if recorder.problem:
                _log.error("recording stopped: %s; trading goes on", recorder.problem)

    def keep_receipt(self) -> None:
        """Put the receipts of what is over into the log, once: of one position, and of a flat, which goes into a file too."""
        for line in self._parts.action_receipt.take_lines():
            log_trade("%s", line, component="engine")
        for lines in self._parts.receipt.take_finished():
            for line in lines:
                log_trade("%s", line, component="engine")
            self._write_receipt(lines)

    def watch_time(self) -> None:
        """Stamp the loop; notice that the process stood still, or that somebody moved the machine's clock; the caller holds the lock.

        Ticks that were waiting at that moment are old news: they are worked, and enter nothing. So this comes before
        whatever waits is worked, and after the wait for the lock, where most of a pause may be spent; while all is well
        it reads two clocks.
        """
        now_ns = time.perf_counter_ns()
        stats = self.stats
        paused_ns = now_ns - stats.beat_ns if stats.beat_ns else 0
        stats.beat_ns = now_ns
        clock = self._clock
        if clock is None or (paused_ns < _PAUSED_NS and abs(clock.stepped_ns()) < _STEPPED_NS):
            return
        clock.refresh()
        stepped_ns = clock.stepped_ns()
        effects = self._effects
        self._turn.distrust_before(now_ns)
        if paused_ns >= _PAUSED_NS:
            effects.carry_out((Paused(paused_ns // 1_000_000, effects.now_ms),))
        if abs(stepped_ns) >= _STEPPED_NS:
            clock.follow()
            effects.carry_out((ClockStepped(stepped_ns // 1_000_000, effects.now_ms),))

    def _look_at_instruments(self, now_ns: int) -> None:
        ticking = silent = 0
        removed = 0
        pace = self._pace()
        for inst in self._instruments:
            tick = inst.last_tick
            removed += inst.instrument.removed is True
            if tick is not None:
                ticking += 1
                allowed_ns = max(self._stale_ns, _GAPS * inst.median_gap_ms * 1_000_000)
                silent += now_ns - tick.recv_ns > max(allowed_ns / pace, min(allowed_ns, _LEAST_NS))
        stats = self.stats
        stats.ticking, stats.silent = ticking, silent
        if self._clock is not None and (ticking < len(self._instruments) - removed or stats.never):
            stats.never = self._never.look(now_ns, self._parts.market_clock.now_ms)
        stats.sequence_gaps = sum(inst.tick_filter.sequence_gaps for inst in self._instruments)
        stats.refused = refusals(self._instruments)

    def _follow_exchange(self, now_ns: int) -> None:
        """Let our time of day follow a machine's clock that was set right after the start, where the exchange's says it was."""
        clock = self._clock
        if clock is None or abs(clock.apart_ns()) < _APART_NS:
            return
        with self._turn.lock:
            ticks = [inst.last_tick for inst in self._instruments if inst.last_tick is not None]
            lags_ns = [
                tick.recv_ns + clock.ahead_ns - tick.exch_ms * 1_000_000
                for tick in ticks
                if now_ns - tick.recv_ns < _FRESH_NS
            ]
            moved_ns = clock.side(min(lags_ns) / 1e6) if lags_ns else 0
            if moved_ns:
                self._turn.clock_set(moved_ns)
        if moved_ns:
            _log.warning(
                "the time of day was moved by %+d s: the machine's clock was set right", moved_ns // _SECOND_NS
            )

    def _log_heartbeat(self) -> None:
        inbox, cursor = self._parts.inbox, self._parts.cursor
        counters = f"ticks {cursor.position} beats {self.stats.beats} waiting {len(inbox)} merged {inbox.merged}"
        with self._turn.lock:  # position and result of one moment
            held = [
                f"{inst.instrument.quantity_text(position.quantity)} {inst.instrument.symbol}"
                for inst, position in self._state.held()
            ]
            day_pnl = self._parts.exits.statistics.day.net + self._state.open_pnl()
        told = (counters, self._state.faults, self._parts.epochs.now.delivery, _position(held), day_pnl)
        _log.info("heartbeat %s faults %d delivery %s position %s day P&L %+.2f", *told)


def _position(held: list[str]) -> str:
    """`75 NIFTY25NOV25900CE, 30 …`, the first few; `none`."""
    more = f" +{len(held) - _NAMED} more" if len(held) > _NAMED else ""
    return ", ".join(held[:_NAMED]) + more or "none"


def refusals(instruments: Iterable[InstrumentState]) -> dict[str, int]:
    """Count the refused ticks of all `instruments` by reason."""
    total: dict[str, int] = {}
    for inst in instruments:
        # A copy is made in one go: beside the turn a feed's thread may add a reason at any moment.
        for reason, count in inst.tick_filter.refused.copy().items():
            total[reason] = total.get(reason, 0) + count
    return total
