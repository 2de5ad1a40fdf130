"""Replay control within the turn: hold, step, seek forward and back. Moves the feed and the trader together."""

import time

from engine.logs import log_trade
from engine.model.commands import Bookmark, Command, Hold, Play, Seek, SeekEvent, SeekTime, SetSpeed, SkipSilence, Step
from engine.model.events import CommandRefused
from engine.model.ports import ReplayControl
from engine.model.run_views import TimelineEvent
from engine.model.sources import TickSource
from engine.runtime.cursor import NEVER
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.saved_states import SavedStates
from engine.runtime.turn_parts import TurnParts

_TO_THE_END = 1 << 61  # further than any tick, and yet a limit
_FEW = 20  # instruments; with more of them the state is put aside less often


class Playback:
    """Where the replay is and where it is bound; every method is called within the turn.

    `check` follows the recorded run, where there is one to follow; `total` counts the ticks, 0 = nobody counted them.
    """

    def __init__(
        self,
        parts: TurnParts,
        feed: ReplayControl,
        source: TickSource,
        *,
        total: int = 0,
        check: ReplayCheck | None = None,
    ) -> None:
        self.feed = feed
        self._total = total
        self._recounts = False
        self.check = check
        self._source = source
        self._parts = parts
        self._recorded = parts.recorder is not None
        # Putting the state of many instruments aside takes as long as working some ten thousand ticks.
        interval = parts.config.replay.snapshot_ticks * max(1, len(parts.instruments) // _FEW)
        self._saved = SavedStates(NEVER if self._recorded else interval)
        self._seeks_event = False  # run until something happens
        self._limit = NEVER  # after this tick the replay stands still
        self._since, self._no_way_back = 0, ""  # before this tick none may go, and why

    def begin(self) -> None:
        """Put the state before the first tick aside, with what the recorded run was given before it."""
        if self.check is not None:
            self.check.begin()
        self._save(0)

    @property
    def total(self) -> int:
        """How many ticks there are; 0 = nobody counted them."""
        return self._source.count() if self._recounts else self._total

    @property
    def gives_beats(self) -> bool:
        """Whether the trader's beats come from the recording, so that the engine must give it none of its own."""
        return self.check is not None and self.check.follows

    def list_changed(self) -> None:
        """The instruments are others from here on: no way leads back behind it."""
        seq = self._parts.cursor.last_seq
        self._no_way_back = f"the instruments were changed after tick {seq:,}"
        self._since = seq
        self._saved.clear()
        self._save(seq)
        self._recounts = self._total > 0

    def interfered(self) -> None:
        """The operator has given the trader a command of his own."""
        if self.check is not None:
            self.check.interfered(self._parts.cursor.last_seq)

    def command(self, command: Command) -> bool:
        """Carry out a replay command; False when it is none."""
        last = self._parts.cursor.last_seq
        match command:
            case Play():
                self._run(None, playing=True)
            case Hold():
                self._run(last, playing=False)
            case Step():
                self._go(last + command.ticks, playing=False)
            case Seek():
                self._go(command.tick, playing=self.feed.progress().playing)
            case SeekTime():
                self._go(self._source.number_at(command.at_ms), playing=self.feed.progress().playing)
            case SeekEvent():
                self._go_to_event(forward=command.forward)
            case Bookmark():
                tick, at_ms = (command.tick, command.at_ms) if command.tick else (last, self._parts.effects.now_ms)
                self._parts.timeline.add(TimelineEvent(tick, at_ms, "bookmark", command.text))
                self._parts.effects.mark("bookmark", command.text)
            case SetSpeed():
                self.feed.set_speed(command.speed)
            case SkipSilence():
                self.feed.set_skip_silence(command.on)
            case _:
                return False
        return True

    def _save(self, seq: int) -> None:
        """Put the state after tick `seq` aside, with what was told and what is summed up of the exits so far."""
        state = self._parts.trader.state
        fields = state.dump() | self._parts.exits.dump()
        state.dump_told(fields)
        self._saved.save(seq, self._parts.effects.now_ms, fields)

    def _go_to_event(self, *, forward: bool) -> None:
        """Stand just after the previous event, or the next: known from an earlier pass, or run until one comes."""
        timeline, last = self._parts.timeline, self._parts.cursor.last_seq
        if not forward:
            self._go(timeline.before(last), playing=False)
        elif known := timeline.after(last):
            self._go(known, playing=False)
        else:
            self._seeks_event = True
            self._run(_TO_THE_END, playing=False)

    def _go(self, target: int, *, playing: bool) -> None:
        """Bring trader and feed to the state just after tick `target`."""
        target = max(0, target)
        if target < self._parts.cursor.last_seq:
            if self._recorded:
                refusal = "this run is recorded, and a recording only goes forward"
                self._parts.effects.carry_out((CommandRefused("going back", refusal),))
                return
            if target < self._since:
                self._parts.effects.carry_out((CommandRefused("going back", self._no_way_back),))
                return
            log_trade("— back to tick %d —", target, component="engine")
            self._restore(target)
        self._run(target, playing=playing)

    def _run(self, target: int | None, *, playing: bool) -> None:
        """Let the feed go on after the last worked tick, at once up to `target` if there is one."""
        cursor = self._parts.cursor
        cursor.decided_ns = cursor.came_ns = time.perf_counter_ns()  # nothing was due while it stood
        self._seeks_event = self._seeks_event and target == _TO_THE_END
        self._parts.inbox.clear()
        there = target is None or target <= cursor.last_seq
        self._limit = target if target is not None and not playing else NEVER
        if there and not playing:
            cursor.hold()
        else:
            cursor.go_on()
        self.feed.move(cursor.last_seq + 1, None if there else target, playing=playing)

    def _restore(self, target: int) -> None:
        seq, now_ms, fields = self._saved.nearest(target)
        self._parts.rewind.go_back(seq, now_ms, fields)
        if self.check is not None:
            self.check.went_back(seq, fields)
        if self._parts.journal is not None:
            self._parts.journal.rewind(seq)
            self._parts.persistence.begin_account(now_ms)  # its rows so far lead to a moment that is no more

    def next_milestone(self, seq: int) -> int:
        """The tick number after which `milestone` is wanted."""
        if self._seeks_event:
            return seq + 1
        recorded = self.check.next_tick if self.check is not None else NEVER
        return min(self._saved.next_after(seq), self._limit, recorded)

    def milestone(self, seq: int) -> None:
        """Follow the recording; put the state aside where it is due; stand still where it was asked for."""
        if self.check is not None:
            self.check.passed(seq)  # first: a saved state has in it what was given after its tick
        if self._saved.next_after(seq - 1) == seq:
            self._save(seq)
        if self._seeks_event and self._parts.timeline.newest == seq:
            self._run(seq, playing=False)
        elif seq >= self._limit:
            self._parts.cursor.hold()
