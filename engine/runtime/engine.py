"""The engine: its thread, the three ways of delivery, start and stop in good order. The only module that knows the mode."""

import time
from collections.abc import Callable
from threading import Thread

from engine.model.bars import Bar
from engine.model.commands import Command
from engine.model.errors import EXIT_FAULT, EXIT_WELL
from engine.model.ports import Feed, FeedView
from engine.model.snapshot import Snapshot
from engine.model.types import Tick
from engine.runtime.delivery import STAMP_EVERY, DeliverySwitch
from engine.runtime.dispatch import Dispatch
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.publisher import Publisher
from engine.runtime.replay.playback import Playback
from engine.runtime.run_failure import RunFailure, RunStatus
from engine.runtime.schedule import Schedule
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import Asked, TurnParts
from engine.text.sanitize import CleanText

_BEAT_S = 0.1
_FLAT_BEAT_S = 0.015  # while a flat runs: whoever asked for it waits for the broker's second word
_FLAT_BEAT_NS = 15_000_000
_BEAT_EVERY_NS = 45_000_000  # how soon the next beat and round come, at the most, when ticks wake the loop all the time


class Engine:
    """A running engine: `start`, `send(command)`, `snapshot`, `stop`.

    Threads: the feed's, which brings ticks; the engine's, which looks after inbox, commands and beat. Both take the
    turn's lock for what they do to trading state.
    """

    __slots__ = (
        "_acquire",
        "_asleep",
        "_beat_due_ns",
        "_config",
        "_dispatch",
        "_feed",
        "_feed_over",
        "_parts",
        "_poll_due_ns",
        "_publisher",
        "_put",
        "_release",
        "_schedule",
        "_stopping",
        "_thread",
        "_waiting",
        "_wake",
        "cursor",
        "epochs",
        "exits",
        "failure",
        "housekeeping",
        "inbox",
        "past",
        "playback",
        "post",
        "receipt",
        "stats",
        "status",
        "switch",
        "trader",
        "turn",
    )

    def __init__(
        self,
        parts: TurnParts,
        turn: Turn,
        feed: Feed,
        playback: Playback | None,
        switch: DeliverySwitch,
        schedule: Schedule,
        dispatch: Dispatch,
        status: RunStatus,
        publisher: Publisher,
        housekeeping: Housekeeping,
    ) -> None:
        self.turn = turn
        self.trader = parts.trader
        self.cursor = parts.cursor
        self.epochs = parts.epochs
        self.exits = parts.exits
        self.past = parts.past
        self.receipt = parts.receipt
        self.inbox = parts.inbox
        self.post = parts.post
        self.playback = playback
        self.switch = switch
        self.status = status
        self.housekeeping = housekeeping
        self.stats = housekeeping.stats
        self.failure = RunFailure(parts, turn, dispatch, status)
        self._config = parts.config.engine
        self._parts = parts
        self._feed = feed
        self._schedule = schedule
        self._dispatch = dispatch
        self._publisher = publisher
        self._wake = parts.wake
        self._asleep = self._stopping = self._feed_over = False
        self._poll_due_ns = self._beat_due_ns = 0
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self._acquire, self._release, self._waiting = turn.lock.acquire, turn.lock.release, parts.inbox.waiting
        self._put = parts.inbox.put_lossless if playback is not None else parts.inbox.put_newest

    # ── What its users call ──────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Make ready for the first tick; `start` does it."""
        if self.playback is not None:
            self.playback.begin()
        self._schedule.set()
        self._publisher.publish(time.perf_counter_ns())

    def start(self) -> None:
        """Begin: the engine's thread first, then what it sends by and what feeds it."""
        self.prepare()
        self.housekeeping.process_stats.watch()
        with self.turn.lock:
            self.housekeeping.watch_time()  # a pause before the loop's first round is one, too
        self._thread.start()
        if self._parts.lanes is not None:
            self._parts.lanes.start()
        self._feed.start(self.deliver, self._feed_ended)

    def send(self, command: Command, ticket: int = 0) -> None:
        """Ask for `command`; carried out at the next turn boundary, before any waiting tick. Returns at once.

        What becomes of it stands in the snapshot's `commands` under `ticket`, unless that is 0.
        """
        self.post(Asked(ticket, command) if ticket else command)

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of the engine; immutable. While nobody takes one, there is a new one twice a second at most."""
        return self._publisher.look()

    @property
    def problem(self) -> CleanText:
        """Why the run cannot go on; once it has ended also what the disk refused; empty when all is well."""
        return self.status.shown

    @property
    def now_ms(self) -> int:
        """The engine's own time, UTC: that of the newest tick in a replay, the wall's where ticks are live."""
        return self._parts.effects.now_ms

    def feed_view(self) -> FeedView | None:
        """How the feed's link stands, None where there is none; any thread."""
        return self._feed.view()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the feed is over and everything worked, or the run failed or was asked to stop."""
        return self.status.done.wait(timeout_s)

    def stop(self) -> None:
        """End in good order: feed, waiting ticks, last checkpoint, recording, journal. Safe to call twice.

        A step that fails is kept as the engine's fault, and keeps none of the others from their turn.
        """
        if self.status.stopped:
            return
        self._stopping = True
        self.inbox.close()
        self._end(lambda: self._feed.stop(2.0))
        if (lanes := self._parts.lanes) is not None:
            self._end(lambda: lanes.stop(2.0))
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self.housekeeping.process_stats.release()
        keeper = self.housekeeping
        for step in (self._work_the_rest, self._last_snapshot, keeper.keep_receipt, keeper.tell_closing, self._close):
            self._end(step)
        self.status.ended = True
        self.status.finish()

    def _end(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever broke: the next steps close what must be closed
            self.failure.broke(error)

    def _work_the_rest(self) -> None:
        if self.status.exit_status == EXIT_FAULT:  # nobody knows what one more step would do
            return
        with self.turn.lock:
            self._work_inbox()
            self.turn.end()

    def _last_snapshot(self) -> None:
        with self.turn.lock:
            self.status.stopped = True
            self._publisher.publish(time.perf_counter_ns())

    def _close(self) -> None:
        recorder, journal = self._parts.recorder, self._parts.journal
        if journal is not None:  # first: where the disk is slow, it is what must not be lost
            fault = self.status.exit_status != EXIT_WELL
            self._parts.persistence.close(self.failure.outcome, self._parts.effects.now_ms, fault=fault)
            self.failure.journal_ended(journal)
        if recorder is not None:
            recorder.close()

    # ── Delivery ────────────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, tick: Tick) -> None:
        """Take a tick from the feed's thread, by the mode of the moment."""
        mode = self.switch.mode
        if mode != "callback":
            if not tick.seq & self.epochs.sample_mask:
                self.epochs.now.to_inbox.record(time.perf_counter_ns() - tick.recv_ns)
            if len(self._waiting) < self.inbox.capacity:
                self._waiting.append(tick)
            else:
                self._put(tick)
            if self._asleep and mode == "queued":
                self._wake.set()
            return
        try:
            self._acquire()  # not `with`: that looks the lock's two methods up for every tick
            try:
                if self._stopping:  # a feed that outlives its end trades no more
                    return
                if self._waiting:
                    self._work_inbox()  # what was put just before the mode was switched comes first
                self.turn.take(tick)
            finally:
                self._release()
        except Exception as error:  # noqa: BLE001 - the engine's fault, not the feed's
            self.failure.broke(error)

    def _work_inbox(self) -> None:
        """Work what waits, however long that takes: the loop goes on meanwhile, and is stamped; the caller holds the lock."""
        waiting, take, left = self._waiting, self.turn.take, STAMP_EVERY
        while waiting:
            try:
                tick = waiting.popleft()
            except IndexError:  # a merge has the rest in its hands at this moment, and puts it back
                break
            take(tick)
            left -= 1
            if not left:
                left = STAMP_EVERY
                self.housekeeping.watch_time()
        self.inbox.room_made()

    def _run(self) -> None:
        try:
            while True:
                look = self._sleep()
                with self.turn.lock:
                    if self._stopping:
                        return
                    self.housekeeping.watch_time()  # before anything that waited is worked
                    if look:
                        self._work_inbox()
                    now_ns = time.perf_counter_ns()
                    due = now_ns >= self._beat_due_ns
                    if due or self.turn.inputs:
                        self.turn.beat(own=self.playback is None or not self.playback.gives_beats)
                    if self.switch.wanted is not None:
                        self.switch.switch(self.turn.take)
                        self._schedule.set()
                    self._dispatch.tickets.look()
                if due:
                    self._beat_due_ns = now_ns + _BEAT_EVERY_NS
                    self.housekeeping.make()
                if self.trader.state.flat.hastens:
                    self._beat_due_ns = min(self._beat_due_ns, now_ns + _FLAT_BEAT_NS)
                if self._feed_over and not self.inbox and not self.turn.inputs:
                    self._feed_over = False
                    self.status.source_ended = not self.problem
                    self.status.finish()
        except Exception as error:  # noqa: BLE001 - the mouth of the thread
            self.failure.broke(error)

    def _sleep(self) -> bool:
        """Wait for work or for the next beat; whether to look into the inbox: in polling mode only when that is due."""
        polling = self.switch.mode == "polling"
        poll_s = self._config.poll_interval_ms / 1000
        beat_s = _FLAT_BEAT_S if self.trader.state.flat.hastens else _BEAT_S
        woken = bool(self.turn.inputs) or self._feed_over
        self._asleep = True
        if not woken and (polling or not self.inbox):
            woken = self._wake.wait(min(poll_s, beat_s) if polling else beat_s)
        self._asleep = False
        self._wake.clear()
        now_ns = time.perf_counter_ns()
        if polling and not woken and now_ns < self._poll_due_ns:
            return False
        self._poll_due_ns = now_ns + self._config.poll_interval_ms * 1_000_000
        return True

    def _feed_ended(self, problem: str) -> None:
        if problem and self.playback is None:
            self.failure.feed_failed(problem)
            return
        if problem:
            self.failure.source_failed(problem)
        self._feed_over = True
        self._wake.set()

    def history(self, instrument: int) -> tuple[Bar, ...]:
        """The day's chart of one instrument, a bar every few seconds, with what was before this run; from any thread."""
        state = self.trader.state
        inst = state.instrument_states[instrument]
        return self.past.with_past(instrument, inst.bars(state.portfolio.positions[instrument]), inst.day)
