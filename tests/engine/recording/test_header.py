"""Headers that lie and files that are none are refused; no header is written that could not be read."""

import os
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.marks import EventMark
from engine.model.types import Instrument
from engine.recording import Header, MqrSource
from engine.recording.format import (
    FIXED_HEADER,
    MAGIC,
    encode_header,
)
from engine.recording.writer import RecordingWriter
from tests.support.recordings.recording_samples import NIFTY, THREE, header, tick, write


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


def fixed(version: int = 1, flags: int = 0, length: int = 10) -> bytes:
    return FIXED_HEADER.pack(MAGIC, version, flags, length, 0)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"timestamp,price\n", "is not a recording"),
        (MAGIC.replace(b"\r\n", b"\n") + bytes(40), "was damaged by a text-mode copy"),
        (fixed(version=2), "has format version 2, flags 0; this program reads version 1"),
        (fixed(flags=2), "has format version 1, flags 2; this program reads version 1, flags 0 or 1"),
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


def test_whether_its_orders_were_real_is_a_flag_that_older_programs_refuse(tmp_path: Path) -> None:
    real = replace(THREE, real_orders=True)
    path = write(tmp_path / "real.mqr", [], real)
    assert MqrSource(path).real_orders
    assert FIXED_HEADER.unpack(path.read_bytes()[: FIXED_HEADER.size])[2] == 1
    paper = write(tmp_path / "paper.mqr", [], THREE)
    assert not MqrSource(paper).real_orders
    assert b"real_orders" not in paper.read_bytes()


def test_a_header_that_says_two_things_of_its_orders_is_not_believed(tmp_path: Path) -> None:
    whole = encode_header(replace(THREE, real_orders=True))
    fixed_part, text = whole[: FIXED_HEADER.size], whole[FIXED_HEADER.size :]
    magic, version, _, length, _ = FIXED_HEADER.unpack(fixed_part)
    start = FIXED_HEADER.pack(magic, version, 0, length, 0)
    path = tmp_path / "two.mqr"
    crc = zlib.crc32(text, zlib.crc32(start[:-4]))
    path.write_bytes(FIXED_HEADER.pack(magic, version, 0, length, crc) + text)
    with pytest.raises(InputError, match="says two things of whether its orders were real"):
        MqrSource(path)
