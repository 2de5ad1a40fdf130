"""The engine: its thread, the three ways of delivery, start and stop in good order. The only room that knows the mode."""

import time
from collections.abc import Callable
from threading import Event, Thread

from engine.config import EngineConfig
from engine.model.commands import Command
from engine.model.errors import EXIT_FAULT, EXIT_WELL
from engine.model.ports import Feed, FeedView, Journal, Recorder
from engine.model.snapshot import Snapshot
from engine.model.types import Tick
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.dispatch import Dispatch
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.inbox import Inbox
from engine.runtime.replay.playback import Playback
from engine.runtime.run_failure import RunFailure
from engine.runtime.tickets import Asked, Posted
from engine.runtime.turn import Turn

_BEAT_S = 0.1
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
        "_checkpoint_ticks",
        "_config",
        "_done",
        "_feed",
        "_feed_over",
        "_journal",
        "_next_checkpoint",
        "_picture",
        "_poll_due_ns",
        "_put",
        "_recorder",
        "_release",
        "_snapshot",
        "_stopping",
        "_thread",
        "_waiting",
        "_wake",
        "dispatch",
        "ended",
        "failure",
        "feed_view",
        "housekeeping",
        "inbox",
        "playback",
        "source_ended",
        "stop_asked",
        "stopped",
        "switch",
        "total",
        "turn",
    )

    def __init__(
        self,
        *,
        config: EngineConfig,
        turn: Turn,
        inbox: Inbox,
        feed: Feed,
        playback: Playback | None,
        journal: Journal | None,
        recorder: Recorder | None,
        checkpoint_ticks: int,
        picture: Callable[["Engine", int], Snapshot],
        housekeeping: Housekeeping,
    ) -> None:
        self.switch = DeliverySwitch(config, turn, inbox, live=playback is None)
        self.turn = turn
        self.inbox = inbox
        self.playback = playback
        self.housekeeping = housekeeping
        self.stopped = False  # no tick and no command is worked any more
        self.ended = False  # and all is written
        self.total = 0  # ticks of a finite source, once somebody counted them
        self.source_ended = False  # every tick of a finite source was worked
        self._config = config
        self._feed = feed
        self.feed_view: Callable[[], FeedView | None] = feed.view
        self._journal = journal
        self._recorder = recorder
        self._checkpoint_ticks = self._next_checkpoint = checkpoint_ticks
        self._picture = picture
        self._snapshot: Snapshot | None = None
        self._wake = Event()
        self._asleep = self._stopping = self._feed_over = False
        self._poll_due_ns = self._beat_due_ns = 0
        self._done = Event()
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        turn.owner = self
        self._acquire, self._release, self._waiting = turn.lock.acquire, turn.lock.release, inbox.waiting
        inbox.wake = self._wake.set
        self._put = inbox.put_lossless if playback is not None else inbox.put_newest
        self.stop_asked = False
        self.dispatch = Dispatch(turn, self.switch, playback, self._asked_to_stop)
        self.failure = RunFailure(
            turn=turn, dispatch=self.dispatch, journal=journal, post=self.post, fatal=self._done.set
        )
        self._set_milestone()

    # ── The front door ──────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Make ready for the first tick; `start` does it."""
        if self.playback is not None:
            self.playback.begin(self.turn)
        self._set_milestone()
        self.publish(time.perf_counter_ns())

    def start(self) -> None:
        """Begin: the engine's thread first, then the feed's."""
        self.prepare()
        self.housekeeping.process_stats.watch()
        self._thread.start()
        self._feed.start(self.deliver, self._feed_ended)

    def send(self, command: Command, ticket: int = 0) -> None:
        """Ask for `command`; carried out at the next turn boundary, before any waiting tick. Returns at once.

        What becomes of it stands in the snapshot's `commands` under `ticket`, unless that is 0.
        """
        self.post(Asked(ticket, command) if ticket else command)

    def post(self, event: Posted) -> None:
        """Hand in a command, or what a broker's or a feed's own thread has learned."""
        self.turn.commands.append(event)
        self._wake.set()

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of the engine; immutable. While nobody takes one, there is a new one twice a second only."""
        assert self._snapshot is not None, "start the engine first"
        self.turn.looked_at()
        return self._snapshot

    @property
    def problem(self) -> str:
        """Why the run cannot go on; once it has ended also what the disk refused; empty when all is well."""
        return self.failure.problem or (self.failure.disk if self.ended else "")

    @property
    def exit_status(self) -> int:
        """With what the run is to end as things stand."""
        return self.failure.exit_status

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the feed is over and everything worked, or the run failed or was asked to stop."""
        return self._done.wait(timeout_s)

    def stop(self) -> None:
        """End in good order: feed, waiting ticks, last checkpoint, recording, journal. Safe to call twice.

        A step that fails is kept as the engine's fault, and keeps none of the others from their turn.
        """
        if self.stopped:
            return
        self._stopping = True
        self.inbox.close()
        self._end(lambda: self._feed.stop(2.0))
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self.housekeeping.process_stats.release()
        for step in (self._work_the_rest, self._last_picture, self.housekeeping.keep_receipt, self._close):
            self._end(step)
        self.ended = True
        self._done.set()

    def _end(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever broke: the next steps close what must be closed
            self.broke(error)

    def _work_the_rest(self) -> None:
        if self.exit_status == EXIT_FAULT:  # nobody knows what one more step would do
            return
        with self.turn.lock:
            self._work_inbox()
            self.turn.run_commands()
            self.turn.carry_out(self.turn.trader.on_end(self.turn.now_ms))
            self.turn.persistence.account(self.turn.now_ms)
            self.turn.checkpoint()

    def _last_picture(self) -> None:
        with self.turn.lock:
            self.stopped = True
            self.publish(time.perf_counter_ns())

    def _close(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
        if self._journal is not None:
            self._journal.close(self.failure.outcome, fault=self.exit_status != EXIT_WELL)
            self.failure.journal_ended(self._journal)

    def broke(self, error: Exception) -> None:
        """Keep and tell a failure of the engine itself, the first one: entries locked, exit status 70; not within the turn."""
        self.failure.broke(error, ended=self.stopped)

    # ── Delivery ────────────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, tick: Tick) -> None:
        """Take a tick from the feed's thread, by the mode of the moment."""
        mode = self.switch.mode
        if mode != "callback":
            if not tick.seq & self.turn.sample_mask:
                self.turn.epochs.now.to_inbox.record(time.perf_counter_ns() - tick.recv_ns)
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
            self.broke(error)

    def _work_inbox(self) -> None:
        """Work what waits; the caller holds the lock."""
        waiting, take = self._waiting, self.turn.take
        while waiting:
            try:
                tick = waiting.popleft()
            except IndexError:  # a merge has the rest in its hands at this moment, and puts it back
                break
            take(tick)
        self.inbox.room_made()

    def _run(self) -> None:
        try:
            while True:
                look = self._sleep()
                self.housekeeping.watch_time()  # before anything that waited is worked
                with self.turn.lock:
                    if self._stopping:
                        return
                    if look:
                        self._work_inbox()
                    now_ns = time.perf_counter_ns()
                    due = now_ns >= self._beat_due_ns
                    if due or self.turn.commands:
                        self.turn.beat(own=self.playback is None or not self.playback.gives_beats)
                    if self.switch.wanted is not None:
                        self.switch.switch()
                        self._set_milestone()
                    self.dispatch.tickets.look()
                if due:
                    self._beat_due_ns = now_ns + _BEAT_EVERY_NS
                    self.housekeeping.make()
                if self._feed_over and not self.inbox and not self.turn.commands:
                    self._feed_over = False
                    self.source_ended = not self.problem
                    self._done.set()
        except Exception as error:  # noqa: BLE001 - the mouth of the thread
            self.broke(error)

    def _sleep(self) -> bool:
        """Wait for work or for the next beat; whether to look into the inbox: in polling mode only when that is due."""
        polling = self.switch.mode == "polling"
        poll_s = self._config.poll_interval_ms / 1000
        woken = bool(self.turn.commands) or self._feed_over
        self._asleep = True
        if not woken and (polling or not self.inbox):
            woken = self._wake.wait(min(poll_s, _BEAT_S) if polling else _BEAT_S)
        self._asleep = False
        self._wake.clear()
        now_ns = time.perf_counter_ns()
        if polling and not woken and now_ns < self._poll_due_ns:
            return False
        self._poll_due_ns = now_ns + self._config.poll_interval_ms * 1_000_000
        return True

    def _asked_to_stop(self) -> None:
        self.stop_asked = True
        self._done.set()

    def _feed_ended(self, problem: str) -> None:
        if problem and self.playback is None:
            self.failure.feed_failed(problem)
            return
        if problem:
            self.failure.source_failed(problem)
        self._feed_over = True
        self._wake.set()

    # ── What the turn tells, and what is due every so many ticks ─────────────────────────────────────────────────────

    def command(self, command: Posted) -> None:
        """Carry out one command within the turn."""
        if self.dispatch.command(command):
            self._set_milestone()

    def trader_raised(self) -> None:
        """Fall back from callback mode when it happens twice."""
        if self.turn.trader.state.faults >= 2:
            self.switch.fall_back("the trader raised twice")

    def milestone(self, seq: int) -> None:
        """Do what is due after tick `seq`: checkpoint, saved state, switch of delivery."""
        turn = self.turn
        if turn.position >= self._next_checkpoint:
            self._next_checkpoint = turn.position + self._checkpoint_ticks
            turn.checkpoint()
        if self.playback is not None:
            self.playback.milestone(seq)
        self.switch.look()
        self._set_milestone()

    def _set_milestone(self) -> None:
        turn = self.turn
        nearest = self.switch.next_look(turn.last_seq)
        if self._recorder is not None:
            nearest = min(nearest, self._next_checkpoint + turn.holes)
        if self.playback is not None:
            nearest = min(nearest, self.playback.next_milestone(turn.last_seq))
        turn.milestone = nearest

    def publish(self, now_ns: int) -> None:
        """Put a new snapshot on the table: one attribute store."""
        self._snapshot = self._picture(self, now_ns)

    def history(self, instrument: int) -> tuple[tuple[int, int], ...]:
        """The day's chart of one instrument: (ms, price in minor units), one point every few seconds."""
        return self.turn.trader.state.instrument_states[instrument].history.points()
