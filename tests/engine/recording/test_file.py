"""Recordings survive the way to the disk and back, and whatever happens to the bytes no tick comes out that never was."""

import os
import stat
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.commands import Flat, Lock
from engine.model.errors import InputError
from engine.model.events import StateKept
from engine.model.marks import EventMark, InputMark, Mark, StartMark, StateMark
from engine.model.types import Instrument, Tick
from engine.recording import Header, MqrSource, recording_path
from engine.recording.arrays import BOOK_DTYPE, TICK_DTYPE, arrays
from engine.recording.format import (
    BLOCK_HEAD,
    BOOK_RECORD,
    FIXED_HEADER,
    KIND_END,
    KIND_MARKS,
    KIND_TICKS,
    MAGIC,
    SYNC,
    TICK_RECORD,
    DamageError,
    decode_marks,
    encode_block,
    encode_header,
)
from engine.recording.writer import BlockFile, RecordingWriter
from tests.support import recording_samples as samples
from tests.support.recording_samples import NIFTY, book_tick, header, read, tick, write

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


def body_start(data: bytes) -> int:
    return data.index(SYNC)


def is_prefix(part: list[Tick], whole: list[Tick]) -> bool:
    return part == whole[: len(part)]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(samples.ticks | samples.marks | st.none(), max_size=60))
def test_what_goes_in_comes_out_for_any_split_into_blocks(
    tmp_path_factory: pytest.TempPathFactory, items: list[Tick | Mark | None]
) -> None:
    path = tmp_path_factory.mktemp("round") / "a.mqr"
    write(path, items, THREE)
    put = [item for item in items if isinstance(item, Tick)]
    ticks, marks, losses = read(path)
    assert [each.seq for each in ticks] == list(range(1, len(put) + 1))
    for each in ticks:
        each.seq = 0
    assert ticks == put
    assert marks == [item for item in items if isinstance(item, Mark)]
    assert losses == ()


def test_the_header_comes_back(tmp_path: Path) -> None:
    source = MqrSource(write(tmp_path / "a.mqr", [tick(1)], THREE))
    assert source.header == THREE
    assert source.instruments == THREE.instruments
    assert (source.name, source.zone, source.row_of(3)) == ("a.mqr", "Asia/Kolkata", "tick 3")


def test_names_from_outside_are_cleaned(tmp_path: Path) -> None:
    evil = header(Instrument("\x1b[31mred\u202e", token="\x9b2J", exchange="\x07"))
    source = MqrSource(write(tmp_path / "a.mqr", [EventMark(0, "no\x1bte", "\x1b]0;title\x07", 1)], evil))
    assert source.instruments[0] == Instrument("�[31mred�", token="�2J", exchange="�")
    assert list(source.marks()) == [EventMark(0, "no�te", "�]0;title�", 1)]


def test_record_sizes_and_array_types_agree(tmp_path: Path) -> None:
    assert (TICK_RECORD.size, BOOK_RECORD.size) == (TICK_DTYPE.itemsize, BOOK_DTYPE.itemsize) == (64, 80)
    parts = list(arrays(MqrSource(write(tmp_path / "a.mqr", SMALL))))
    assert np.concatenate([part["price"] for part in parts]).tolist() == [each.price for each in SMALL_TICKS]
    assert parts[-1][["bid", "ask"]].tolist() == [(SMALL_TICKS[-1].bid, SMALL_TICKS[-1].ask)]
    assert tuple(TICK_DTYPE.names or ()) == Tick.__struct_fields__[:10]
    assert tuple(BOOK_DTYPE.names or ()) == Tick.__struct_fields__


# ── Places. ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_starting_anywhere_equals_skipping(tmp_path: Path) -> None:
    items: list[Tick | Mark | None] = [tick(seq) for seq in range(1, 9001)]
    for place in range(700, 9000, 700):
        items.insert(place, EventMark(place, "bookmark", "", 0))
    source = MqrSource(write(tmp_path / "a.mqr", items))
    whole = list(source.ticks())
    assert source.count() == len(whole) == 9000
    for first in [-3, 0, 1, 2, 700, 701, 1024, 1025, 1026, 4999, 8999, 9000, 9001, 20_000]:
        assert list(islice(source.ticks(first), 3)) == whole[max(first, 1) - 1 :][:3]
    assert list(source.ticks(5555)) == whole[5554:]


