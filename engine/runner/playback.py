"""Replay control within the turn: hold, step, seek forward and back. Moves the feed and the trader together."""

from engine.inbox import Inbox
from engine.messages import (
    Command,
    Hold,
    Play,
    Seek,
    SeekTime,
    SetSpeed,
    SkipSilence,
    Step,
)
from engine.ports import Journal, ReplayControl, TickSource
from engine.runner.rewind import SavedStates
from engine.runner.turn import Turn

_NEVER = 1 << 62
_HELD = -1


class Playback:
    """Where the replay is and where it is bound; every method is called within the turn."""

    def __init__(
        self, *, feed: ReplayControl, source: TickSource, inbox: Inbox, journal: Journal | None, snapshot_ticks: int
    ) -> None:
        self.feed = feed
        self.source = source
        self._inbox = inbox
        self._journal = journal
        self._saved = SavedStates(snapshot_ticks)
        self._limit = _NEVER  # after this tick the replay stands still

    def begin(self, turn: Turn) -> None:
        """Put the state before the first tick aside."""
        self._turn = turn
        self._saved.save(0, 0, turn.trader.dump())

    def command(self, command: Command) -> bool:
        """Carry out a replay command; False when it is none."""
        last = self._turn.last_seq
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
                self._go(self.source.number_at(command.at_ms), playing=self.feed.progress().playing)
            case SetSpeed():
                self.feed.set_speed(command.speed)
            case SkipSilence():
                self.feed.set_skip_silence(command.on)
            case _:
                return False
        return True

    def _go(self, target: int, *, playing: bool) -> None:
        """Bring trader and feed to the state just after tick `target`."""
        target = max(0, target)
        if target < self._turn.last_seq:
            self._restore(target)
        self._run(target, playing=playing)

    def _run(self, target: int | None, *, playing: bool) -> None:
        """Let the feed go on after the last worked tick, at once up to `target` if there is one."""
        turn = self._turn
        self._inbox.clear()
        there = target is None or target <= turn.last_seq
        self._limit = target if target is not None and not playing else _NEVER
        turn.expected = _HELD if there and not playing else turn.last_seq + 1
        self.feed.move(turn.last_seq + 1, None if there else target, playing=playing)

    def _restore(self, target: int) -> None:
        seq, now_ms, fields = self._saved.nearest(target)
        self._turn.go_back(seq, now_ms, fields)
        if self._journal is not None:
            self._journal.rewind(seq)

    def next_milestone(self, seq: int) -> int:
        """The tick number after which `milestone` is wanted."""
        return min(self._saved.next_after(seq), self._limit)

    def milestone(self, seq: int) -> None:
        """Put the state aside where it is due; stand still where it was asked for."""
        turn = self._turn
        if self._saved.next_after(seq - 1) == seq:
            self._saved.save(seq, turn.now_ms, turn.trader.dump())
        if seq >= self._limit:
            turn.expected = _HELD
