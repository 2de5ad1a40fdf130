"""Switching how ticks are delivered while they flow: drain, swap, prove that none was lost. Called within the turn."""

import logging
import time

from engine.config import EngineConfig
from engine.logs import log_trade
from engine.model.events import CommandRefused
from engine.model.types import Delivery
from engine.runtime.inbox import Inbox
from engine.runtime.turn import Turn

_SLOW_WINDOW = 200  # ticks; more than 1 % of them over the budget is a p99 over the budget
_NEVER = 1 << 62


class DeliverySwitch:
    """The mode of the moment, the one that is asked for, and the watch over a slow handler in callback mode.

    A wish is carried out after the tick at hand and before any other: `turn.milestone` = 0 brings that about.
    """

    __slots__ = ("_config", "_inbox", "_live", "_turn", "_window_ends", "mode", "refusal", "wanted")

    def __init__(self, config: EngineConfig, turn: Turn, inbox: Inbox, *, live: bool) -> None:
        self.mode: Delivery = config.delivery
        self.wanted: Delivery | None = None
        self.refusal = ""  # why the newest wish was not carried out
        self._config = config
        self._turn = turn
        self._inbox = inbox
        self._live = live
        self._set_budget()

    def request(self, delivery: Delivery) -> None:
        """Wish for `delivery`."""
        self.wanted = delivery
        self.refusal = ""
        self._turn.milestone = 0

    def switch(self) -> None:
        """Drain the inbox in the old mode, then swap; refused while a flat runs or when draining takes too long."""
        wanted, self.wanted = self.wanted, None
        if wanted is None or wanted == self.mode:
            return
        turn = self._turn
        self.refusal = "a flat is running" if turn.trader.state.flat.running else self._drain()
        if self.refusal:
            turn.carry_out((CommandRefused(f"delivery {wanted}", self.refusal),))
            return
        line = f"delivery {self.mode} → {wanted} at #{turn.last_seq}, {turn.holes - self._inbox.merged} lost"
        turn.epochs.switch(wanted, turn.last_seq, self._inbox.merged)
        self.mode = wanted
        self._set_budget()
        turn.mark("delivery", line)
        turn.event_log.outcome(line)
        turn.owner.publish(time.perf_counter_ns())  # before the log says it: whoever reads that line sees it done
        log_trade("%s", line, component="engine")

    def _drain(self) -> str:
        """Work what waits; why that was given up, or empty."""
        limit_ms = self._config.switch_drain_ms
        give_up_ns = time.perf_counter_ns() + limit_ms * 1_000_000
        while (tick := self._inbox.take()) is not None:
            self._turn.take(tick)
            if self._inbox and time.perf_counter_ns() > give_up_ns:
                return f"draining the inbox takes more than {limit_ms} ms"
        self._inbox.room_made()
        return ""

    def _set_budget(self) -> None:
        """Watch the handler's time in callback mode, where a slow one holds up the feed itself."""
        self._begin_window()
        watched = self._live and self.mode == "callback"
        self._turn.budget_ns = self._config.handler_budget_ms * 1_000_000 if watched else _NEVER

    def _begin_window(self) -> None:
        self._turn.slow = 0
        self._window_ends = self._turn.position + _SLOW_WINDOW

    def next_look(self, seq: int) -> int:
        """The tick number after which `look` is wanted."""
        if self.wanted is not None:
            return 0
        # Numbers have holes: then it is looked too early, and again.
        return _NEVER if self._turn.budget_ns == _NEVER else seq + max(1, self._window_ends - self._turn.position)

    def look(self) -> None:
        """Judge the last window of ticks; carry out a wish."""
        turn = self._turn
        if turn.budget_ns != _NEVER and turn.position >= self._window_ends:
            if turn.slow * 100 > _SLOW_WINDOW:
                self.fall_back(f"p99 over {self._config.handler_budget_ms} ms")
            self._begin_window()
        if self.wanted is not None:
            self.switch()

    def fall_back(self, reason: str) -> None:
        """Leave callback mode, visibly."""
        if self.mode == "callback":
            log_trade("callback → queued: %s", reason, component="engine", level=logging.WARNING)
            self.request("queued")
