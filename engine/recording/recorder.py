"""Records a running engine: the turn packs ticks into a buffer, a thread of its own writes them. Never blocks, never raises.

There is no lock: `segment` says how the turn and the thread share a recording. A tick costs one pack and never waits for the
thread, the disk or a lock; nothing is made for it.
"""

import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from msgspec.structs import replace

from engine.model.errors import UserError, reason
from engine.model.marks import EventMark, Mark
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.recording.format import BOOK_RECORD, KIND_END, TICK_RECORD, Header, encode_mark
from engine.recording.segment import RecordSegment
from engine.recording.writer import BlockFile
from engine.text.sanitize import CleanText, clean

_TICK_BYTES = TICK_RECORD.size
_pack_tick, _pack_book = TICK_RECORD.pack_into, BOOK_RECORD.pack_into
_WRITE_BYTES = 1 << 20  # in one go: each write gives the GIL away, and under a busy engine it takes 5 ms to come back
_CLOSE_TIMEOUT_S = 5.0
_AGAIN_S = 1.0  # between two looks whether the file is there, and two tries to begin another
_LIVES_S = 30.0  # a file that did not last so long is not followed by another one at once
_ROOM = 2  # times the reserve must be free before recording goes on


class FileRecorder:
    """The Recorder over a `.mqr` file; when anything fails, recording stops and `problem` says why in one line.

    `flush_ms` is the longest time a tick waits for the disk, `backlog_bytes` how much may wait for a slow one, and
    `reserve_bytes` what is left free on a filling one, so that the journal still finds room. `go_on`, asked each second
    after a fault of the disk, names the file in which recording goes on, and its header; `began` is then told of it, and
    after what. What was not kept is missing there: marks that a replay would be compared by are in the first file only.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        flush_ms: int = 500,
        backlog_bytes: int = 8 << 20,
        reserve_bytes: int = 64 << 20,
        go_on: Callable[[], tuple[Path, Header]] | None = None,
        began: Callable[[Path, str], None] = lambda _path, _after: None,
    ) -> None:
        self.problem = CleanText("")
        self.path = path
        self._file: BlockFile | None = None
        self._go_on = go_on
        self._began = began
        self._for_good = False  # it is not the disk that is at fault
        self._begun_s = time.monotonic()
        self._fresh: RecordSegment | None = None  # the thread's offer to go on in; taken by the turn
        self._is_first = True
        self._kept_before = 0  # ticks in the files before
        self._looked_s = 0.0
        self._flush_s = flush_ms / 1000
        self._backlog_bytes = backlog_bytes
        self._reserve_bytes = reserve_bytes
        self._handed_bytes = self._handed_ticks = 0  # of complete segments; raised by the turn's owner only
        self._written_bytes = 0  # raised by the thread only
        self._newest_ticks = self._segment = self._reading = RecordSegment.first()
        self._closing = Event()
        self._wake: SimpleQueue[None] = SimpleQueue()
        # Owned by this recorder; the only one that touches the file; ends by `close` or by the first failure. A daemon,
        # so that a process whose engine died without closing can still leave.
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        try:
            self._file = BlockFile(path, header)
        except (OSError, UserError) as error:
            self._stop(f"cannot be created: {reason(error)}")
        if self._file is not None or go_on is not None:
            self._thread.start()

    @property
    def waiting(self) -> int:
        """Bytes that are not on the disk yet; read within the turn."""
        return max(0, self._handed_bytes + self._segment.size_bytes() - self._written_bytes)

    @property
    def kept(self) -> int:
        """How many ticks were taken; read within the turn."""
        return self._handed_ticks + self._segment.ticks()

    def tick(self, tick: Tick) -> None:
        """Keep one tick: packed here, written by the thread."""
        segment = self._segment
        place = segment.fill
        if place > segment.limit or tick.flags & segment.refused_flags:
            segment = self._tick_segment(tick.flags)
            place = segment.fill
        try:
            # Written out, each: by `astuple`, or in two steps, it would cost up to half as much again as the record itself.
            if segment.size == _TICK_BYTES:
                _pack_tick(
                    segment.data,
                    place,
                    tick.seq,
                    tick.instrument,
                    tick.flags,
                    tick.recv_wall_ns,
                    tick.recv_ns,
                    tick.exch_ms,
                    tick.exch_seq,
                    tick.price,
                    tick.quantity,
                    tick.day_volume,
                )
            else:
                _pack_book(
                    segment.data,
                    place,
                    tick.seq,
                    tick.instrument,
                    tick.flags,
                    tick.recv_wall_ns,
                    tick.recv_ns,
                    tick.exch_ms,
                    tick.exch_seq,
                    tick.price,
                    tick.quantity,
                    tick.day_volume,
                    tick.bid,
                    tick.ask,
                )
            segment.fill = place + segment.size
        except struct.error as error:
            self._for_good = True
            self._give_up(f"tick {tick.seq} does not fit a record: {error}")

    def mark(self, mark: Mark) -> None:
        """Keep a mark behind the ticks kept so far."""
        if self._fresh is not None:
            self._take_fresh()
        if self.problem:
            return
        if not self._is_first:
            if not isinstance(mark, EventMark):
                return
            mark = replace(mark, ticks=self.kept - self._kept_before)  # places are counted from a file's beginning
        try:
            line = encode_mark(mark)
        except (ValueError, OverflowError) as error:
            self._for_good = True
            self._give_up(f"a mark cannot be written: {error}")
            return
        self._append(RecordSegment.of_mark(line))

    def close(self) -> None:
        """Write what is waiting and close the file; waits for the disk, but not longer than 5 s."""
        self._closing.set()
        self._wake.put(None)
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            self._stop(f"the disk did not take the rest within {_CLOSE_TIMEOUT_S:.0f} s")

    def _tick_segment(self, flags: int) -> RecordSegment:
        """The segment for the next tick: a new one behind the last, in the same buffer where that has room."""
        if self._fresh is not None:
            self._take_fresh()
            if not flags & FLAG_HAS_BOOK:
                return self._segment
        if self.problem or self._handed_bytes - self._written_bytes > self._backlog_bytes:
            return self._give_up(f"the disk is too slow, {self._backlog_bytes >> 10} KiB wait for it")
        self._newest_ticks = self._newest_ticks.next_of_ticks(flags)
        self._append(self._newest_ticks)
        return self._newest_ticks

    def _append(self, segment: RecordSegment) -> None:
        """Hang `segment` behind the last one, which is complete by that."""
        last = self._segment
        self._leave(segment)
        last.following = segment
        self._wake.put(None)

    def _leave(self, segment: RecordSegment) -> None:
        """Go on in `segment`; the one before is complete."""
        self._handed_bytes += self._segment.size_bytes()
        self._handed_ticks += self._segment.ticks()
        self._segment = segment

    def _give_up(self, why: str) -> RecordSegment:
        """From the turn's side: what comes from now on goes nowhere; what came before is still written."""
        self._stop(why)
        if self._segment.kind != KIND_END:
            self._leave(RecordSegment.nowhere())
        self._segment.fill = 0
        return self._segment

    def _take_fresh(self) -> None:
        """Go on in the segment that the thread has made for a new file."""
        fresh, self._fresh = self._fresh, None
        assert fresh is not None
        self._is_first = False
        self._leave(fresh)
        self._kept_before = self.kept
        self._newest_ticks = fresh

    def _stop(self, why: str) -> None:
        """Recording ends here; the first reason is kept."""
        self.problem = self.problem or clean(f"{self.path}: {why}")

    # ── The thread. ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while True:
            self._record()
            self._close_file()
            if self._closing.is_set() or self._go_on is None or self._for_good:
                return
            short_lived = time.monotonic() - self._begun_s < _LIVES_S
            pause_s = _LIVES_S if short_lived and not self._is_first else _AGAIN_S
            while not self._goes_on():
                with suppress(Empty):
                    self._wake.get(timeout=pause_s)
                if self._closing.is_set():
                    return

    def _record(self) -> None:
        """Write what comes until `close`, or the first failure, of which the turn may know before."""
        try:
            while self._file is not None and not self._closing.is_set():
                with suppress(Empty):  # until a segment is complete, `close` is called, or the interval is over
                    self._wake.get(timeout=self._flush_s)
                over = bool(self.problem)
                self._look()
                self._write_published()
                if over:
                    return
            if self._file is not None:
                self._write_published()  # what came between the last look and `close`
        except OSError as error:
            self._stop(reason(error))
        except Exception as error:  # noqa: BLE001 - the end of the file: the engine goes on and is told
            self._for_good = True
            self._stop(reason(error))

    def _look(self) -> None:
        """See once a second that the file is still there for others; raises OSError where it is not."""
        now_s = time.monotonic()
        if self._file is not None and now_s - self._looked_s >= _AGAIN_S:
            self._looked_s = now_s
            if lost := self._file.lost():
                raise OSError(lost)

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close(finished=not self.problem)
            except OSError as error:
                self._stop(reason(error))
        self._segment.limit = -1  # so that the turn notices with its next tick, and puts no more behind it

    def _goes_on(self) -> bool:
        """Begin another file after a fault, once the turn has noticed that, and there is room; whether it did."""
        if self._go_on is None or self._segment.kind != KIND_END:
            return False
        try:
            path, header = self._go_on()
            if _free_bytes(path) < _ROOM * self._reserve_bytes:
                return False
            file = BlockFile(path, header)
        except (OSError, UserError):
            return False
        before, self.path, self._file = self.problem, path, file
        self._looked_s = self._begun_s = time.monotonic()
        fresh = self._reading = RecordSegment.first()
        self._written_bytes = self._handed_bytes  # nothing is handed over while nobody records
        self._fresh = fresh
        self.problem = CleanText("")
        self._began(path, before)
        return True

    def _write_published(self) -> None:
        """Write all that the turn's owner has published, in its order."""
        file = self._file
        assert file is not None
        if file.free_bytes() < self._reserve_bytes:
            raise OSError(ENOSPC, f"less than {self._reserve_bytes >> 20} MiB are free on the disk")
        segment: RecordSegment | None = self._reading
        gathered = 0
        while segment is not None:
            self._reading = segment
            following = segment.following  # before `fill`: see the top of `segment`
            fill = segment.fill
            if fill > segment.written:
                file.add(segment.kind, memoryview(segment.data)[segment.written : fill])
                gathered += fill - segment.written
                segment.written = fill
            if gathered >= _WRITE_BYTES or following is None:
                file.write()
                self._written_bytes += gathered
                gathered = 0
            segment = following


def _free_bytes(path: Path) -> int:
    """What is left on the disk of `path`, which need not exist; raises OSError."""
    disk = os.statvfs(next(folder for folder in path.absolute().parents if folder.exists()))
    return disk.f_bavail * disk.f_frsize
