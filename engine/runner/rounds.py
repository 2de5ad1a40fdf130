"""What the engine's thread does between two turns: counts the beat, looks at the process, tells what must be told."""

import time
from collections.abc import Callable

from engine.inbox import Inbox
from engine.logs import log_trade
from engine.ports import Recorder
from engine.runner.turn import LOGGERS, Turn
from engine.runner.vitals import Vitals

_log = LOGGERS["engine"]


class Rounds:
    """`beats` counts the engine's loop and `beat_ns` (monotonic) stamps it: the heartbeat is the age of that stamp."""

    def __init__(
        self,
        *,
        turn: Turn,
        inbox: Inbox,
        recorder: Recorder | None,
        vitals: Vitals,
        heartbeat_log_s: int,
        keep_receipt: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.beats = 0
        self.beat_ns = 0
        self.vitals = vitals
        self._turn = turn
        self._inbox = inbox
        self._recorder = recorder
        self._recorder_told = False
        self._heartbeat_ns = heartbeat_log_s * 1_000_000_000
        self._next_heartbeat_ns = time.perf_counter_ns() + self._heartbeat_ns
        self._keep_receipt = keep_receipt
        self._kept_receipt: tuple[str, ...] = ()

    def make(self) -> None:
        """Make one round; called outside the turn."""
        now_ns = self.beat_ns = time.perf_counter_ns()
        self.beats += 1
        self.vitals.look(now_ns)
        if now_ns >= self._next_heartbeat_ns:
            self._next_heartbeat_ns = now_ns + self._heartbeat_ns
            self._log_heartbeat()
        if self._recorder is not None and self._recorder.problem and not self._recorder_told:
            self._recorder_told = True
            _log.error("recording stopped: %s; trading goes on", self._recorder.problem)
        lines = self._turn.receipt.lines
        if lines and lines is not self._kept_receipt:
            self._kept_receipt = lines
            for line in lines:
                log_trade("%s", line, component="engine")
            self._keep_receipt(lines)

    def _log_heartbeat(self) -> None:
        turn, inbox = self._turn, self._inbox
        counters = f"ticks {turn.position} beats {self.beats} waiting {len(inbox)} merged {inbox.merged}"
        _log.info("heartbeat %s faults %d", counters, turn.trader.state.faults)
