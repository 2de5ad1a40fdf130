"""Whatever happens to the bytes of a recording, no tick comes out that never was, and what is lost is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.commands import Flat, Lock
from engine.model.errors import InputError
from engine.model.events import StateKept
from engine.model.marks import InputMark, StartMark
from engine.model.types import Tick
from engine.recording import MqrSource
from engine.recording.format import (
    BLOCK_HEAD,
    KIND_END,
    KIND_MARKS,
    KIND_TICKS,
    SYNC,
    TICK_RECORD,
    DamageError,
    decode_marks,
    encode_block,
    encode_header,
)
from tests.support.recordings.recording_samples import SMALL, SMALL_MARKS, SMALL_TICKS, header, read, tick, write
from tests.support.thorough import every


def body_start(data: bytes) -> int:
    return data.index(SYNC)


def is_prefix(part: list[Tick], whole: list[Tick]) -> bool:
    return part == whole[: len(part)]


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
    for bit in every(7, range(8 * len(whole))):  # in each byte another one
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
