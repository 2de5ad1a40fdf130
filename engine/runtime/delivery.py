"""Switching how ticks are delivered while they flow: drain, swap, prove that none was lost. Called within the turn."""

import logging
import time
from collections.abc import Callable

from engine.logs import log_trade
from engine.model.events import CommandRefused
from engine.model.types import Delivery, Tick
from engine.runtime.cursor import NEVER
from engine.runtime.publisher import Publisher
from engine.runtime.turn_parts import TurnParts

_SLOW_WINDOW = 200  # ticks; more than 1 % of them over the budget is a p99 over the budget
_FAULTS = 2  # of trader or strategy, and callback mode is left
STAMP_EVERY = 100  # ticks of those that are worked in one go: the loop goes on, and is stamped

Take = Callable[[Tick], None]


class DeliverySwitch:
    """The mode of the moment, the one that is asked for, and the watch over a slow handler in callback mode.

    A request is carried out after the tick at hand and before any other: a milestone of 0 brings that about. `watch_time`
    stamps the loop (`Housekeeping.watch_time`).
    """

    def __init__(self, parts: TurnParts, publisher: Publisher, watch_time: Callable[[], None]) -> None:
        self.mode: Delivery = parts.config.engine.delivery
        self.wanted: Delivery | None = None
        self.refusal = ""  # why the newest request was not carried out
        self._config = parts.config.engine
        self._state = parts.trader.state
        self._effects = parts.effects
        self._cursor = parts.cursor
        self._inbox = parts.inbox
        self._parts = parts
        self._budget = parts.budget
        self._publisher = publisher
        self._watch_time = watch_time
        self._faults_seen = 0  # callback mode may be asked for again after them
        self._set_budget()

    def request(self, delivery: Delivery) -> None:
        """Ask for `delivery`."""
        self.wanted = delivery
        self.refusal = ""
        self._cursor.milestone = 0

    def switch(self, take: Take) -> None:
        """Drain the inbox in the old mode, then swap; refused while a flat runs or when draining takes too long."""
        wanted, self.wanted = self.wanted, None
        if wanted is None or wanted == self.mode:
            return
        self.refusal = "a flat is running" if self._state.flat.running else self._drain(take)
        if self.refusal:
            self._effects.carry_out((CommandRefused(f"delivery {wanted}", self.refusal),))
            return
        cursor, merged = self._cursor, self._inbox.merged
        line = f"delivery {self.mode} → {wanted} at #{cursor.last_seq}, {cursor.holes - merged} lost"
        self._parts.epochs.switch(wanted, cursor.last_seq, merged)
        self.mode = wanted
        self._set_budget()
        self._effects.mark("delivery", line)
        self._parts.outcomes.add(line)
        self._publisher.publish(time.perf_counter_ns())  # before the log says it: whoever reads that line sees it done
        log_trade("%s", line, component="engine")

    def _drain(self, take: Take) -> str:
        """Work what waits; why that was given up, or empty."""
        limit_ms = self._config.switch_drain_ms
        give_up_ns = time.perf_counter_ns() + limit_ms * 1_000_000
        left = STAMP_EVERY
        while (tick := self._inbox.take()) is not None:
            take(tick)
            left -= 1
            if not left:
                left = STAMP_EVERY
                self._watch_time()
            if self._inbox and time.perf_counter_ns() > give_up_ns:
                return f"draining the inbox takes more than {limit_ms} ms"
        self._inbox.room_made()
        return ""

    def _set_budget(self) -> None:
        """Watch the handler's time in callback mode, where a slow one holds up the feed itself."""
        self._begin_window()
        watched = not self._cursor.lossless and self.mode == "callback"
        self._budget.limit_ns = self._config.handler_budget_ms * 1_000_000 if watched else NEVER

    def _begin_window(self) -> None:
        self._budget.slow = 0
        self._window_ends = self._cursor.position + _SLOW_WINDOW

    def next_look(self, seq: int) -> int:
        """The tick number after which `look` is wanted."""
        if self.wanted is not None:
            return 0
        # Numbers have holes: then it is looked too early, and again.
        return NEVER if self._budget.limit_ns == NEVER else seq + max(1, self._window_ends - self._cursor.position)

    def look(self, take: Take) -> None:
        """Judge the last window of ticks and what the trader raised; carry out a request."""
        if self._state.faults >= _FAULTS and self._state.faults != self._faults_seen:
            self._faults_seen = self._state.faults
            self._fall_back("the trader raised twice")
        if self._budget.limit_ns != NEVER and self._cursor.position >= self._window_ends:
            if self._budget.slow * 100 > _SLOW_WINDOW:
                self._fall_back(f"p99 over {self._config.handler_budget_ms} ms")
            self._begin_window()
        if self.wanted is not None:
            self.switch(take)

    def _fall_back(self, reason: str) -> None:
        """Leave callback mode, visibly."""
        if self.mode == "callback":
            log_trade("callback → queued: %s", reason, component="engine", level=logging.WARNING)
            self.request("queued")
