"""Recordings and rows that several tests of recordings make."""

from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from engine.model.commands import Arm, Flat, Lock, PauseEntries, Unlock
from engine.model.events import StateKept
from engine.model.marks import EventMark, InputMark, Mark, StartMark, StateMark
from engine.model.types import FLAG_HAS_BOOK, FLAG_STAMP_NS, Instrument, Tick
from engine.recording import Header, MqrSource
from engine.recording.format import KIND_MARKS, encode_mark
from engine.recording.writer import BLOCK_BYTES, RecordingWriter

NIFTY = Instrument("NIFTY 25000 CE", token="54786")
NINE_OCLOCK_MS = 1_759_289_400_000  # 2025-10-01 09:00 in Kolkata


def header(*instruments: Instrument) -> Header:
    return Header(
        instruments=instruments or (NIFTY,),
        session_zone="Asia/Kolkata",
        session_start="09:15:00",
        session_end="15:30:00",
        source="a test",
        program_version="0",
        config={"strategy.fast_ema": "18"},
        started_wall_ns=NINE_OCLOCK_MS * 1_000_000,
    )


def tick(seq: int, **other: int) -> Tick:
    """A tick of which every field can be told from `seq`."""
    ms = NINE_OCLOCK_MS + 250 * seq
    fields = {"instrument": 0, "flags": 0, "recv_wall_ns": ms * 1_000_000 + 7, "recv_ns": 10**9 + seq, "exch_ms": ms}
    fields |= {"exch_seq": 1000 + seq, "price": 20_000 + 5 * (seq % 400), "quantity": 75, "day_volume": 75 * seq}
    return Tick(seq=seq, **(fields | other))


def book_tick(seq: int) -> Tick:
    return tick(seq, flags=FLAG_HAS_BOOK, bid=19_995 + seq, ask=20_005 + seq)


class MarkingWriter(RecordingWriter):
    """A writer that keeps marks as well, those in a row in one block."""

    def __init__(self, path: Path, head: Header) -> None:
        super().__init__(path, head)
        self._marks: list[bytes] = []

    def append_tick(self, tick: Tick) -> None:
        if self._marks:
            self.flush()
        super().append_tick(tick)

    def append_mark(self, mark: Mark) -> None:
        line = encode_mark(mark)
        if self._fill or sum(map(len, self._marks)) + len(line) > BLOCK_BYTES:
            self.flush()
        self._marks.append(line)

    def flush(self) -> None:
        super().flush()
        if self._marks:
            self._file.add(KIND_MARKS, b"".join(self._marks))
            self._file.write()
            self._marks.clear()


def write(path: Path, items: Iterable[Tick | Mark | None], head: Header | None = None) -> Path:
    """A closed recording of `items`; None ends a block."""
    with MarkingWriter(path, head or header()) as writer:
        for item in items:
            if isinstance(item, Tick):
                writer.append_tick(item)
            elif item is None:
                writer.flush()
            else:
                writer.append_mark(item)
    return path


def read(path: Path, *, skip_damage: bool = False) -> tuple[list[Tick], list[Mark], tuple[str, ...]]:
    """All that can be read of a recording: ticks, marks, and what was lost."""
    source = MqrSource(path, skip_damage)
    ticks = list(source.ticks())
    losses = source.losses()
    return ticks, list(source.marks()), losses


_I64 = st.integers(-(2**63), 2**63 - 1)
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=40)


def _tick(fields: tuple[int, ...], book: tuple[int, int] | None) -> Tick:
    instrument, flags, *rest = fields
    return Tick(0, instrument, flags | FLAG_HAS_BOOK, *rest, *book) if book else Tick(0, instrument, flags, *rest)


ticks = st.builds(
    _tick,
    st.tuples(st.integers(0, 2), st.sampled_from([0, FLAG_STAMP_NS]), *[_I64] * 7),
    st.none() | st.tuples(_I64, _I64),
)
_MS = st.integers(-(10**12), 10**13)
_COMMANDS = st.builds(Lock, _TEXT) | st.builds(Flat, _TEXT) | st.sampled_from([Arm(), Unlock(), PauseEntries()])
_PLAIN = st.none() | st.booleans() | _I64 | _TEXT | st.floats(allow_nan=False, allow_infinity=False)
_KEPT = st.builds(
    StateKept,
    st.dictionaries(_TEXT, _PLAIN | st.lists(_I64, max_size=3), max_size=3),
    st.lists(_TEXT, max_size=3).map(tuple),
    _MS,
)
marks = (
    st.builds(StateMark, st.integers(0, 2**40), _TEXT, st.dictionaries(_TEXT, _TEXT, max_size=3))
    | st.builds(EventMark, st.integers(0, 2**40), _TEXT, _TEXT, _I64)
    | st.builds(InputMark, st.integers(0, 2**40), st.none() | _COMMANDS, _MS)
    | st.builds(StartMark, _KEPT)
)


THREE = header(NIFTY, Instrument("BTC", price_scale=10**8, quantity_scale=10**8), Instrument("X"))


SMALL: list[Tick | Mark | None] = [
    tick(1),
    tick(2),
    None,
    StateMark(2, "ab12", {"ema_fast": "101.25"}),
    tick(3),
    tick(4),
    None,
    EventMark(4, "fill", "75 200.05", 5),
    book_tick(5),
]
SMALL_TICKS = [item for item in SMALL if isinstance(item, Tick)]
SMALL_MARKS = [item for item in SMALL if isinstance(item, Mark)]