@settings(max_examples=60, deadline=None)
@example([5, 0], 0, {0})
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(-1, 41), st.sets(st.integers(0, 29)))
def test_number_at_is_the_last_tick_not_later(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], at_ms: int, cuts: set[int]
) -> None:
    items: list[Tick | Mark | None] = []
    for place, ms in enumerate(times):
        items += [tick(place + 1, exch_ms=ms), *([None] if place in cuts else [])]
    source = MqrSource(write(tmp_path_factory.mktemp("at") / "a.mqr", items))
    assert source.number_at(at_ms) == max((n for n, ms in enumerate(times, 1) if ms <= at_ms), default=0)


def test_number_at_in_a_long_file(tmp_path: Path) -> None:
    source = MqrSource(write(tmp_path / "a.mqr", [tick(seq) for seq in range(1, 9001)]))
    for seq in [1, 1023, 1024, 1025, 5000, 9000]:
        assert source.number_at(tick(seq).exch_ms) == seq
        assert source.number_at(tick(seq).exch_ms - 1) == seq - 1
    assert source.number_at(2**62) == 9000


def test_several_readings_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    source = MqrSource(write(tmp_path / "a.mqr", [tick(seq) for seq in range(1, 3001)]))
    pairs = zip(source.ticks(), source.ticks(1500), strict=False)
    assert all(behind.seq + 1499 == ahead.seq for behind, ahead in pairs)
    assert source.fraction_read() == 1.0


# ── Damage. ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cut_at_any_byte_of_the_header_is_told_in_one_line(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mqr", SMALL).read_bytes()
    for length in range(body_start(whole)):
        path = tmp_path / "cut.mqr"
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cut\.mqr: (the file is empty|is cut short within its header)") as told:
            MqrSource(path)
        assert "\n" not in str(told.value)


