"""Records a running engine: the turn packs ticks into a buffer, a thread of its own writes them. Never blocks, never raises.

There is no lock. The recording is a chain of segments; each field has one writer:

* whoever holds the engine's turn packs records behind `fill` of the last segment, then raises `fill`, then (when the
  segment is at its end) hangs the next one into `following`;
* the writer thread reads `following` first and `fill` second, so that a segment with a successor is known to be complete,
  and writes the bytes between what it wrote already and `fill`, which nobody changes any more.

A tick therefore costs one pack and never waits for the thread, the disk or a lock; nothing is made for it.
"""

import struct
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from engine.model.errors import UserError, reason
from engine.model.marks import Mark
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.recording.format import (
    BOOK_RECORD,
    KIND_BOOK_TICKS,
    KIND_END,
    KIND_MARKS,
    KIND_TICKS,
    RECORD_SIZES,
    TICK_RECORD,
    Header,
    encode_mark,
)
from engine.recording.writer import BLOCK_BYTES, BlockFile
from engine.text.sanitize import CleanText, clean

_TICK_BYTES = TICK_RECORD.size
_pack_tick, _pack_book = TICK_RECORD.pack_into, BOOK_RECORD.pack_into
_LAST_PLACE = BLOCK_BYTES - BOOK_RECORD.size
_WRITE_BYTES = 1 << 20  # in one go: each write gives the GIL away, and under a busy engine it takes 5 ms to come back
_CLOSE_TIMEOUT_S = 5.0


class _Segment:
    """A stretch of the recording in one kind of block: `data` from `start` to `fill`; no record begins beyond `limit`.

    `written` is the thread's: how far the file has it.
    """

    __slots__ = ("data", "fill", "following", "kind", "limit", "refused_flags", "size", "start", "written")

    def __init__(self, kind: int, data: bytearray, start: int, fill: int, limit: int) -> None:
        self.kind = kind
        self.data = data
        self.start = self.written = start
        self.fill = fill
        self.limit = limit
        self.size = RECORD_SIZES[kind] or TICK_RECORD.size  # of a record; where none is kept it only must fit
        self.refused_flags = FLAG_HAS_BOOK if kind == KIND_TICKS else 0
        self.following: _Segment | None = None

    def size_bytes(self) -> int:
        """How long it is by now."""
        return self.fill - self.start if self.kind != KIND_END else 0

    def ticks(self) -> int:
        """How many ticks it holds by now."""
        size = RECORD_SIZES[self.kind]
        return (self.fill - self.start) // size if size else 0


class FileRecorder:
    """The Recorder over a `.mqr` file; when anything fails, recording stops and `problem` says why in one line.

    `flush_ms` is the longest time a tick waits for the disk, `backlog_bytes` how much may wait for a slow one, and
    `reserve_bytes` what is left free on a filling one, so that the journal still finds room.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        flush_ms: int = 500,
        backlog_bytes: int = 8 << 20,
        reserve_bytes: int = 64 << 20,
    ) -> None:
        self.problem = CleanText("")
        self._name = str(path)
        self._flush_s = flush_ms / 1000
        self._backlog_bytes = backlog_bytes
        self._reserve_bytes = reserve_bytes
        self._handed_bytes = self._handed_ticks = 0  # of complete segments; raised by the turn's owner only
        self._written_bytes = 0  # raised by the thread only
        self._newest_ticks = self._segment = self._reading = _Segment(
            KIND_TICKS, bytearray(BLOCK_BYTES), 0, 0, _LAST_PLACE
        )
        self._closing = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        # Owned by this recorder; the only one that touches the file; ends by `close` or by the first failure. A daemon,
        # so that a process whose engine died without closing can still leave.
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        try:
            self._file = BlockFile(path, header)
        except (OSError, UserError) as error:
            self._stop(f"cannot be created: {reason(error)}")
        else:
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
            self._give_up(f"tick {tick.seq} does not fit a record: {error}")

    def mark(self, mark: Mark) -> None:
        """Keep a mark behind the ticks kept so far."""
        if self.problem:
            return
        try:
            line = bytearray(encode_mark(mark))
        except (ValueError, OverflowError) as error:
            self._give_up(f"a mark cannot be written: {error}")
            return
        self._append(_Segment(KIND_MARKS, line, 0, len(line), -1))

    def close(self) -> None:
        """Write what is waiting and close the file; waits for the disk, but not longer than 5 s."""
        self._closing = True
        self._wake.put(None)
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            self._stop(f"the disk did not take the rest within {_CLOSE_TIMEOUT_S:.0f} s")

    def _tick_segment(self, flags: int) -> _Segment:
        """The segment for the next tick: a new one behind the last, in the same buffer where that has room."""
        if self.problem or self._handed_bytes - self._written_bytes > self._backlog_bytes:
            return self._give_up(f"the disk is too slow, {self._backlog_bytes >> 10} KiB wait for it")
        before = self._newest_ticks
        # From the first tick with a book on every record has one, so that mixed ticks still share long blocks.
        kind = KIND_BOOK_TICKS if flags & FLAG_HAS_BOOK else before.kind
        room = before.fill <= _LAST_PLACE
        data, start = (before.data, before.fill) if room else (bytearray(BLOCK_BYTES), 0)
        self._newest_ticks = _Segment(kind, data, start, start, _LAST_PLACE)
        self._append(self._newest_ticks)
        return self._newest_ticks

    def _append(self, segment: _Segment) -> None:
        """Hang `segment` behind the last one, which is complete by that."""
        last = self._segment
        self._leave(segment)
        last.following = segment
        self._wake.put(None)

    def _leave(self, segment: _Segment) -> None:
        """Go on in `segment`; the one before is complete."""
        self._handed_bytes += self._segment.size_bytes()
        self._handed_ticks += self._segment.ticks()
        self._segment = segment

    def _give_up(self, why: str) -> _Segment:
        """From the turn's side: what comes from now on goes nowhere; what came before is still written."""
        self._stop(why)
        if self._segment.kind != KIND_END:
            self._leave(_Segment(KIND_END, bytearray(BOOK_RECORD.size), 0, 0, -1))
        self._segment.fill = 0
        return self._segment

    def _stop(self, why: str) -> None:
        """Recording ends here; the first reason is kept."""
        self.problem = self.problem or clean(f"{self._name}: {why}")

    # ── The thread. ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        finished = False
        try:
            while not self._closing:
                with suppress(Empty):  # until a segment is complete, `close` is called, or the interval is over
                    self._wake.get(timeout=self._flush_s)
                self._write_published()
            self._write_published()  # what came between the last look and `close`
            finished = not self.problem
        except Exception as error:  # noqa: BLE001 - the end of the thread: the engine goes on and is told
            self._stop(reason(error))
        try:
            self._file.close(finished)
        except OSError as error:
            self._stop(reason(error))

    def _write_published(self) -> None:
        """Write all that the turn's owner has published, in its order."""
        if self._file.free_bytes() < self._reserve_bytes:
            raise OSError(ENOSPC, f"less than {self._reserve_bytes >> 20} MiB are free on the disk")
        segment: _Segment | None = self._reading
        gathered = 0
        while segment is not None:
            self._reading = segment
            following = segment.following  # before `fill`: see the top of the room
            fill = segment.fill
            if fill > segment.written:
                self._file.add(segment.kind, memoryview(segment.data)[segment.written : fill])
                gathered += fill - segment.written
                segment.written = fill
            if gathered >= _WRITE_BYTES or following is None:
                self._file.write()
                self._written_bytes += gathered
                gathered = 0
            segment = following
