"""Plays a recorded or generated session as a feed: its own thread, any pace, any place. Knows no trader and no file format.

Pace changes how long the feed waits and nothing else; a tick carries its own time, which is what everything decides by.
"""

import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from threading import Condition, Thread

from engine.model.clock import Clock
from engine.model.errors import UserError
from engine.model.ports import Progress
from engine.model.sources import TickSource
from engine.model.types import Tick

_now_ns = time.perf_counter_ns
_NO_LIMIT = 1 << 62
_EARLY_NS = 500_000  # a wait shorter than this is not worth a sleep; the next tick catches up
_LONGEST_WAIT_S = 3600.0
_TOLD_FROM_NS = 2_000_000_000  # a longer wait is told: nothing moves on the screen, and one wants to know for how long


def _nobody(_: object) -> None:
    """Stand in for the runner until `start`."""


class ReplayFeed:
    """Delivers the ticks of `source` in order, each once, from wherever `move` puts it; `clock` is what its pace is kept by.

    `speed` is a multiple of the recorded pace, 0 = as fast as it goes. After the last tick, and at the tick number
    given to `move`, the feed stands still until it is moved or played on.
    """

    def __init__(
        self,
        source: TickSource,
        clock: Clock,
        *,
        speed: float = 0.0,
        paused: bool = False,
        skip_silence: bool = False,
        silence_ms: int = 2000,
    ) -> None:
        self._source = source
        self._clock = clock
        self._silence_ms = silence_ms
        # Guards all fields below: held by the feed's thread between two ticks, by an operator while giving an order.
        self._lock = Condition()
        self._speed = speed
        self._playing = not paused
        self._skip_silence = skip_silence
        self._limit = _NO_LIMIT  # run here as fast as it goes, then stand still
        self._first = 1  # where to read on, when `_moved`
        self._moved = True
        self._stopping = False
        self._interrupted = False  # an order waits: leave the loop that does not look at the lock
        self._anchor: tuple[int, int] | None = None  # (own monotonic ns, tick's ms) from which the pace is counted
        self._next = 1
        self._at_ms = 0
        self._ended = False
        self._silences = 0
        self._due_ns = 0  # when the tick that is waited for comes, 0 = in a moment
        self._awaited: Tick | None = None
        self._deliver: Callable[[Tick], None] = _nobody
        self._on_end: Callable[[str], None] = _nobody
        self._thread = Thread(target=self._run, name="replay", daemon=True)

    # ── What the runner asks, from any thread ──────────────────────────────────────────────────────────────────

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to deliver; `on_end` is called each time the last tick was delivered, or with a problem that ends it."""
        self._deliver = deliver
        self._on_end = on_end
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread."""
        with self._lock:
            self._stopping = self._interrupted = True
            self._lock.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def previous_close(self, _instrument: int) -> int:
        """0: a recording has ticks, and no closes."""
        return 0

    def view(self) -> None:
        """There is no link."""

    def move(self, first: int, limit: int | None, *, playing: bool) -> None:
        """Go on from tick number `first`; with `limit` run up to it at once and stand still, else as `playing` says."""
        with self._lock:
            self._first = first
            self._moved = self._interrupted = True
            self._limit = _NO_LIMIT if limit is None else limit
            self._playing = playing
            self._anchor = self._awaited = None
            self._lock.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play at `speed` times the recorded pace from now on; 0 = as fast as it goes."""
        with self._lock:
            self._speed = speed
            self._interrupted = True
            self._anchor = self._awaited = None
            self._lock.notify_all()

    def set_skip_silence(self, on: bool) -> None:
        """Do not wait through long silences, or do."""
        with self._lock:
            self._skip_silence = on
            self._lock.notify_all()

    def progress(self) -> Progress:
        """Where the feed is, for a screen."""
        with self._lock:
            playing = (self._playing or self._limit != _NO_LIMIT) and not self._ended
            due_ns = self._due_ns if playing else 0
            return Progress(playing, self._ended, self._speed, self._skip_silence, self._silences, due_ns)

    def awaited(self) -> tuple[Tick | None, int]:
        """The tick that its pace lets wait, and to which moment (UTC ms, no later than that tick) the session has come meanwhile."""
        with self._lock:
            tick, anchor = self._awaited, self._anchor
            if tick is None or anchor is None:
                return None, 0
            passed_ms = int((self._clock.monotonic_ns() - anchor[0]) * self._speed / 1_000_000)
            return tick, min(tick.exch_ms, anchor[1] + passed_ms)

    # ── The feed's thread ──────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            self._play()
        except UserError as problem:
            self._on_end(str(problem))
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, never swallowed
            self._on_end(f"replay feed: {type(error).__name__}: {error}")

    def _play(self) -> None:
        ticks: Iterator[Tick] = iter(())
        in_hand: Tick | None = None
        while True:
            with self._lock:
                self._interrupted = False
                if self._stopping:
                    return
                if self._moved and self._leaves_place():
                    ticks, in_hand = self._source.ticks(self._first), None
                    self._next = self._first
                self._moved = False
                if self._next > self._limit:
                    self._limit = _NO_LIMIT
                if self._ended or not (self._playing or self._limit != _NO_LIMIT):
                    self._lock.wait()
                    continue
                free = self._speed == 0 or self._limit != _NO_LIMIT
            if in_hand is None:
                in_hand = next(ticks, None)
            if in_hand is None:
                self._end()
            elif free:
                self._rush(in_hand, ticks)
                in_hand = None
            elif self._due(in_hand):
                in_hand.recv_ns = _now_ns()
                self._deliver(in_hand)
                self._note(in_hand)
                in_hand = None

    def _leaves_place(self) -> bool:
        """Whether the place moved to is not the one the reading stands at."""
        moves = self._first != self._next or not self._at_ms or self._ended
        self._ended = False
        return moves

    def _rush(self, first: Tick, rest: Iterator[Tick]) -> None:
        """Deliver `first` and the rest without waiting, until the limit, an order or the end."""
        deliver, now_ns = self._deliver, _now_ns
        if self._limit != _NO_LIMIT:
            rest = islice(rest, max(0, self._limit - first.seq))
        tick = first
        for tick in chain((first,), rest):
            tick.recv_ns = now_ns()
            deliver(tick)
            if self._interrupted:
                break
        self._note(tick)

    def _note(self, tick: Tick) -> None:
        with self._lock:
            self._next = tick.seq + 1
            self._at_ms = tick.exch_ms
            self._due_ns = 0
            self._awaited = None

    def _end(self) -> None:
        with self._lock:
            if self._moved or self._stopping:
                return
            self._ended = True
        self._on_end("")

    def _due(self, tick: Tick) -> bool:
        """Wait until `tick` is due; False when an order came first."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            silent = self._skip_silence and tick.exch_ms - self._at_ms > self._silence_ms
            if self._anchor is None or silent:
                self._silences += silent and self._anchor is not None
                self._anchor = (now_ns, tick.exch_ms)
            anchor_ns, anchor_ms = self._anchor
            wait_ns = anchor_ns + int((tick.exch_ms - anchor_ms) * 1_000_000 / self._speed) - now_ns
            if wait_ns > _EARLY_NS and not self._interrupted:
                self._due_ns = now_ns + wait_ns if wait_ns > _TOLD_FROM_NS or self._due_ns else 0
                self._awaited = tick
                self._clock.wait(self._lock, min(wait_ns / 1e9, _LONGEST_WAIT_S))
                return False  # look again: an order may have come, or it is time
            return not self._interrupted
