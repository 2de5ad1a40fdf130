"""A request for a flat that lies in the state directory is taken away, whatever it is and whatever was taken away before it."""

import os
import socket
import stat
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from engine.serving.flat_file import lay_flat, take_away


def _full_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").touch()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "file": lay_flat,
    "folder": Path.mkdir,
    "full folder": _full_folder,
    "link": lambda path: path.symlink_to(path.with_name("target")),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "pipe": os.mkfifo,
    "socket": _socket,
}


@pytest.mark.parametrize(("first", "second"), list(product(KINDS, repeat=2)))
def test_of_any_kind_behind_any_kind(tmp_path: Path, first: str, second: str) -> None:
    target = tmp_path / "target"
    target.touch(mode=0o644)
    path = tmp_path / "FLAT"
    for kind in (first, second):
        KINDS[kind](path)
        assert take_away(path) == ""
        assert not os.path.lexists(path)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    for taken in tmp_path.glob("FLAT.taken*"):
        assert taken.is_symlink() or stat.S_IMODE(taken.stat().st_mode) & 0o077 == 0


def test_what_cannot_be_taken_away_is_told(tmp_path: Path) -> None:
    assert "No such file" in take_away(tmp_path / "FLAT")
