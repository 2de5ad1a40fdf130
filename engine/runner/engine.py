"""The engine: its thread, the three ways of delivery, start and stop in good order. The only room that knows the mode."""

import time
from collections.abc import Callable
from threading import Event, Thread

from engine.config import EngineConfig
from engine.errors import EXIT_DISK, EXIT_FAULT, EXIT_WELL
from engine.inbox import Inbox
from engine.messages import Command, EntriesChanged, Lock
from engine.ports import Feed, FeedView, Journal, LiveFeed, Recorder
from engine.runner.delivery import DeliverySwitch
from engine.runner.dispatch import Dispatch
from engine.runner.playback import Playback
from engine.runner.rounds import Rounds
from engine.runner.tickets import Asked, Posted
from engine.runner.turn import LOGGERS, Turn
from engine.snapshot import Snapshot
from engine.types import Tick

_BEAT_S = 0.1
_log = LOGGERS["engine"]


class Engine:
    """A running engine: `start`, `send(command)`, `snapshot`, `stop`.

    Threads: the feed's, which brings ticks; the engine's, which looks after inbox, commands and beat. Both take the
    turn's lock for what they do to trading state.
    """

    def __init__(
        self,
        *,
        config: EngineConfig,
        turn: Turn,
        inbox: Inbox,
        feed: Feed | LiveFeed,
        playback: Playback | None,
        journal: Journal | None,
        recorder: Recorder | None,
        checkpoint_ticks: int,
        picture: Callable[["Engine", int], Snapshot],
        rounds: Rounds,
    ) -> None:
        self.switch = DeliverySwitch(config, turn, inbox, live=playback is None)
        self.turn = turn
        self.inbox = inbox
        self.playback = playback
        self.rounds = rounds
        self.problem = ""  # why the run cannot go on; empty when all is well
        self.exit_status = EXIT_WELL
        self.stopped = False
        self.total = 0  # ticks of a finite source, once somebody counted them
        self.source_ended = False  # every tick of a finite source was worked
        self._config = config
        self._feed = feed
        self.feed_view: Callable[[], FeedView | None] = getattr(feed, "view", _no_view)  # how a live feed stands
        self._journal = journal
        self._recorder = recorder
        self._checkpoint_ticks = checkpoint_ticks
        self._next_checkpoint = checkpoint_ticks
        self._picture = picture
        self._snapshot: Snapshot | None = None
        self._wake = Event()
        self._asleep = False
        self._poll_due_ns = 0
        self._stopping = False
        self._feed_over = False
        self._done = Event()
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        turn.owner = self
        inbox.wake = self._wake.set
        self._put = inbox.put_lossless if playback is not None else inbox.put_newest
        self.stop_asked = False
        self.dispatch = Dispatch(turn, self.switch, playback, self._asked_to_stop)
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
        self.rounds.vitals.watch()
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
        """The newest picture of the engine; immutable."""
        assert self._snapshot is not None, "start the engine first"
        return self._snapshot

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the feed is over and everything worked, or the run failed or was asked to stop."""
        return self._done.wait(timeout_s)

    def stop(self) -> None:
        """End in good order: feed, waiting ticks, last checkpoint, recording, journal. Safe to call twice."""
        if self.stopped:
            return
        self._stopping = True
        self.inbox.close()
        self._feed.stop(2.0)
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self.rounds.vitals.release()
        with self.turn.lock:
            self._work_inbox()
            self.turn.run_commands()
            self.turn.checkpoint()
            self.stopped = True
            self.publish(time.perf_counter_ns())
        if self._recorder is not None:
            self._recorder.close()
        if self._journal is not None:
            self._journal.close(self.problem or "stopped", fault=self.exit_status != EXIT_WELL)
            self._note_disk(self._journal.problem)
        self._done.set()

    def _asked_to_stop(self) -> None:
        self.stop_asked = True
        self._done.set()

    def disk_failed(self, problem: str) -> None:
        """The journal cannot keep what it must: lock entries, say so, end with the disk's exit status."""
        self._note_disk(problem)
        self.post(Lock(problem))

    def _note_disk(self, problem: str) -> None:
        if problem and self.exit_status == EXIT_WELL:
            self.problem, self.exit_status = problem, EXIT_DISK

    # ── Delivery ────────────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, tick: Tick) -> None:
        """Take a tick from the feed's thread, by the mode of the moment."""
        mode = self.switch.mode
        if mode != "callback":
            if not tick.seq & self.turn.sample_mask:
                self.turn.epochs.now.to_inbox.record(time.perf_counter_ns() - tick.recv_ns)
            self._put(tick)
            if self._asleep and mode == "queued":
                self._wake.set()
            return
        try:
            with self.turn.lock:
                if self.inbox:
                    self._work_inbox()  # what was put just before the mode was switched comes first
                self.turn.take(tick)
        except Exception as error:  # noqa: BLE001 - the engine's fault, not the feed's
            self._broke(error)

    def _work_inbox(self) -> None:
        """Work what waits; the caller holds the lock."""
        take_tick, take = self.inbox.take, self.turn.take
        while (tick := take_tick()) is not None:
            take(tick)
        self.inbox.room_made()

    def _run(self) -> None:
        try:
            while not self._stopping:
                look = self._sleep()
                with self.turn.lock:
                    if look:
                        self._work_inbox()
                    self.turn.beat(own=self.playback is None or not self.playback.gives_beats)
                    if self.switch.wanted is not None:
                        self.switch.switch()
                        self._set_milestone()
                    self.dispatch.tickets.look(self.turn.refusal)
                self.rounds.make()
                if self._feed_over and not self.inbox and not self.turn.commands:
                    self._feed_over = False
                    self.source_ended = not self.problem
                    self._done.set()
        except Exception as error:  # noqa: BLE001 - the mouth of the thread
            self._broke(error)

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

    def _feed_ended(self, problem: str) -> None:
        if problem:
            self.problem = problem
            self._done.set()
        self._feed_over = True
        self._wake.set()

    # ── What the turn tells ─────────────────────────────────────────────────────────────────────────────────────

    def command(self, command: Posted) -> None:
        """Carry out one command within the turn."""
        if self.dispatch.command(command):
            self._set_milestone()

    def trader_raised(self) -> None:
        """Fall back from callback mode when it happens twice."""
        if self.turn.trader.state.faults >= 2:
            self.switch.fall_back("the trader raised twice")

    # ── Every so many ticks, and beats ──────────────────────────────────────────────────────────────────────────

    def milestone(self, seq: int) -> None:
        """Do what is due after tick `seq`: checkpoint, saved state, switch of delivery."""
        turn = self.turn
        if turn.position >= self._next_checkpoint:
            self._next_checkpoint = turn.position + self._checkpoint_ticks
            turn.checkpoint()
        if self.playback is not None:
            self.playback.milestone(seq)
        self.switch.look(seq)
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
        return tuple(self.turn.trader.state.desks[instrument].history)

    def _broke(self, error: Exception) -> None:
        """Keep and tell a failure of the engine itself: entries locked, exit status 70."""
        self.problem = f"engine failed: {type(error).__name__}: {error}"
        self.exit_status = EXIT_FAULT
        self.turn.trader.state.gate.locked = "engine fault"
        if self._journal is not None:
            self._journal.write(EntriesChanged("locked", "engine fault", self.turn.now_ms))
        _log.critical("%s", self.problem, exc_info=error)
        self._done.set()


def _no_view() -> None:
    """Where there is no link, there is nothing to see of it."""
