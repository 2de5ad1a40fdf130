"""Recordings are written for their owner only, over nothing that is there, and under ordinary names."""

import os
import stat
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.recording import recording_path
from engine.recording.writer import BlockFile, RecordingWriter
from tests.support.recordings.recording_samples import header, read, tick, write


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