def test_a_cut_at_any_byte_of_the_body_leaves_the_good_part_and_is_named(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mqr", SMALL).read_bytes()
    ends = [place for place in range(len(whole)) if whole.startswith(SYNC, place)]
    seen = set()
    for length in range(body_start(whole), len(whole)):
        path = tmp_path / "cut.mqr"
        path.write_bytes(whole[:length])
        for skip_damage in (False, True):
            ticks, marks, losses = read(path, skip_damage=skip_damage)
            assert is_prefix(ticks, SMALL_TICKS)
            assert marks == SMALL_MARKS[: len(marks)]
            assert len(losses) == 1
            torn_at = max(place for place in ends if place <= length)
            if length in ends or length == torn_at:
                assert f"at offset {length}: ends after tick {len(ticks)} without its end mark" in losses[0]
            else:
                assert f"at offset {torn_at}: " in losses[0]
                assert f"the last {length - torn_at} bytes (about " in losses[0]
        seen.add(len(ticks))
    assert seen == {0, 2, 4, 5}


@pytest.mark.slow
def test_a_flipped_bit_is_refused_or_named_and_never_becomes_a_tick(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mqr", SMALL).read_bytes()
    start = body_start(whole)
    path = tmp_path / "flip.mqr"
    assert read(tmp_path / "a.mqr") == (SMALL_TICKS, SMALL_MARKS, ())
    for bit in range(8 * len(whole)):
        place = bit // 8
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if place < start:
            with pytest.raises(InputError, match=r"flip\.mqr: "):
                MqrSource(path)
            continue
        ticks, marks, losses = read(path)
        assert is_prefix(ticks, SMALL_TICKS)
        assert marks == SMALL_MARKS[: len(marks)]
        assert losses
        source = MqrSource(path, skip_damage=True)
        some = list(source.ticks())
        assert source.losses()
        numbers = [each.day_volume // 75 for each in some]
        assert numbers == sorted(set(numbers))
        assert all(each == SMALL_TICKS[n - 1] for each, n in zip(_numbered(some, numbers), numbers, strict=True))


def _numbered(ticks: list[Tick], numbers: list[int]) -> list[Tick]:
    for each, number in zip(ticks, numbers, strict=True):
        each.seq = number
    return ticks


def test_damage_in_the_middle_is_named_and_can_be_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mqr", [tick(seq) for seq in range(1, 5001)])
    data = bytearray(path.read_bytes())
    blocks = [place for place in range(len(data)) if data.startswith(SYNC, place)]
    data[blocks[2] + 500] ^= 1
    path.write_bytes(data)

    ticks, _, losses = read(path)
    assert [each.seq for each in ticks] == list(range(1, 2047))
    unread = len(data) - blocks[2]
    damage = f"{path}: at offset {blocks[2]}: the block's checksum does not match; "
    told = f"reading ends there, {unread} bytes (about {(unread - BLOCK_HEAD.size) // 64} ticks) that follow are unread"
    assert losses == (damage + told,)

    source = MqrSource(path, skip_damage=True)
    assert source.count() == 5000 - 1023
    ticks = list(source.ticks())
    assert [each.seq for each in ticks] == list(range(1, 3978))
    assert [each.exch_seq - 1000 for each in ticks] == [*range(1, 2047), *range(3070, 5001)]
    assert list(source.ticks(3000)) == ticks[2999:]
    told = f"{blocks[3] - blocks[2]} bytes with 1023 ticks are lost, reading goes on behind them"
    assert source.losses() == (damage + told,)


def rebuilt(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """The recording with its blocks changed, all of them whole."""
    data = path.read_bytes()
    places = [place for place in range(len(data)) if data.startswith(SYNC, place)]
    blocks = [data[begin:end] for begin, end in zip(places, [*places[1:], len(data)], strict=True)]
    path.write_bytes(data[: places[0]] + b"".join(change(blocks)))
    return path


@pytest.mark.parametrize(
    ("change", "strict", "skipping", "told"),
    [
        (lambda b: b[:1] + b[2:], [1], [1, 3], "begins after tick 2, not after tick 1: blocks are missing"),
        (lambda b: b[:2] + b[1:], [1, 2], [1, 2, 3], "begins after tick 1, not after tick 2: blocks were repeated"),
        (lambda b: [b[0], b[2], b[1], b[3]], [1], [1, 3], "blocks are missing"),
        (lambda b: [*b, b[0]], [1, 2, 3], [1, 2, 3], "bytes after the end mark are unread"),
        (lambda b: [*b[:2], bytes(200), *b[2:]], [1, 2], [1, 2, 3], "no block begins there"),
        (lambda b: [*b[:3], b"\0" * 3000], [1, 2, 3], [1, 2, 3], "the last 3000 bytes (about 46 ticks) cannot be read"),
    ],
    ids=["missing", "repeated", "swapped", "appended", "hole", "zeros at the end"],
)
def test_whole_blocks_in_the_wrong_place_are_noticed(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], strict: list[int], skipping: list[int], told: str
) -> None:
    path = rebuilt(write(tmp_path / "a.mqr", [tick(1), None, tick(2), None, tick(3)]), change)
    for skip_damage, expected in ((False, strict), (True, skipping)):
        ticks, _, losses = read(path, skip_damage=skip_damage)
        assert [each.exch_seq - 1000 for each in ticks] == expected
        assert told in "\n".join(losses)
        assert MqrSource(path, skip_damage).count() == len(expected)


@pytest.mark.parametrize("length", range(65_520, 65_550))
def test_a_long_hole_is_passed_over_wherever_the_next_block_begins(tmp_path: Path, length: int) -> None:
    path = rebuilt(write(tmp_path / "a.mqr", [tick(1), None, tick(2)]), lambda b: [b[0], bytes(length), *b[1:]])
    ticks, _, losses = read(path, skip_damage=True)
    assert [each.exch_seq for each in ticks] == [1001, 1002]
    assert f"{length} bytes with 0 ticks are lost" in losses[0]


def test_a_record_of_an_unknown_instrument_is_damage(tmp_path: Path) -> None:
    record = TICK_RECORD.pack(1, 1, 0, *[5] * 7)
    path = tmp_path / "a.mqr"
    path.write_bytes(
        encode_header(header()) + encode_block(KIND_TICKS, record, 0)[0] + encode_block(KIND_END, b"", 1)[0]
    )
    ticks, _, losses = read(path)
    assert ticks == []
    assert "a record speaks of an instrument beyond the 1 of the header" in losses[0]


def test_what_a_run_was_given_is_cleaned(tmp_path: Path) -> None:
    given = [InputMark(0, Lock("a\x1b[2J\u202eb"), 5), InputMark(0, Flat("\n"), 6), InputMark(0, None, 7)]
    start = StartMark(StateKept({"gate.locked": "\x07", "book.\x00cash": "1", "list": [1, 2]}, ("N\u200bX",), 8))
    path = write(tmp_path / "a.mqr", [start, *given])
    assert list(MqrSource(path).marks()) == [
        StartMark(StateKept({"gate.locked": "�", "book.�cash": "1", "list": [1, 2]}, ("N�X",), 8)),
        InputMark(0, Lock("a�[2J�b"), 5),
        InputMark(0, Flat("�"), 6),
        InputMark(0, None, 7),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"InputMark","ticks":-1,"command":null,"at_ms":5}',
        b'{"type":"InputMark","ticks":1,"command":null,"at_ms":253000000000000}',
        b'{"type":"InputMark","ticks":%s,"command":null,"at_ms":5}' % (b"9" * 4000),
        b'{"type":"InputMark","ticks":1,"command":{"type":"Stall","seconds":9},"at_ms":5}',
        b'{"type":"InputMark","ticks":1,"command":{"type":"Seek","tick":1},"at_ms":5}',
        b'{"type":"InputMark","ticks":1,"command":{"type":"Lock","reason":5},"at_ms":5}',
        b'{"type":"StartMark","kept":{"fields":{},"symbols":[],"at_ms":-99000000000000}}',
        b'{"type":"StartMark","kept":{"fields":{"a":{}},"symbols":[],"at_ms":0}}',
        b'{"type":"StartMark","kept":{"fields":{},"symbols":[%s"x"],"at_ms":0}}' % (b'"x",' * 1000),
    ],
)
def test_what_no_run_was_given_is_damage(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(DamageError):
        decode_marks(line + b"\n")
    path = tmp_path / "a.mqr"
    path.write_bytes(encode_header(header()) + encode_block(KIND_MARKS, line + b"\n", 0)[0])
    source = MqrSource(path)
    assert list(source.marks()) == []
    assert len(source.losses()[0]) < 500


def test_marks_that_are_none_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.mqr"
    deep = b'{"type":"EventMark","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"
    for line in (b'{"type":"Other"}\n', b"\xff\n", deep, b"{}\n"):
        path.write_bytes(encode_header(header()) + encode_block(3, line, 0)[0] + encode_block(KIND_END, b"", 0)[0])
        source = MqrSource(path)
        assert list(source.marks()) == []
        assert "its marks cannot be read" in source.losses()[0]


def test_a_file_full_of_damage_is_told_in_few_lines(tmp_path: Path) -> None:
    path = rebuilt(
        write(tmp_path / "a.mqr", [item for seq in range(1, 401) for item in (tick(seq), None)]),
        lambda blocks: [block[:-1] + b"\x99" if place % 2 else block for place, block in enumerate(blocks)],
    )
    ticks, _, losses = read(path, skip_damage=True)
    assert len(ticks) == 200
    assert len(losses) == 101
    assert "more damage than the 100 lines above" in losses[-1]


# ── Headers that lie. ───────────────────────────────────────────────────────────────────────────────────────────────


def fixed(version: int = 1, flags: int = 0, length: int = 10) -> bytes:
    return FIXED_HEADER.pack(MAGIC, version, flags, length, 0)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"timestamp,price\n", "is not a recording"),
        (MAGIC.replace(b"\r\n", b"\n") + bytes(40), "was damaged by a text-mode copy"),
        (fixed(version=2), "has format version 2, flags 0; this program reads version 1"),
        (fixed(flags=1), "has format version 1, flags 1"),
        (fixed(length=2**60), "claims a header of 1152921504606846976 bytes; allowed: up to 1048576"),
        (fixed(length=1 << 20), "is cut short within its header (24 of 1048600 bytes)"),
        (fixed(length=3) + b"{}\n", "has a damaged header"),
    ],
)
def test_a_header_that_cannot_be_believed(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.mqr"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        MqrSource(path)
    assert str(error.value).startswith(f"{path}: {told}")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (header(*[NIFTY] * 1001), "names 1001 instruments; allowed: 1 to 1000"),
        (header(Instrument("X", price_scale=0)), "gives an instrument the price_scale 0"),
        (header(Instrument("X", lot_size=10**16)), "gives an instrument the lot_size"),
        (header(Instrument("X", tick_size=-5)), "gives an instrument the tick_size -5"),
        (replace(header(), rules_revision=0), "gives 0 as its rules revision; allowed: 1 to"),
        (replace(header(), rules_revision=2**63), "gives 9223372036854775808 as its rules revision"),
    ],
)
def test_no_header_is_written_that_could_not_be_read(tmp_path: Path, wrong: Header, told: str) -> None:
    with pytest.raises(InputError, match=told):
        RecordingWriter(tmp_path / "a.mqr", wrong)
    assert not (tmp_path / "a.mqr").exists()


