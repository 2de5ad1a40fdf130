"""What the engine's thread does between two turns: counts the beat, looks at process, clock and silences, tells what must be told."""

import time
from collections.abc import Callable, Iterable

from engine.logs import log_trade
from engine.model.clock import Clock, SteadyClock
from engine.model.events import ClockStepped, Paused
from engine.model.ports import Recorder
from engine.runtime.event_log import LOGGERS
from engine.runtime.inbox import Inbox
from engine.runtime.process_stats import ProcessStats
from engine.runtime.turn import Turn
from engine.trading.instrument_state import InstrumentState

_log = LOGGERS["engine"]
_SECOND_NS = 1_000_000_000
_PAUSED_NS = 2 * _SECOND_NS  # a beat this late means that the process itself stood still
_STEPPED_NS = _SECOND_NS
_FEW = 50  # instruments; with more of them their silences are looked at less often
_LOOK_NS, _LOOK_AT_FEW_NS = _SECOND_NS, _SECOND_NS // 4
_APART_NS = 60 * _SECOND_NS  # clocks farther apart do not agree
_FRESH_NS = 10 * _SECOND_NS  # a tick received within tells the exchange's time
_PACE = 5  # an instrument may be silent for so many times its own median gap


class Housekeeping:
    """`beats` counts the engine's loop and `beat_ns` (monotonic) stamps it: the heartbeat is the age of that stamp.

    `ticking` instruments have had a tick, `silent` of them none for longer than they may; `refused` counts refused
    ticks of all instruments by reason, `sequence_gaps` jumps of the exchange's numbering. These are up to a quarter of a
    second old, with many instruments a second.
    """

    def __init__(
        self,
        *,
        turn: Turn,
        inbox: Inbox,
        recorder: Recorder | None,
        process_stats: ProcessStats,
        clock: Clock,
        stale_ns: int,
        heartbeat_log_s: int,
        keep_receipt: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.beats = 0
        self.beat_ns = 0
        self.silent = 0
        self.ticking = 0
        self.sequence_gaps = 0
        self.refused: dict[str, int] = {}
        self.process_stats = process_stats
        self._turn = turn
        self._inbox = inbox
        self._recorder = recorder
        self._recorder_told = False
        self._clock = clock if isinstance(clock, SteadyClock) else None  # only where ticks are live
        self._stale_ns = stale_ns
        self._look_ns = 0
        self._look_every_ns = _LOOK_AT_FEW_NS if len(turn.trader.state.instrument_states) <= _FEW else _LOOK_NS
        self._heartbeat_ns = heartbeat_log_s * _SECOND_NS
        self._next_heartbeat_ns = time.perf_counter_ns() + self._heartbeat_ns
        self._write_receipt = keep_receipt
        self._kept_receipt: tuple[str, ...] = ()

    def make(self) -> None:
        """Make one round; called outside the turn."""
        if self._clock is not None:
            self._clock.refresh()
        self.watch_time()
        now_ns = self.beat_ns
        self.beats += 1
        self.process_stats.look(now_ns)
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + self._look_every_ns
            self._look_at_desks(now_ns)
            self._follow_exchange(now_ns)
        if now_ns >= self._next_heartbeat_ns:
            self._next_heartbeat_ns = now_ns + self._heartbeat_ns
            self._log_heartbeat()
        if self._recorder is not None and self._recorder.problem and not self._recorder_told:
            self._recorder_told = True
            _log.error("recording stopped: %s; trading goes on", self._recorder.problem)
        self.keep_receipt()

    def keep_receipt(self) -> None:
        """Put the receipt of a flat that is over into the log and a file, once."""
        lines = self._turn.receipt.lines
        if lines and lines is not self._kept_receipt:
            self._kept_receipt = lines
            for line in lines:
                log_trade("%s", line, component="engine")
            self._write_receipt(lines)

    def watch_time(self) -> None:
        """Stamp the loop; notice that the process stood still, or that somebody moved the machine's clock.

        Ticks that were waiting at that moment are old news: they are worked, and enter nothing. So this comes before
        whatever waits is worked, outside the turn; while all is well it reads two clocks.
        """
        now_ns = time.perf_counter_ns()
        paused_ns = now_ns - self.beat_ns if self.beat_ns else 0
        self.beat_ns = now_ns
        clock = self._clock
        if clock is None or (paused_ns < _PAUSED_NS and abs(clock.stepped_ns()) < _STEPPED_NS):
            return
        clock.refresh()
        stepped_ns = clock.stepped_ns()
        turn = self._turn
        with turn.lock:
            turn.late_before_ns = now_ns
            if paused_ns >= _PAUSED_NS:
                turn.carry_out((Paused(paused_ns // 1_000_000, turn.now_ms),))
            if abs(stepped_ns) >= _STEPPED_NS:
                clock.follow()
                turn.carry_out((ClockStepped(stepped_ns // 1_000_000, turn.now_ms),))

    def _look_at_desks(self, now_ns: int) -> None:
        ticking = silent = 0
        instrument_states = self._turn.trader.state.instrument_states
        for inst in instrument_states:
            tick = inst.last_tick
            if tick is not None:
                ticking += 1
                silent += now_ns - tick.recv_ns > max(self._stale_ns, _PACE * inst.median_gap_ms * 1_000_000)
        self.ticking, self.silent = ticking, silent
        self.sequence_gaps = sum(inst.tick_filter.sequence_gaps for inst in instrument_states)
        self.refused = refusals(instrument_states)

    def _follow_exchange(self, now_ns: int) -> None:
        """Let our time of day follow a machine's clock that was set right after the start, where the exchange's says it was."""
        clock = self._clock
        if clock is None or abs(clock.apart_ns()) < _APART_NS:
            return
        with self._turn.lock:
            ticks = [inst.last_tick for inst in self._turn.trader.state.instrument_states if inst.last_tick is not None]
            lags_ns = [
                tick.recv_ns + clock.ahead_ns - tick.exch_ms * 1_000_000
                for tick in ticks
                if now_ns - tick.recv_ns < _FRESH_NS
            ]
            moved_ns = clock.side(min(lags_ns) / 1e6) if lags_ns else 0
        if moved_ns:
            _log.warning(
                "the time of day was moved by %+d s: the machine's clock was set right", moved_ns // _SECOND_NS
            )

    def _log_heartbeat(self) -> None:
        turn, inbox = self._turn, self._inbox
        counters = f"ticks {turn.position} beats {self.beats} waiting {len(inbox)} merged {inbox.merged}"
        _log.info("heartbeat %s faults %d", counters, turn.trader.state.faults)


def refusals(instrument_states: Iterable[InstrumentState]) -> dict[str, int]:
    """Count the refused ticks of all `instrument_states` by reason."""
    total: dict[str, int] = {}
    for inst in instrument_states:
        # A copy is made in one go: beside the turn a feed's thread may add a reason at any moment.
        for reason, count in inst.tick_filter.refused.copy().items():
            total[reason] = total.get(reason, 0) + count
    return total
