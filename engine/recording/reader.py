"""Reads a recording as a source of ticks: one block in memory at a time, damage told and never passed on as a tick."""

from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from engine.model.errors import InputError
from engine.model.marks import Mark
from engine.model.types import Tick
from engine.outside.files import regular_size, told
from engine.recording.blocks import Block, BlockPlace, Blocks
from engine.recording.format import (
    FIXED_HEADER,
    KIND_MARKS,
    RECORD_SIZES,
    DamageError,
    Header,
    NotBegunError,
    decode_header,
    decode_marks,
    header_length,
    numbers,
)
from engine.recording.index import SparseIndex, Stretch
from engine.recording.stamps import zone_named
from engine.text.sanitize import clean

_INDEX_SPACING = 1024


class NothingRecordedError(InputError):
    """A recording ends within its header: whoever made it was killed, or had no room, before it began."""


class MqrSource:
    """A TickSource over a `.mqr` file.

    Ticks are numbered by their place among those that can be read. By default reading ends at the first damage; with
    `skip_damage` it goes on behind it. Raises InputError when the header cannot be trusted, NothingRecordedError where it is not whole.
    """

    def __init__(self, path: Path, skip_damage: bool = False) -> None:
        self.path = path
        self.name = clean(path.name, 200)
        self._size = regular_size(path)
        self.header, start = _read_header(path, self._size)
        self.instruments = self.header.instruments
        self.zone = self.header.session_zone
        self._blocks = Blocks(path, self._size, start, len(self.header.instruments), skip_damage)
        self._index = SparseIndex(_INDEX_SPACING, Stretch(1, start, 0))

    @property
    def candles(self) -> bool:
        """Whether its ticks were made of candles."""
        return self.header.candles is True

    @property
    def real_orders(self) -> bool:
        """Whether its orders were at a real broker."""
        return self.header.real_orders is True

    @property
    def generated(self) -> bool:
        """Whether it is the recording of a generated session, by its own word: a replay risks nothing by believing it."""
        return "synthetic session" in self.header.source

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on; raises InputError when the disk fails."""
        return chain.from_iterable(self._ticks_by_block(first))  # so that no code of ours runs for each tick

    def _ticks_by_block(self, first: int) -> Iterator[Iterator[Tick]]:
        if first > 1:
            self.count()
        begin = self._index.before(first)
        number = begin.number
        for block in self.tick_blocks(BlockPlace(begin.offset, begin.counted)):
            ticks = _ticks_of(block, number)
            yield ticks if number >= first else islice(ticks, first - number, None)
            number += block.count

    def tick_blocks(self, place: BlockPlace | None = None) -> Iterator[Block]:
        """The checked blocks of ticks from `place` on, for who wants their records whole."""
        return (block for block in self._blocks.walk(place or self._blocks.start) if block.kind != KIND_MARKS)

    def last_ticks(self, blocks: int) -> Iterator[Tick]:
        """The ticks of the last so many blocks, numbered from 1; of the others only the heads are read. Raises InputError."""
        heads = self._blocks.walk(self._blocks.start, marks_only=True)
        places = deque((block.place for block in heads if block.kind != KIND_MARKS), maxlen=blocks)
        if places:
            for block in self.tick_blocks(places[0]):
                yield from _ticks_of(block, 1)

    def sampled_blocks(self, most: int) -> Iterator[Iterator[Tick]]:
        """The ticks of at most so many blocks that are evenly apart, the last among them, each numbered from 1; raises InputError."""
        heads = self._blocks.walk(self._blocks.start, marks_only=True)
        places = [block.place for block in heads if block.kind != KIND_MARKS]
        apart = -(-len(places) // most)
        for place in reversed(places[::-1][:: apart or 1]):
            block = next(self.tick_blocks(place), None)
            if block is not None:
                yield _ticks_of(block, 1)

    def count(self) -> int:
        """How many ticks can be read; the first call reads and checks the whole file."""
        if self._index.total < 0:
            number = 0
            for block in self.tick_blocks():
                self._index.add(number + 1, block.place.offset, block.place.ticks_before, block.earliest_ms)
                number += block.count
            self._index.total = number
        return self._index.total

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none."""
        self.count()
        return self._index.number_at(at_ms, self.ticks)

    def marks(self) -> Iterator[Mark]:
        """The marks in order; blocks of ticks are passed over unread."""
        for block in self._blocks.walk(self._blocks.start, marks_only=True):
            if block.kind == KIND_MARKS:
                try:
                    yield from decode_marks(block.payload)
                except DamageError as damage:
                    self._blocks.note_loss(block.place.offset, str(damage))

    def losses(self) -> tuple[str, ...]:
        """One line for each part that could not be read so far."""
        return self._blocks.losses()

    @property
    def unread(self) -> bool:
        """Whether damage kept something from being read that lies behind it; a torn end is no such thing."""
        return self._blocks.unread

    @property
    def left_out(self) -> bool:
        """Whether ticks were passed over so far, so that numbers behind them are not those of the recorded run."""
        return self._blocks.left_out > 0

    def row_of(self, seq: int) -> str:
        """`tick 16`."""
        return f"tick {seq}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._blocks.offset_read / self._size


def _ticks_of(block: Block, number: int) -> Iterator[Tick]:
    """The ticks of `block`, numbered from `number` on: column by column, a record's own number left out."""
    step = RECORD_SIZES[block.kind] // 8
    narrow, wide = numbers(block.payload, "H"), numbers(block.payload, "q")
    columns = (narrow[2 :: 4 * step], narrow[3 :: 4 * step], *(wide[place::step] for place in range(1, step)))
    return map(Tick, range(number, number + block.count), *columns)


def _read_header(path: Path, size: int) -> tuple[Header, int]:
    """The header and the offset of the first block; raises InputError."""
    with told(path), path.open("rb", buffering=0) as file:
        fixed = file.read(FIXED_HEADER.size) or b""
        try:
            length = header_length(fixed, size)
            header = decode_header(file.read(length) or b"", fixed)
            zone_named(header.session_zone)
            return header, FIXED_HEADER.size + length
        except (DamageError, InputError) as damage:
            kind = NothingRecordedError if isinstance(damage, NotBegunError) else InputError
            raise kind(f"{path}: {damage}") from None
