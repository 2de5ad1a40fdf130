"""Walks the blocks of a recording and names every part that cannot be read. Knows neither ticks nor marks."""

from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from msgspec import Struct

from engine.outside.files import told
from engine.recording.format import (
    BLOCK_HEAD,
    KIND_END,
    KIND_MARKS,
    RECORD_SIZES,
    SYNC,
    TICK_RECORD,
    DamageError,
    check_block,
    decode_head,
)
from engine.text.sanitize import CleanText, clean

_SEARCH_BYTES = 64 * 1024
_MAX_TRIES = 1000  # blocks that begin well and are damaged, in one search: beyond that somebody made them so
_MAX_LOSSES = 100  # lines told of one file


class BlockPlace(Struct, frozen=True):
    """Where a block begins: offset in the file, and the ticks that were written before it."""

    offset: int
    ticks_before: int


class Block(Struct, frozen=True):
    """A block that was read and checked; `payload` is empty where only its head was wanted."""

    place: BlockPlace
    kind: int
    count: int
    earliest_ms: int
    payload: bytes
    end: int


class Blocks:
    """The blocks of one file, as often as wanted; keeps one block in memory.

    Without `skip_damage` a walk ends at the first damage; with it, it goes on at the next good block.
    """

    def __init__(self, path: Path, size: int, start: int, instruments: int, skip_damage: bool) -> None:
        self.start = BlockPlace(start, 0)
        self.size = size
        self.offset_read = start
        self.unread = False  # something good lies behind damage, and was not read
        self.left_out = 0  # ticks that were passed over to read on behind damage
        self._path = path
        self._instruments = instruments
        self._skip_damage = skip_damage
        self._losses: dict[int, CleanText] = {}

    def losses(self) -> tuple[str, ...]:
        """A line for each loss met so far, in the file's order."""
        return tuple(self._losses[offset] for offset in sorted(self._losses))

    def note_loss(self, offset: int, what: str) -> None:
        """Remember what was lost at `offset`; told once, however often it is met."""
        if len(self._losses) >= _MAX_LOSSES:
            offset, told = self.size + 1, f"more damage than the {_MAX_LOSSES} lines above"
        else:
            told = f"at offset {offset}: {what}"
        self._losses.setdefault(offset, clean(f"{self._path}: {told}"))

    def walk(self, place: BlockPlace, marks_only: bool = False) -> Iterator[Block]:
        """The good blocks from `place` on; with `marks_only`, other blocks are passed over unread. Raises InputError."""
        with told(self._path), FileIO(self._path) as file:
            while place.offset < self.size:
                try:
                    block = self._read(file, place.offset, marks_only)
                    _check_order(block.place.ticks_before, place.ticks_before)
                except DamageError as damage:
                    following = self._after_damage(file, place, str(damage), marks_only)
                    if following is None:
                        return
                    block = following
                self.offset_read = block.end
                if block.kind == KIND_END:
                    if block.end < self.size:
                        self.unread = True
                        self.note_loss(block.end, f"{self.size - block.end} bytes after the end mark are unread")
                    return
                yield block
                ticks = block.count if RECORD_SIZES[block.kind] else 0
                place = BlockPlace(block.end, block.place.ticks_before + ticks)
            self.note_loss(
                self.size,
                f"ends after tick {place.ticks_before} without its end mark: it was not closed (killed, or still being "
                "written) or was cut there; what may have followed is lost",
            )

    def _read(self, file: FileIO, offset: int, marks_only: bool) -> Block:
        """The block at `offset`; raises DamageError."""
        file.seek(offset)
        raw_head = file.read(BLOCK_HEAD.size)
        head = decode_head(raw_head, self.size - offset)
        end = offset + BLOCK_HEAD.size + head.length
        payload = b""
        if not marks_only or head.kind in {KIND_MARKS, KIND_END}:
            payload = file.read(head.length)
            check_block(raw_head, head, payload, self._instruments)
        return Block(BlockPlace(offset, head.ticks_before), head.kind, head.count, head.earliest_ms, payload, end)

    def _after_damage(self, file: FileIO, place: BlockPlace, why: str, marks_only: bool) -> Block | None:
        """Notes the loss at `place`; the block to go on with, if there is one and that is wanted."""
        following = self._next_good(file, place)
        unread = self.size - place.offset
        if following is None:
            self.note_loss(
                place.offset,
                f"{why}; the last {unread} bytes (about {_about_ticks(unread)} ticks) cannot be read and are lost",
            )
            return None
        if not self._skip_damage:
            self.unread = True
            self.note_loss(
                place.offset,
                f"{why}; reading ends there, {unread} bytes (about {_about_ticks(unread)} ticks) that follow are unread",
            )
            return None
        skipped, ticks = following.place.offset - place.offset, following.place.ticks_before - place.ticks_before
        if not marks_only:
            self.left_out += ticks
        self.note_loss(place.offset, f"{why}; {skipped} bytes with {ticks} ticks are lost, reading goes on behind them")
        return self._read(file, following.place.offset, marks_only)

    def _next_good(self, file: FileIO, place: BlockPlace) -> Block | None:
        """The first good block from `place` on that continues the stream; None if there is none."""
        offset = place.offset
        for _ in range(_MAX_TRIES):
            found = self._find_sync(file, offset)
            if found < 0:
                return None
            try:
                block = self._read(file, found, marks_only=False)
            except DamageError:
                offset = found + 1
                continue
            if block.place.ticks_before >= place.ticks_before:
                return block
            offset = block.end  # a repeated block
        return None

    def _find_sync(self, file: FileIO, offset: int) -> int:
        """Offset of the next sync mark from `offset` on, or -1."""
        while offset < self.size:
            file.seek(offset)
            chunk = file.read(_SEARCH_BYTES)
            found = chunk.find(SYNC)
            if found >= 0:
                return offset + found
            if len(chunk) < _SEARCH_BYTES:
                return -1
            offset += len(chunk) - len(SYNC) + 1
        return -1


def _check_order(found: int, expected: int) -> None:
    if found != expected:
        lost = "are missing" if found > expected else "were repeated"
        raise DamageError(f"the block begins after tick {found}, not after tick {expected}: blocks {lost}")


def _about_ticks(size: int) -> int:
    return max(0, size - BLOCK_HEAD.size) // TICK_RECORD.size