def test_a_session_without_a_place_or_time_is_refused(tmp_path: Path) -> None:
    for key, value, told in (
        ("session_zone", "Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("session_zone", "../../etc/passwd", "is not a time zone"),
    ):
        path = tmp_path / f"{len(value)}.mqr"
        kept = {name: getattr(header(), name) for name in Header.__struct_fields__}
        write(path, [tick(1)], Header(**(kept | {key: value})))
        with pytest.raises(InputError, match=told):
            MqrSource(path)
    with pytest.raises(InputError, match="'25:61' as a time of the session"):
        RecordingWriter(tmp_path / "b.mqr", Header(**(kept | {"session_start": "25:61"})))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, told in (
        (tmp_path / "missing.mqr", "cannot be read: No such file or directory"),
        (tmp_path, "is a directory"),
        (pipe, "is not an ordinary file"),
        (Path("/dev/zero"), "is not an ordinary file"),
        (tmp_path / "nul\0byte", "cannot be read"),
    ):
        with pytest.raises(InputError, match=told):
            MqrSource(path)


# ── Writing. ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = write(tmp_path / "new" / "deeper" / "a.mqr", [tick(1)])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]] == [0o700, 0o700]


def test_nothing_is_overwritten_and_no_link_followed(tmp_path: Path) -> None:
    there = tmp_path / "there.mqr"
    there.write_bytes(b"precious")
    link = tmp_path / "link.mqr"
    link.symlink_to(tmp_path / "elsewhere.mqr")
    for path in (there, link):
        with pytest.raises(FileExistsError):
            BlockFile(path, header())
    assert there.read_bytes() == b"precious"
    assert not (tmp_path / "elsewhere.mqr").exists()


def test_a_tick_that_fits_no_record_is_refused_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mqr"
    with RecordingWriter(path, header()) as writer:
        writer.append_tick(tick(1))
        with pytest.raises(InputError, match="tick 2 does not fit a record"):
            writer.append_tick(tick(2, price=2**63))
        writer.append_tick(tick(3))
    assert [each.exch_seq for each in read(path)[0]] == [1001, 1003]


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../a", "/etc/passwd", "a\0b", "ü", "x" * 81, "a\n"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is not a file name"):
        recording_path(tmp_path, name)


def test_an_ordinary_name_is_taken(tmp_path: Path) -> None:
    assert recording_path(tmp_path, "paper-NIFTY_25.10-01.mqr") == tmp_path / "paper-NIFTY_25.10-01.mqr"
